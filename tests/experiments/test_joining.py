"""Which folder a worker works in; how workers train is tested in `training_setups`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tfticket.devices import Workers
from tfticket.errors import TicketError
from tfticket.experiments.branching import branch
from tfticket.experiments.joining import joined
from tfticket.experiments.run_folder import RunFolder
from tfticket.experiments.runner import run
from tfticket.experiments.spec import Spec

TOGETHER = Spec(model="lenet_300_100", data="digits", keras="tf_keras", distribution="multi_worker")


class Others:
    """Stands for workers that are there; keeps what they were asked to agree on."""

    def __init__(self, index, do_agree=True):
        self.index, self.do_agree, self.digests = index, do_agree, []

    def agree_on(self, digest):
        self.digests.append(digest)
        return self.do_agree


@pytest.fixture
def among(monkeypatch):
    def set_up(index, do_agree=True):
        others = Others(index, do_agree)
        monkeypatch.setattr(Workers, "join", staticmethod(lambda: others))
        return others

    return set_up


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "run" / "replicate_0").mkdir(parents=True)
    (tmp_path / "run" / "replicate_0" / "level").write_bytes(b"level")
    (tmp_path / "run" / ".lock").touch()
    return tmp_path / "run"


def test_one_program_works_in_the_folder_itself(folder):
    with joined(folder, Spec(model="lenet_300_100", data="digits")) as own:
        assert own == folder


def test_the_first_worker_works_there_and_others_in_copies(folder, among):
    first, second = among(0), None
    with joined(folder, TOGETHER) as own:
        assert own == folder
    second = among(1)
    with joined(folder, TOGETHER) as own:
        assert own != folder
        assert (own / "replicate_0" / "level").read_bytes() == b"level"
        assert not (own / ".lock").exists()
    assert not own.exists()
    assert first.digests == second.digests


def test_a_new_run_needs_no_folder(tmp_path, among):
    first = among(0)
    with joined(tmp_path / "new", TOGETHER):
        pass
    second = among(1)
    with joined(tmp_path / "new", TOGETHER) as own:
        assert own.name == "new"
    assert first.digests == second.digests


def test_other_files_or_settings_are_another_digest(folder, among):
    others = among(0)
    with joined(folder, TOGETHER):
        (folder / "replicate_0" / "level").write_bytes(b"other")
    with joined(folder, TOGETHER):
        pass
    with joined(folder, Spec(**{**TOGETHER.changed(), "num_steps": 7})):
        pass
    assert len(set(others.digests)) == 3


def test_workers_that_see_different_runs_are_told(folder, among):
    among(1, do_agree=False)
    with (
        pytest.raises(TicketError, match=r"see the same files in .*run: give a folder on a file"),
        joined(folder, TOGETHER),
    ):
        pass


def test_keras_3_is_refused(tmp_path, among):
    among(0)
    spec = Spec(**{**TOGETHER.changed(), "keras": "keras"})
    with pytest.raises(ValueError, match="`keras` must be tf_keras with `distribution` multi_work"):
        run(spec, tmp_path / "run")


def test_executors_are_refused(tmp_path):
    with (
        ThreadPoolExecutor(1) as executor,
        pytest.raises(ValueError, match="`executor` must be left out"),
    ):
        run(TOGETHER, tmp_path / "run", executor=executor)


def test_controls_added_later_are_asked_for_by_settings(tmp_path, monkeypatch):
    monkeypatch.setattr(RunFolder, "spec", lambda self: TOGETHER)
    with pytest.raises(ValueError, match="more `controls`, or other `control_levels`"):
        branch(tmp_path, ["reshuffle"])
