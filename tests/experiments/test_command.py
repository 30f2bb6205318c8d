"""The command that makes a run is one that the command line reads as the same settings."""

from __future__ import annotations

import shlex

import pytest
from typer.testing import CliRunner

from tfticket.cli.app import app
from tfticket.experiments.command import command_of
from tfticket.experiments.spec import Spec

GIVEN = {"model": "lenet_300_100", "data": "my data/digits.py:make"}


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"recipe": "snip", "sparsity": 0.875, "learning_rate": 1e-4, "jit_compile": True},
        {"prunable": ["dense.*", "a b"], "controls": ("reinitialize", "reshuffle")},
        {"export": (), "controls": (), "class_weight": {0: 1.0, 1: 2.5}},
        {"recipe": "late_rewinding", "rewind_to": "2ep", "control_levels": (1, 3)},
        {"recipe": "slimming", "channel_sparsity": 0.3, "keras": "tf_keras"},
    ],
)
def test_a_command_is_read_as_what_it_was_made_of(settings, monkeypatch):
    read = []
    monkeypatch.setattr(
        "tfticket.cli.recipe_commands.run_and_print",
        lambda spec, out, *_, **__: read.append((spec, out)),
    )
    spec = Spec(**GIVEN, **settings)
    words = shlex.split(command_of(spec.changed(), "runs/it's here"))
    assert words[0] == "tfticket"
    done = CliRunner().invoke(app, words[1:])
    assert done.exit_code == 0, done.output
    assert [(found.to_dict(), str(out)) for found, out in read] == [
        (spec.to_dict(), "runs/it's here")
    ]
