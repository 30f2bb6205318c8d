"""Processes that are lost, and what becomes of the calls that they were at."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tfticket.errors import TicketError
from tfticket.experiments import process_executor
from tfticket.experiments.process_executor import ProcessExecutor


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(process_executor, "_PAUSE", 0.0)


def lost_once(folder):
    """Takes its process away, the first time; returns which process did it in the end."""
    try:
        (Path(folder) / "lost").touch(exist_ok=False)
    except FileExistsError:
        return os.getpid()
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def lost(folder):
    (Path(folder) / str(os.getpid())).touch()
    os.kill(os.getpid(), signal.SIGKILL)


def own_process():
    return os.getpid()


def failing():
    raise ValueError("no room")


def test_a_call_whose_process_is_lost_is_done_by_another_one(tmp_path):
    said = []
    with ProcessExecutor(1, on_lost=said.append) as executor:
        assert executor.submit(lost_once, str(tmp_path)).result() != os.getpid()
        assert executor.submit(own_process).result() != os.getpid()
    assert len(said) == 1
    assert said[0].startswith("a process was lost") and said[0].endswith("retry 1 of 3")


def test_other_processes_notice_nothing(tmp_path):
    with ProcessExecutor(2) as executor:
        before = executor.submit(own_process)
        gone = executor.submit(lost_once, str(tmp_path))
        rest = [executor.submit(own_process) for _ in range(4)]
        assert all(call.exception() is None for call in (before, gone, *rest))


def test_what_loses_every_process_is_given_up_in_words(tmp_path):
    said = []
    with ProcessExecutor(1, on_lost=said.append) as executor:
        call = executor.submit(lost, str(tmp_path))
        with pytest.raises(TicketError, match=r"was lost 4 times.*fewer `workers`"):
            call.result()
    assert len(said) == 3
    assert len(list(tmp_path.iterdir())) == 4


def test_an_error_is_that_of_the_call():
    with ProcessExecutor(1) as executor, pytest.raises(ValueError, match="^no room$"):
        executor.submit(failing).result()


def test_nothing_is_done_again_while_it_closes(tmp_path):
    executor = ProcessExecutor(1)
    calls = [executor.submit(lost, str(tmp_path)) for _ in range(3)]
    executor.shutdown(wait=True, cancel_futures=True)
    assert all(call.done() for call in calls)
    assert len(list(tmp_path.iterdir())) <= 1
