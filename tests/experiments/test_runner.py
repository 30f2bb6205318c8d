from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import pytest

from tfticket.errors import CorruptFileError, TicketError
from tfticket.experiments.listing import listing
from tfticket.experiments.records import read_record, write_record
from tfticket.experiments.run_folder import RunFolder
from tfticket.experiments.runner import run
from tfticket.experiments.spec import Spec
from tfticket.lottery import Level
from tfticket.reports import Result
from tfticket.tickets import Ticket


def contents(root):
    """Every file that carries no time stamp, by name."""
    return {
        p.relative_to(root).as_posix(): p.read_bytes()
        for p in sorted(root.rglob("*"))
        if p.is_file() and p.name not in ("environment.json", ".lock")
    }


class Stop(Exception):
    pass


def stop_after(monkeypatch, count):
    """Makes the store fail like a power cut once it has kept `count` levels and controls."""
    kept = []

    def failing(keep):
        def keep_or_stop(self, level: Level, result: Result):
            if len(kept) == count:
                raise Stop
            keep(self, level, result)
            kept.append(result)

        return keep_or_stop

    monkeypatch.setattr(RunFolder, "keep_level", failing(RunFolder.keep_level))
    monkeypatch.setattr(RunFolder, "keep_control", failing(RunFolder.keep_control))


def test_a_run_is_as_the_spec_says(whole, small):
    root, outcome = whole.root, whole.outcome
    arms = [(r.replicate, r.round, r.arm) for r in outcome.results]
    assert arms == [
        *((0, 0, "dense"), (0, 1, "ticket"), (0, 2, "ticket"), (0, 2, "reinitialize")),
        *((1, 0, "dense"), (1, 1, "ticket"), (1, 2, "ticket"), (1, 2, "reinitialize")),
    ]
    assert {r.num_kept for r in outcome.results if r.round == 2} == {1_110}  # of 2 220
    assert [r.seed for r in outcome.results if r.arm == "dense"] == [0, 1]
    lines = [json.loads(line) for line in (root / "metrics.jsonl").read_text().splitlines()]
    assert [(x["replicate"], x["round"], x["arm"]) for x in lines] == arms
    assert all("curve" not in x["log"] and x["log"]["early_stop_step"] for x in lines)
    assert RunFolder(root).settings() == small.to_dict()


def test_controls_have_the_counts_of_the_ticket_and_a_seed_of_their_own(whole):
    root, outcome = whole.root, whole.outcome
    ticket = Ticket.load(root / "replicate_0/level_02/ticket")
    control = Ticket.load(root / "controls/replicate_0/level_02/reinitialize/ticket")
    assert control.masks == ticket.masks
    assert control.provenance["control_seed"] == outcome.results[3].seed != 0


def test_what_is_handed_over_was_chosen_on_validation(whole):
    root, outcome = whole.root, whole.outcome
    last = [r for r in outcome.results if r.arm == "ticket" and r.round == 2]
    best = max(
        last, key=lambda r: (r.metrics["validation_accuracy"], -r.metrics["validation_loss"])
    )
    assert outcome.chosen == best
    assert "best validation of 2 replicates" in outcome.choice
    of_level = Ticket.load(root / f"replicate_{best.replicate}/level_02/ticket")
    assert Ticket.load(root / "ticket").masks == of_level.masks


def test_a_run_that_was_stopped_ends_with_the_same_bits(whole, small, tmp_path, monkeypatch):
    with monkeypatch.context() as patched, pytest.raises(Stop):
        stop_after(patched, 2)
        run(small, tmp_path / "run")
    assert not (tmp_path / "run/report.json").exists()
    half = tmp_path / "run/replicate_0/level_02/ticket"
    half.mkdir(parents=True)
    (half / "manifest.json").write_text("half a level counts for nothing")
    run(small, tmp_path / "run")
    assert contents(tmp_path / "run") == contents(whole.root)


def test_a_finished_run_is_read_and_not_repeated(whole, small, monkeypatch):
    root, outcome = whole.root, whole.outcome
    monkeypatch.setattr("tfticket.experiments.beginning.make_plan", None)
    again = run(small, root)
    assert again.to_dict() == outcome.to_dict()


def test_random_states_of_the_program_are_left_alone(whole):
    assert whole.left_alone


def test_what_a_killed_process_was_writing_is_swept_up(whole, small, tmp_path):
    root = whole.copy(tmp_path / "run")
    drafts = [
        root / ".metrics.jsonl.a1b2c3_d",
        root / f".metrics.jsonl.{'0f' * 16}",
        root / "ticket/.manifest.json.abcdefgh",
    ]
    others = [root / ".notes.txt", root / ".gitignore"]
    for path in (*drafts, *others):
        path.touch()
    (root / ".saved_model.abcdefgh").mkdir()
    run(small, root)
    assert not [p for p in (*drafts, root / ".saved_model.abcdefgh") if p.exists()]
    assert all(p.exists() for p in others)


def test_events_count_what_is_done(whole):
    results = [e for e in whole.events if e.kind == "result"]
    assert [(e.num_done, e.num_planned) for e in results] == [(i, 8) for i in range(1, 9)]
    assert tuple(e.result for e in results) == whole.outcome.results


