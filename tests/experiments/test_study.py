"""A grid of settings in a file, and every run of it in a folder named by its settings."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from typer.testing import CliRunner

from tests.experiments.test_runner import contents
from tfticket import files
from tfticket.cli.app import app
from tfticket.errors import CorruptFileError
from tfticket.experiments.comparing import compare
from tfticket.experiments.opening import open_run
from tfticket.experiments.records import PLAN, REPORT, SPEC, write_record
from tfticket.experiments.spec import Spec
from tfticket.experiments.study import folder_name, kept_studies, read_study
from tfticket.experiments.studying import run_study

SMALL = {
    "model": "lenet_300_100",
    "data": "digits",
    "num_steps": 6,
    "eval_every": 3,
    "steps_per_execution": 1,
    "export": [],
    "controls": [],
    "replicates": 1,
}
GRID = [
    {"recipe": "lottery_ticket", "pruning_rate": 0.5, "rounds": [1, 2]},
    {"recipe": "snip", "sparsity": 0.5},
]


def written(path, **settings):
    path.write_text(json.dumps({**SMALL, "grid": GRID, **settings}))
    return path


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"sparsity": 0.9}, "lottery_ticket-lenet_300_100-mnist-sparsity_0.9-fc3e1054"),
        ({"recipe": "snip"}, "snip-lenet_300_100-mnist-3cd7add0"),
        (
            {"recipe": "late_rewinding", "rewind_to": "2ep", "rounds": 3, "seed": 7},
            "late_rewinding-lenet_300_100-mnist-rounds_3-rewind_to_2ep-seed_7-0b248e3f",
        ),
    ],
)
def test_folders_have_these_names_in_every_version(settings, name):
    assert folder_name(Spec(model="lenet_300_100", data="mnist", **settings)) == name


def test_what_a_run_may_be_asked_for_later_is_not_in_its_name():
    spec = {"model": "lenet_300_100", "data": "mnist", "sparsity": 0.9}
    more = {"replicates": 5, "controls": ["reshuffle"], "control_levels": [2], "export": ["onnx"]}
    assert folder_name(Spec(**spec)) == folder_name(Spec(**spec, **more))
    assert folder_name(Spec(**spec)) != folder_name(Spec(**spec, seed=1))


def test_names_are_those_of_files(tmp_path):
    file = tmp_path / "my net.py"
    file.write_text("def network(): ...")
    name = folder_name(Spec(model=f"{file}:network", data="digits", recipe="snip", scope="layer"))
    assert name.startswith("snip-my_net.py_network-digits-scope_layer-")


def test_every_combination_of_a_grid_is_a_run(tmp_path):
    study = read_study(written(tmp_path / "mine.json"))
    assert study.name == "mine"
    made = [(s.recipe_name, s.recipe.changed()) for s in study.specs.values()]
    assert made == [
        ("lottery_ticket", {"pruning_rate": 0.5, "rounds": 1}),
        ("lottery_ticket", {"pruning_rate": 0.5, "rounds": 2}),
        ("snip", {"sparsity": 0.5}),
    ]


def test_without_a_grid_it_is_one_run(tmp_path):
    study = read_study(written(tmp_path / "one.json", grid={}, sparsity=0.5))
    assert [s.recipe.sparsity for s in study.specs.values()] == [0.5]


@pytest.mark.parametrize(
    ("grid", "said"),
    [
        ({"replicates": [1, 2]}, "`replicates` must stand beside `grid`"),
        ([{"controls": [["reshuffle"]]}], "`controls` must stand beside `grid`"),
        ({"sparsity": []}, "`sparsity` must have a value in `grid`"),
        ({"sparsity": [0.5, 2.0]}, "sparsity"),
        ({"beauty": [1]}, "beauty"),
        (["snip"], "`grid` must hold settings by name"),
        ({"recipe": ["snip", "lottery"]}, "lottery"),
        ({"recipe": 3}, "`recipe` must be one of .* Received: recipe=3"),
        ({"recipe": [["snip"]]}, r"`recipe` must be one of .* Received: recipe=\['snip'\]"),
    ],
)
def test_what_is_wrong_in_a_grid_is_told_with_the_file(tmp_path, grid, said):
    with pytest.raises(ValueError, match=said) as told:
        read_study(written(tmp_path / "wrong.json", grid=grid))
    assert str(told.value).startswith(str(tmp_path / "wrong.json"))


def test_a_run_that_does_not_fit_is_told_before_anything_is_trained(tmp_path):
    grid = [GRID[1], {"recipe": "late_rewinding", "rewind_to": 500, "rounds": 1}]
    study = read_study(written(tmp_path / "wrong.json", grid=grid))
    with pytest.raises(
        ValueError, match=r"`rewind_to` must lie before the end.*\n.*run late_"
    ) as told:
        run_study(study, tmp_path / "out")
    assert str(told.value).startswith(str(tmp_path / "wrong.json"))
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_none_of_a_study_is_told_before_anything_is_checked(tmp_path):
    study = read_study(written(tmp_path / "mine.json"))
    write_record(tmp_path / SPEC, Spec(model="lenet_300_100", data="digits").to_dict())
    for out, said in ((tmp_path, "is the folder of one run"), (tmp_path / SPEC, "is a file")):
        with pytest.raises(FileExistsError, match=said):
            run_study(study, out)
        for more in ([], ["--dry-run"]):
            done = invoke("run", tmp_path / "mine.json", "--out", out, *more)
            assert (done.exit_code, done.stdout) == (1, "")
            assert said in done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mine.json", SPEC]


@pytest.fixture(scope="module")
def studied(tmp_path_factory):
    """A study, and what was told of it."""
    root, events = tmp_path_factory.mktemp("study"), []
    study = read_study(written(root / "small.json"))
    outcome = run_study(study, root / "out", on_event=events.append)
    return root, study, outcome, [e.text for e in events]


def test_runs_that_begin_alike_share_their_dense_network(studied):
    root, study, outcome, said = studied
    assert sum("level 0 of" in text for text in said) == 3
    assert sum(text.startswith("the dense network was trained before") for text in said) == 2
    assert [p.name for p in (root / "out").glob("*/report.json")] == ["report.json"] * 3
    assert kept_studies(root / "out") == [list(study.specs)]
    assert outcome.failed == {}
    names = [run.name for run in outcome.comparison.runs]
    assert names == [
        "lottery_ticket pruning_rate=0.5 rounds=1",
        "lottery_ticket pruning_rate=0.5 rounds=2",
        "snip sparsity=0.5",
    ]


def test_a_finished_study_grows_by_what_it_lacks(studied, tmp_path):
    root, *_ = studied
    before, events = contents(root / "out"), []
    grid = [*GRID, {"recipe": "synflow", "sparsity": 0.5, "rounds": 2}]
    larger = read_study(written(tmp_path / "larger.json", grid=grid, replicates=2))
    run_study(larger, root / "out", on_event=events.append)
    begun = [e.text for e in events if e.kind == "begin"]
    assert [t for t in begun if t.startswith("replicate 0")] == [
        "replicate 0: level 0 of 1",  # of synflow, and found
        "replicate 0: level 1 of 1",
    ]
    after = contents(root / "out")
    levels = [n for n in before if "/replicate_0/" in n]
    assert levels and all(after[n] == before[n] for n in levels)
    found = compare([root / "out"])
    assert {row.value.num for row in found.rows()} == {2}


def test_a_run_that_fails_is_told_and_the_others_go_on(tmp_path):
    grid = {"recipe": "snip", "sparsity": 0.5, "learning_rate": [1e30, 0.1], "optimizer": "SGD"}
    study = read_study(written(tmp_path / "hot.json", grid=grid))
    outcome = run_study(study, tmp_path / "out")
    (name,) = outcome.failed
    assert "must be finite" in outcome.failed[name]
    assert [run.name for run in outcome.comparison.runs] == ["snip"]
    assert f"Failed: {name}" in str(outcome)


def test_a_control_that_fails_ends_its_run_alone(tmp_path):
    file = tmp_path / "own.py"
    file.write_text("def broken(ticket): return {}['key']")
    grid = {"recipe": ["snip", "synflow"], "sparsity": 0.5}
    study = read_study(written(tmp_path / "s.v1.json", grid=grid, controls=[f"{file}:broken"]))
    assert study.name == "s.v1"
    outcome = run_study(study, tmp_path / "out")
    assert len(outcome.failed) == 2
    assert all(why == "KeyError: 'key'" for why in outcome.failed.values())


def test_a_study_under_way_is_compared_as_far_as_it_is(studied, tmp_path):
    root, study, *_ = studied
    first, _, third = study.specs
    for name in (first, third):
        shutil.copytree(root / "out" / name, tmp_path / name)
    for name in ("replicate_0", REPORT):
        path = tmp_path / first / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    found = compare([tmp_path])
    assert [run.name for run in found.runs] == ["snip"]
    assert found.untrained == (str(tmp_path / first),)
    assert f"{tmp_path / first} has no trained network yet." in str(found)
    with pytest.raises(ValueError, match=f"{first}: none yet"):
        compare([tmp_path / first])


def test_a_damaged_record_of_a_study_is_named(studied, tmp_path):
    root, *_ = studied
    path = tmp_path / "small.study.json"
    path.write_text((root / "out/small.study.json").read_text().replace("digits", "digitz"))
    with pytest.raises(CorruptFileError, match=r"small.study.json.*: delete it, or run the study"):
        compare(tmp_path)


def test_a_file_of_the_users_that_is_called_like_a_record_stays_and_is_left_out(studied, tmp_path):
    root, study, *_ = studied
    own = written(tmp_path / "small.study.json").read_text()
    with pytest.raises(FileExistsError, match=r"no other small\.study\.json"):
        run_study(study, tmp_path)
    assert (tmp_path / "small.study.json").read_text() == own
    out = shutil.copytree(root / "out", tmp_path / "out")
    (out / "mine.study.json").write_text(own)
    (out / "small.study.json").write_text("")  # damaged: it is written anew
    run_study(study, out)
    assert list(study.specs) in kept_studies(out)


def test_what_has_changed_under_one_name_is_told_and_not_subtracted(studied, tmp_path):
    root, study, *_ = studied
    one, other, *_ = (shutil.copytree(root / "out" / n, tmp_path / n) for n in study.specs)
    plan = files.unsealed(files.read_json(other / PLAN), other / PLAN)
    plan["fingerprints"]["data"] = "0" * 64
    files.write_json(other / PLAN, files.sealed(plan))
    (other / REPORT).unlink()
    found = compare([one, other])
    name = found.runs[1].name
    assert any(n.startswith(f"{name} has other data than a run before") for n in found.notes())
    assert f"{name} is not finished: what there is of it is shown." in found.notes()
    assert "data" not in found.common and "model" in found.common
    assert [row.to_reference for row in found.rows()] == [None] * len(found.rows())


def invoke(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.mark.parametrize("wrong", [{"model": "lenet_300_1000"}, {"data": "nowhere.npz"}])
def test_a_dry_run_finds_what_would_be_missing(wrong, tmp_path):
    study = written(tmp_path / "wrong.json", **wrong)
    done = invoke("run", study, "--out", tmp_path / "out", "--dry-run")
    assert done.exit_code == 1 and done.stdout == ""
    assert next(iter(wrong.values())) in done.stderr and len(done.stderr.splitlines()) < 5
    assert not (tmp_path / "out").exists()


def test_the_command_runs_plans_lists_and_compares(studied, tmp_path):
    root, *_ = studied
    done = invoke("run", root / "small.json", "--out", tmp_path / "new", "--dry-run")
    assert [line.split()[1] for line in done.stdout.splitlines()[1:]] == ["not"] * 3
    done = invoke("run", root / "small.json", "--out", root / "out", "--dry-run")
    assert [line.split()[1] for line in done.stdout.splitlines()[1:]] == ["finished"] * 3
    done = invoke("run", root / "small.json", "--out", root / "out", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["failed"] == {}
    done = invoke("list", root / "out")
    assert done.stdout.count("finished") >= 3
    picture = tmp_path / "all.png"
    done = invoke("compare", root / "out", "--plot", picture, "--every-level", "--json")
    assert done.exit_code == 0, done.output
    rows = json.loads(done.stdout)["rows"]
    assert [(r["round"], r["arm"]) for r in rows][:4] == [
        *((0, "dense"), (1, "ticket"), (1, "ticket"), (2, "ticket")),
    ]
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_run_is_opened_as_arrays(studied):
    root, study, *_ = studied
    run = open_run(root / "out" / list(study.specs)[1])
    columns = run.columns()
    assert columns["arm"].tolist()[:3] == ["dense", "ticket", "ticket"]
    assert columns["sparsity"].tolist()[:3] == pytest.approx([0, 0.5, 0.75], abs=1e-3)
    assert columns["test_accuracy"].shape == columns["round"].shape
    assert run.curve(1)["step"].tolist() == [3, 6]
    assert run.ticket().masks == run.level().ticket.masks
    assert run.level(1).masks.sparsity == pytest.approx(0.5, abs=1e-3)
    assert np.isfinite(run.columns()["early_stop_step"]).all()
    assert "<th>sparsity</th>" in run._repr_html_()
    assert repr(run).endswith("finished>")
    with pytest.raises(ValueError, match="there is no network of replicate 9"):
        run.curve(1, 9)
    with pytest.raises(ValueError, match=r"`replicate` must be one of .*\. Received: 9"):
        run.level(1, 9)
    with pytest.raises(ValueError, match=r"`control` must be one of level 2, which has \[\]"):
        run.ticket(control="reshuffle")
