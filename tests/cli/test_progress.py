from __future__ import annotations

import io
import re

import pytest

pytest.importorskip("rich")

from rich.console import Console

from tfticket.cli.progress import shown_progress
from tfticket.progress import TrainingProgress
from tfticket.recipes.run import Event


def told(is_terminal, as_json=False):
    """What is left of a search of two networks on a screen of 80 columns, and whether steps were
    asked for."""
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=is_terminal, width=80)
    with shown_progress(as_json=as_json, console=console) as shown:
        shown.on_event(Event("note", "made-up data [0, 1)"))
        shown.on_event(Event("begin", "replicate 0: level 0 of 1", 0, 2))
        if shown.on_progress is not None:
            shown.on_progress(TrainingProgress(50, 0, 100, 0.5))
        shown.on_event(Event("result", "replicate 0: dense", 1, 2))
    return stream.getvalue(), shown.on_progress is not None


def test_on_a_terminal_there_are_bars_steps_and_a_line_for_each_network():
    text, has_steps = told(True)
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    assert has_steps
    assert "0 of 2" in plain and "1 of 2" in plain
    assert "replicate 0: level 0 of 1: step 50 of 100, loss 0.5" in plain
    assert "[1/2] replicate 0: dense\n" in plain
    assert "made-up data [0, 1)\n" in plain


@pytest.mark.parametrize(("is_terminal", "as_json"), [(False, False), (True, True)])
def test_elsewhere_there_is_a_line_for_each_network_and_no_training_is_watched(
    is_terminal, as_json
):
    text, has_steps = told(is_terminal, as_json)
    assert text == "made-up data [0, 1)\n[1/2] replicate 0: dense\n"
    assert not has_steps