def test_damaged_files_are_named_and_computed_again_on_request(whole, small, tmp_path):
    root, notes = whole.copy(tmp_path / "run"), []
    (root / "replicate_1/level_01/trained.safetensors").write_bytes(b"broken")
    with pytest.raises(CorruptFileError, match=r"replicate_1/level_01/trained.*repair"):
        run(small, root)
    run(small, root, repair=True, on_event=lambda e: notes.append(e.text))
    gone = [n.rpartition(" ")[2] for n in notes if n.startswith("removed, to be made again")]
    again = ["replicate_1/level_01", "replicate_1/level_02"]
    assert gone == ["controls/replicate_1/level_02", *again]
    assert contents(root) == contents(whole.root)


def test_a_lost_file_is_damage_too(whole, small, tmp_path):
    root = whole.copy(tmp_path / "run")
    (root / "replicate_0/states/step_0.safetensors").unlink()
    with pytest.raises(CorruptFileError, match=r"states/step_0\.safetensors"):
        run(small, root)


def test_what_cannot_be_written_is_skipped_and_told(whole, small, tmp_path, monkeypatch):
    root = whole.copy(tmp_path / "run")
    (root / "report.json").unlink()
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    outcome = run(small, root)
    assert "tfticket[plots]" in outcome.skipped["accuracy_vs_sparsity.png"]
    assert "Skipped: accuracy_vs_sparsity.png" in str(outcome)


@pytest.mark.parametrize("flavour", ["keras"], indirect=True)
def test_a_killed_process_leaves_a_run_that_ends_with_the_same_bits(whole, small, tmp_path):
    root, config = tmp_path / "killed", tmp_path / "spec.json"
    config.write_text(json.dumps(small.to_dict()))
    command = [sys.executable, "-m", "tfticket", "find", config, "--out", root]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not (root / "replicate_0/level_00/metrics.json").exists():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (root / "report.json").exists()
    run(small, root)
    assert contents(root) == contents(whole.root)


# What follows trains nothing.


@pytest.fixture
def spec():
    return Spec(
        model="lenet_300_100",
        data="digits",
        sparsity=0.5,
        pruning_rate=0.3,
        num_steps=10,
        export=(),
    )


def test_a_folder_in_which_nothing_was_trained_takes_another_spec(spec, tmp_path):
    other = Spec(**{**spec.to_dict(), "seed": 4})
    for given in (spec, other):
        assert RunFolder(tmp_path / "run").begin(given) == []
    assert RunFolder(tmp_path / "run").spec() == other


def complete_level(root):
    """Makes what looks like a complete level."""
    folder = root / "replicate_0" / "level_00"
    folder.mkdir(parents=True)
    (folder / "metrics.json").touch()


def test_a_folder_of_another_spec_is_refused_and_the_difference_named(spec, tmp_path):
    RunFolder(tmp_path / "run").begin(spec)
    complete_level(tmp_path / "run")
    other = Spec(**{**spec.to_dict(), "seed": 4})
    with pytest.raises(ValueError, match=r"other settings: seed \(0, now 4\)"):
        run(other, tmp_path / "run")


def test_a_folder_whose_first_record_was_not_written_to_its_end_takes_a_spec(spec, tmp_path):
    for name in ("environment.json", ".spec.json.a1b2c3d4"):
        (tmp_path / name).write_text("{")
    assert RunFolder(tmp_path).begin(spec) == []
    assert sorted(p.name for p in tmp_path.iterdir()) == ["environment.json", "spec.json"]
    assert RunFolder(tmp_path).spec() == spec


def test_a_folder_with_other_things_is_refused(spec, tmp_path):
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(FileExistsError, match="`out` must be new, empty or a run folder"):
        run(spec, tmp_path)


def test_a_run_that_cannot_begin_leaves_none_behind(spec, tmp_path):
    for wrong in ({"data": "digitz"}, {"model": "nowhere.keras"}):
        with pytest.raises((ValueError, OSError)):
            run(Spec(**{**spec.to_dict(), **wrong}), tmp_path / "run")
        assert listing(tmp_path).runs == []


def test_a_second_process_is_kept_out(spec, tmp_path):
    with RunFolder(tmp_path / "run").locked(), pytest.raises(TicketError, match="another process"):
        run(spec, tmp_path / "run")


def test_a_change_of_environment_is_noted(spec, tmp_path):
    folder = RunFolder(tmp_path / "run")
    folder.begin(spec)
    complete_level(folder.root)
    environment = read_record(folder.root / "environment.json")
    write_record(folder.root / "environment.json", {**environment, "tensorflow": "2.9"})
    (note,) = folder.begin(spec)
    assert note.startswith("tensorflow was 2.9 when the run was begun")


def test_a_control_level_that_does_not_exist_is_refused_before_training(spec, tmp_path):
    wrong = Spec(**{**spec.to_dict(), "control_levels": [7]})
    with pytest.raises(ValueError, match="`control_levels` must lie between 1 and 2"):
        run(wrong, tmp_path / "run")
    assert RunFolder(tmp_path / "run").num_levels(0) == 0
