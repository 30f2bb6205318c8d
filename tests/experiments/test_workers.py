"""Runs in parts, by several processes: the same bits, whoever trains what and whoever is lost."""

from __future__ import annotations

import concurrent.futures
import os
import random
import signal

import pytest

from tests.experiments.test_runner import contents
from tfticket.experiments import workers
from tfticket.experiments.branching import branch
from tfticket.experiments.ray_executor import RayExecutor
from tfticket.experiments.run_folder import RunFolder
from tfticket.experiments.runner import run
from tfticket.experiments.spec import Spec
from tfticket.recipes.run import Part
from tfticket.trust import trusting


class AnyOrder(concurrent.futures.Executor):
    """Carries out what it was given when it is waited for, in an order of its own."""

    def __init__(self, seed: int):
        self.rng, self.jobs, self.done = random.Random(seed), [], []

    def submit(self, fn, /, *args, **kwargs):
        self.jobs.append((future := concurrent.futures.Future(), fn, args, kwargs))
        return future

    def wait(self, waiting, timeout, return_when):
        """In the place of `concurrent.futures.wait`."""
        future, fn, args, kwargs = self.jobs.pop(self.rng.randrange(len(self.jobs)))
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        self.done.append(args[0].part)
        return {future}, set(waiting) - {future}


@pytest.fixture
def any_order(monkeypatch):
    executor = AnyOrder(0)
    monkeypatch.setattr(workers.concurrent.futures, "wait", executor.wait)
    return executor


def test_parts_in_any_order_give_the_same_bits(small, whole, any_order, tmp_path):
    events = []
    outcome = run(small, tmp_path / "parts", executor=any_order, on_event=events.append)
    assert outcome == whole.outcome
    assert contents(tmp_path / "parts") == contents(whole.root)
    controls = {Part(0, 2, "reinitialize"), Part(1, 2, "reinitialize")}
    assert set(any_order.done) == {Part(0), Part(1), *controls}
    assert len(any_order.done) == 4
    counted = [(e.num_done, e.num_planned) for e in events if e.kind == "result"]
    assert counted == [(n, 8) for n in range(1, 9)]


def test_a_finished_run_and_finished_parts_are_not_trained_again(small, whole, any_order, tmp_path):
    whole.copy(tmp_path / "run")
    assert run(small, tmp_path / "run", executor=any_order) == whole.outcome
    assert any_order.done == []
    trusting.set(True)
    branch(tmp_path / "run", ["random_sparse"], levels=[1], executor=any_order)
    assert sorted(part.replicate for part in any_order.done) == [0, 1]
    assert {str(part)[11:] for part in any_order.done} == {", control random_sparse of level 1"}


def test_what_goes_wrong_in_a_worker_is_told_as_here(small, any_order, tmp_path, monkeypatch):
    def failing(self, level, result):
        raise ValueError("no room")

    monkeypatch.setattr(RunFolder, "keep_control", failing)
    with pytest.raises(ValueError, match="^no room$"):
        run(small, tmp_path, executor=any_order)
    assert RunFolder(tmp_path).num_levels(0) == 3  # what was begun is complete
    monkeypatch.undo()
    assert len(run(small, tmp_path).results) == 8


def test_a_wrong_spec_is_told_before_anything_is_handed_on(any_order, tmp_path):
    spec = Spec(model="lenet_300_100", data="digits", control_levels=(30,), num_steps=2)
    with pytest.raises(ValueError, match=r"^`control_levels` must lie between"):
        run(spec, tmp_path, executor=any_order)
    assert any_order.done == []


def _train_or_die(job):
    """Takes its own process away in the middle of a replicate, the first time."""
    folder = RunFolder(job.place)
    if job.part == Part(1) and folder.num_levels(1) == 0 and not (folder.root / "died").exists():
        (folder.root / "died").touch()
        keep = RunFolder.keep_level

        def keep_and_die(self, level, result):
            keep(self, level, result)
            os.kill(os.getpid(), signal.SIGKILL)

        RunFolder.keep_level = keep_and_die
    return workers.train_part(job)


def test_ray_trains_on_what_a_lost_worker_left(small, whole, tmp_path, monkeypatch):
    pytest.importorskip("ray", reason="ray is not installed")
    with RayExecutor() as executor:
        assert run(small, tmp_path / "parts", executor=executor) == whole.outcome
        assert contents(tmp_path / "parts") == contents(whole.root)
        monkeypatch.setattr(workers, "train_part", _train_or_die)
        assert run(small, tmp_path / "lost", executor=executor) == whole.outcome
    (tmp_path / "lost" / "died").unlink()  # and so it was there
    assert contents(tmp_path / "lost") == contents(whole.root)
