"""What is kept on disk says which format it has and what it depends on."""

from __future__ import annotations

import dataclasses
import json
import shutil

import numpy as np
import pytest

from tfticket import zoo
from tfticket.errors import CorruptFileError, FormatError
from tfticket.experiments.comparing import compare
from tfticket.experiments.fingerprints import (
    described,
    fingerprint_of_data,
    fingerprint_of_model,
)
from tfticket.experiments.plan import make_plan
from tfticket.experiments.records import FORMAT
from tfticket.experiments.run_folder import RunFolder
from tfticket.experiments.runner import run
from tfticket.experiments.spec import Spec
from tfticket.masks import Masks
from tfticket.tickets import Ticket

PLOT = "accuracy_vs_sparsity.png"


@pytest.fixture(scope="module")
def spec():
    return Spec(model="lenet_300_100", data="digits", recipe="snip", num_steps=2, export=())


@pytest.fixture(scope="module")
def whole(spec, tmp_path_factory):
    """A finished run; not to be written to."""
    root = tmp_path_factory.mktemp("whole") / "run"
    run(spec, root)
    return root


@pytest.fixture
def finished(whole, tmp_path):
    """A finished run, to be damaged."""
    return shutil.copytree(whole, tmp_path / "run")


def test_a_run_folder_of_the_version_before_is_refused_in_a_sentence(spec, tmp_path):
    """Version 0.1 wrote settings alone."""
    old = {"model": "lenet_300_100", "data": "digits", "recipe": "snip", "sparsity": 0.9}
    (tmp_path / "spec.json").write_text(json.dumps(old))
    (tmp_path / "replicate_0").mkdir()
    with pytest.raises(FormatError, match=r"of tfticket 0\.1, and this version reads") as caught:
        run(spec, tmp_path)
    assert "choose another folder" in str(caught.value)
    assert (tmp_path / "spec.json").read_text() == json.dumps(old)


def test_a_run_folder_of_a_later_version_is_refused_too(tmp_path):
    (tmp_path / "spec.json").write_text(json.dumps({"format": "tfticket.run/99"}))
    with pytest.raises(FormatError, match="tfticket.run/99"):
        RunFolder(tmp_path).spec()


def test_a_folder_of_another_program_is_no_damaged_run(spec, tmp_path):
    """Nothing would be gained by `repair`, so that it is not advised."""
    (tmp_path / "spec.json").write_text(json.dumps({"openapi": "3.1.0"}))
    with pytest.raises(FileNotFoundError, match=r"must be a run folder: .* of something else"):
        compare([tmp_path])
    with pytest.raises(FileNotFoundError, match="must be a run folder"):
        run(spec, tmp_path, repair=True)


def test_every_file_of_a_run_says_its_format(whole):
    for name in ("spec.json", "plan.json", "report.json"):
        assert json.loads((whole / name).read_text())["format"] == FORMAT


def test_a_plan_is_kept_with_what_was_left_open(spec, tmp_path):
    folder = RunFolder(tmp_path)
    folder.begin(spec)
    assert folder.remember(make_plan(spec)) == []
    kept = json.loads((tmp_path / "plan.json").read_text())
    assert kept["recipe"]["sparsity"] == 0.9
    assert kept["training"] == {"num_steps": 2, "batch_size": 60}
    assert set(kept["fingerprints"]) == {"data", "network", "optimizer"}


def test_other_data_and_another_network_are_refused(spec, tmp_path):
    folder = RunFolder(tmp_path)
    folder.begin(spec)
    plan = make_plan(spec)
    folder.remember(plan)
    assert folder.remember(make_plan(spec)) == []
    with pytest.raises(ValueError, match="the network of .* were others"):
        folder.remember(dataclasses.replace(plan, seed=1))
    test = dataclasses.replace(plan.data.test, x=plan.data.test.x[::-1])
    changed = dataclasses.replace(plan, data=dataclasses.replace(plan.data, test=test))
    with pytest.raises(ValueError, match="the data of .* were others"):
        folder.remember(changed)


