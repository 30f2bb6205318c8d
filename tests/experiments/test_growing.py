"""A run that has begun is asked for more: what is there stays, and the rest is trained."""

from __future__ import annotations

import shutil

import pytest

from tests.experiments.test_runner import contents
from tfticket import zoo
from tfticket.controls import Branch
from tfticket.experiments.growing import add_branches, branches_of, grown
from tfticket.experiments.records import REPORT, SPEC, read_record, write_record
from tfticket.experiments.runner import run
from tfticket.experiments.spec import Spec
from tfticket.experiments.study import Study
from tfticket.experiments.studying import check_study


def other(spec, **settings):
    return Spec(**{**spec.to_dict(), **settings})


@pytest.fixture(scope="module")
def smaller(small, tmp_path_factory):
    """One replicate with one control, finished."""
    root = tmp_path_factory.mktemp("smaller") / "run"
    run(other(small, replicates=1), root)
    return root


@pytest.fixture(scope="module")
def larger(smaller, small):
    """What became of it when two replicates and another control were asked for."""
    events = []
    before = contents(smaller)
    asked = other(small, controls=("random_sparse",), control_levels=(1,))
    outcome = run(asked, smaller, on_event=events.append)
    return smaller, outcome, events, before


def test_what_is_there_is_not_trained_again(larger):
    root, _, events, before = larger
    begun = [e.text for e in events if e.kind == "begin"]
    assert begun[0] == "replicate 0: control random_sparse of level 1"
    assert sorted(begun) == sorted(
        [
            "replicate 0: control random_sparse of level 1",
            *(f"replicate 1: level {n} of 2" for n in range(3)),
            "replicate 1: control random_sparse of level 1",
            "replicate 1: control reinitialize of level 2",
        ]
    )
    after = contents(root)
    kept = [n for n in before if n.startswith(("replicate_0", "controls/replicate_0"))]
    assert kept and all(after[n] == before[n] for n in kept)


def test_every_replicate_has_every_control(larger):
    _, outcome, *_ = larger
    arms = [(r.replicate, r.round, r.arm) for r in outcome.results if r.arm not in ("dense",)]
    assert arms == [
        (k, *place)
        for k in (0, 1)
        for place in (
            *((1, "ticket"), (2, "ticket")),
            *((1, "random_sparse"), (2, "reinitialize")),
        )
    ]


def test_levels_are_those_of_a_run_that_was_asked_for_all_at_once(larger, whole):
    root, *_ = larger
    expected, grew = contents(whole.root), contents(root)
    levels = [n for n in expected if n.startswith(("replicate_", "controls/"))]
    assert levels and all(grew[n] == expected[n] for n in levels)


def test_what_asks_for_less_is_read(larger, small, monkeypatch):
    root, outcome, *_ = larger
    monkeypatch.setattr("tfticket.experiments.beginning.make_plan", None)
    found = run(other(small, replicates=1), root)
    assert found.to_dict() == outcome.to_dict()


@pytest.fixture
def begun(tmp_path):
    """A folder with settings and a report, and its spec."""
    spec = Spec(model="lenet_300_100", data="digits", recipe="snip", sparsity=0.5)
    write_record(tmp_path / SPEC, spec.to_dict())
    write_record(tmp_path / REPORT, {})
    return tmp_path, spec


def test_more_of_everything_is_kept_and_the_report_goes(begun):
    root, spec = begun
    before = contents(root)
    asked = other(spec, replicates=3, export=["tflite", "onnx"], controls=["reshuffle"])
    found = grown(root, asked)
    assert (found.spec.common.replicates, found.spec.common.controls) == (3, None)
    assert found.spec.common.export == ("keras", "savedmodel", "tflite", "onnx")
    assert found.is_more and found.new == (("reshuffle", 0),)
    assert contents(root) == before  # nothing is written before it is known to be possible
    found.keep(root)
    assert found.branches == branches_of(root) == (Branch("reshuffle"),)
    assert read_record(root / SPEC) == found.spec.to_dict()
    assert not (root / REPORT).exists()
    again = grown(root, spec)
    assert (again.spec, again.branches, again.is_more) == (found.spec, found.branches, False)


def test_a_request_that_is_killed_while_it_is_written_leaves_no_finished_run(begun, monkeypatch):
    root, spec = begun
    found = grown(root, other(spec, replicates=3, controls=["reshuffle"]))
    monkeypatch.setattr("tfticket.experiments.growing.write_record", None)
    for request in (lambda: found.keep(root), lambda: add_branches(root, [Branch("reshuffle")])):
        write_record(root / REPORT, {})
        with pytest.raises(TypeError):
            request()
        assert not (root / REPORT).exists()


def test_controls_that_are_asked_for_twice_are_one(begun):
    root, spec = begun
    found = grown(root, other(spec, controls=["reinitialize"]))
    assert (found.spec, found.branches, found.is_more) == (spec, (), False)
    add_branches(root, [Branch("reshuffle", (1,)), Branch("reshuffle", (1,))])
    found = grown(root, other(spec, controls=["reshuffle"], control_levels=[1]))
    assert (found.spec, found.branches) == (spec, (Branch("reshuffle", (1,)),))
    assert not found.is_more


def test_other_settings_are_another_run(begun):
    root, spec = begun
    asked = other(spec, sparsity=0.6, replicates=3)
    found = grown(root, asked)
    assert (found.spec, found.branches) == (asked, ())
    assert read_record(root / SPEC) == spec.to_dict()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"control_levels": (9,), "controls": ("reshuffle",)}, "between 1 and 2, the last level"),
        ({"controls": ("mine.py:no_ticket",)}, "no_ticket"),
    ],
)
def test_what_cannot_be_had_leaves_a_finished_run_as_it_is(
    larger, small, tmp_path, monkeypatch, wrong, message
):
    root = shutil.copytree(larger[0], tmp_path / "run")
    (tmp_path / "mine.py").write_text("def no_ticket():\n    pass\n")
    monkeypatch.chdir(tmp_path)
    before, asked = contents(root), other(small, **wrong)
    with pytest.raises((ValueError, TypeError), match=message):
        run(asked, root)
    with pytest.raises(ValueError, match=message):
        check_study(Study("wrong", {"run": asked}, "wrong.yaml"), tmp_path)
    assert contents(root) == before
    assert run(small, root).to_dict() == larger[1].to_dict()


def test_more_of_other_data_leaves_a_finished_run_as_it_is(larger, small, tmp_path, monkeypatch):
    root = shutil.copytree(larger[0], tmp_path / "run")
    before, load = contents(root), zoo.load_data
    with monkeypatch.context() as patched, pytest.raises(ValueError, match="the data of"):
        patched.setattr(zoo, "load_data", lambda name, **given: load(name, seed=5))
        run(other(small, replicates=3), root)
    assert contents(root) == before
    assert run(small, root).to_dict() == larger[1].to_dict()
