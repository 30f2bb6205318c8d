from __future__ import annotations

import io

import pytest

from tfticket.progress import ProgressLines, RemainingTime, TrainingProgress, duration


class Clock:
    """Shows what it is set to."""

    now = 0.0

    def __call__(self):
        return self.now


def test_how_far_a_training_is():
    half = TrainingProgress(150, start_step=100, end_step=200, loss=0.25)
    assert half.fraction == 0.5
    assert str(half) == "step 150 of 200, loss 0.25"
    unknown = TrainingProgress(1_500)
    assert (unknown.fraction, str(unknown)) == (0.0, "step 1,500")


def test_durations_are_told_to_about_a_hundredth():
    told = [duration(s) for s in (0.4, 59.6, 60, 599, 601, 3_600, 90_000)]
    assert told == [
        "0 s",
        "1 min 0 s",
        "1 min 0 s",
        "9 min 59 s",
        "10 min",
        "1 h 0 min",
        "25 h 0 min",
    ]


def test_the_first_training_tells_of_all_others():
    clock = Clock()
    remaining = RemainingTime(clock)
    clock.now = 100.0  # whatever came before does not count
    assert remaining.seconds(0, 4) is None
    clock.now = 105.0
    assert remaining.seconds(0, 4, 0.01) is None
    assert remaining.seconds(0, 4, 0.5) == pytest.approx(5 + 3 * 10)


def test_trainings_that_are_done_tell_of_those_that_are_left():
    clock = Clock()
    remaining = RemainingTime(clock)
    remaining.seconds(2, 6)  # two are of an earlier run, and say nothing of time
    clock.now = 20.0
    assert remaining.seconds(4, 6) == 20.0
    clock.now = 24.0
    assert remaining.seconds(4, 6, 0.9) == 16.0
    clock.now = 90.0  # longer than any before
    assert remaining.seconds(4, 6, 0.9) == 10.0
    assert remaining.seconds(6, 6) is None


def test_in_a_file_there_is_a_line_for_each_network_only():
    stream = io.StringIO()
    with ProgressLines(stream) as display:
        display.note("made-up data")
        display.begin("level 0", 0, 2)
        display.progress(TrainingProgress(5, 0, 10, 1.0))
        display.done("dense", 1, 2)
    assert stream.getvalue() == "made-up data\n[1/2] dense\n"


def test_a_live_line_is_written_over_and_taken_away():
    stream, clock = io.StringIO(), Clock()
    with ProgressLines(stream, is_live=True, clock=clock) as display:
        display.begin("level 0", 0, 2)
        clock.now = 3.0
        display.progress(TrainingProgress(5, 0, 10, 1.0))
        display.done("dense", 1, 2)
        display.begin("level 1", 1, 2)
    shown = [text for text in stream.getvalue().split("\r") if text.strip()]
    assert shown == [
        "[1/2] level 0",
        "[1/2] level 0, step 5 of 10, loss 1, about 9 s left",
        "[1/2] dense\n",
        "[2/2] level 1, about 3 s left",
    ]
    assert stream.getvalue().endswith("\r")


def test_a_live_line_fits_the_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    stream = io.StringIO()
    ProgressLines(stream, is_live=True).begin("a network of a very long name indeed", 0, 2)
    assert len(stream.getvalue()) == 1 + 29


def test_notebooks_are_live_and_files_are_not():
    kind = type("OutStream", (io.StringIO,), {"__module__": "ipykernel.iostream"})
    for stream, is_live in ((kind(), True), (io.StringIO(), False)):
        ProgressLines(stream).begin("level 0", 0, 1)
        assert bool(stream.getvalue()) == is_live