def test_fingerprints_tell_one_bit(keras):
    data = zoo.load_data("digits")
    x = data.train.x.copy()
    other = dataclasses.replace(data, train=dataclasses.replace(data.train, x=x))
    assert fingerprint_of_data(other) == fingerprint_of_data(data)
    x[0, 3, 3] += 1e-3
    assert fingerprint_of_data(other) != fingerprint_of_data(data)
    first, same, another = (
        zoo.get_model("lenet_300_100").build(keras=keras.__name__, seed=seed) for seed in (0, 0, 1)
    )
    assert fingerprint_of_model(first) == fingerprint_of_model(same)
    assert fingerprint_of_model(first) != fingerprint_of_model(another)


@pytest.fixture
def saved(tmp_path):
    kernel = np.arange(6.0, dtype=np.float32).reshape(2, 3)
    ticket = Ticket(Masks({"dense/kernel": kernel > 2}), {"dense/kernel": kernel}, {"round": 1})
    return ticket, ticket.save(tmp_path / "ticket")


@pytest.mark.parametrize("version", [1, 2])
def test_tickets_of_the_versions_before_are_read(saved, version):
    ticket, folder = saved
    manifest = json.loads((folder / "manifest.json").read_text())
    del manifest["sha256"]
    manifest["format"] = f"tfticket.ticket/{version}"
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert Ticket.load(folder).masks == ticket.masks


def test_a_ticket_of_a_later_version_is_refused_in_a_sentence(saved):
    manifest = json.loads((saved[1] / "manifest.json").read_text())
    (saved[1] / "manifest.json").write_text(json.dumps({**manifest, "format": "tfticket.ticket/9"}))
    with pytest.raises(FormatError, match=r"tfticket\.ticket/9.*install a newer one"):
        Ticket.load(saved[1])


def test_a_finished_run_that_lost_a_level_is_gone_on_with(spec, finished):
    outcome = run(spec, finished)  # is read
    metrics = finished / "replicate_0" / "level_01" / "metrics.json"
    before = metrics.read_bytes()
    metrics.unlink()
    assert run(spec, finished).to_dict() == outcome.to_dict()
    assert metrics.read_bytes() == before


@pytest.mark.parametrize(("name", "text"), [("report.json", "[]"), ("plan.json", "{}")])
def test_a_damaged_record_is_named(spec, finished, name, text):
    (finished / name).write_text(text)
    if name == "plan.json":
        (finished / "report.json").unlink()
    with pytest.raises(CorruptFileError, match=name):
        run(spec, finished)


def test_the_fingerprint_of_an_optimizer_tells_its_learning_rate(keras):
    given = {"model": "lenet_300_100", "data": "digits", "recipe": "snip", "keras": keras.__name__}
    found = [
        described(make_plan(Spec(**given, learning_rate=rate)))["fingerprints"]
        for rate in (0.01, 0.01, 0.02)
    ]
    assert found[0] == found[1]
    assert [n for n in found[0] if found[0][n] != found[2][n]] == ["optimizer"]


def test_settings_that_are_gone_are_named_and_written_anew_on_request(spec, finished):
    outcome = run(spec, finished)  # is read
    (finished / "spec.json").unlink()
    with pytest.raises(CorruptFileError, match=r"spec\.json is missing.*repair"):
        run(spec, finished)
    assert run(spec, finished, repair=True).to_dict() == outcome.to_dict()
    assert RunFolder(finished).settings() == spec.to_dict()


def test_records_in_each_others_place_are_found(spec, finished):
    one, other = (finished / name for name in ("report.json", "replicate_0/level_01/metrics.json"))
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)
    with pytest.raises(CorruptFileError, match=r"metrics\.json.*report\.json"):
        run(spec, finished)


@pytest.mark.parametrize("product", ["ticket/manifest.json", "metrics.jsonl", PLOT])
def test_products_that_are_damaged_are_named_and_made_again_on_request(spec, finished, product):
    path = finished / product
    whole = path.read_bytes()
    path.write_bytes(whole[:-2] + b"x\n")
    with pytest.raises(CorruptFileError, match=product):
        run(spec, finished)
    run(spec, finished, repair=True)
    assert path.read_bytes() == whole


def test_a_picture_in_a_run_that_lost_its_report_is_drawn_again(spec, finished):
    """It is the run's own under this name, also if it does not look like one any more."""
    (finished / "report.json").unlink()
    path = finished / PLOT
    whole = path.read_bytes()
    path.write_bytes(b"dear all")
    run(spec, finished)
    assert path.read_bytes() == whole
