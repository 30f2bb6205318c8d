"""What a command says when something goes wrong, and whose line it names."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from tfticket.cli.app import app
from tfticket.cli.failures import sentence_of

WRONG = """
from tfticket.recipes import Paper, Recipe, WeightRecipe


def data():
    table = {"train": 1}
    return table["tran"]


def network(keras):
    return keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Dense("many")])


class Mine(WeightRecipe):
    "Fails."

    paper = Paper("Nobody 2026", "https://example.org")

    def start(self, run):
        return {}["level"]

    def treat(self, run, level):
        return level
"""


@pytest.fixture
def wrong(tmp_path):
    path = tmp_path / "wrong.py"
    path.write_text(WRONG)
    return path


def find(recipe, model, data, out):
    given = ["find", str(recipe), "--model", str(model), "--data", str(data), "--num-steps", "2"]
    return CliRunner().invoke(app, [*given, "--out", str(out / "run")])


@pytest.mark.parametrize(
    ("recipe", "model", "data", "said"),
    [
        ("snip", "lenet_300_100", "{}:data", "KeyError: 'tran'\nRaised in {}, line 7, in data"),
        (
            "{}:Mine",
            "lenet_300_100",
            "digits",
            "KeyError: 'level'\nRaised in {}, line 20, in start",
        ),
        ("snip", "{}:network", "digits", "line 11, in network"),
    ],
)
def test_an_error_in_the_users_own_code_names_his_line(wrong, tmp_path, recipe, model, data, said):
    done = find(*(text.format(wrong) for text in (recipe, model, data)), tmp_path)
    assert done.exit_code == 1
    assert said.format(wrong) in done.output
    assert "This should not happen" not in done.output


def test_an_error_of_the_package_itself_should_not_happen():
    error = KeyError("no traceback at all")
    assert sentence_of(error).endswith("shows where.")
    assert sentence_of(ValueError("`x` must be y")) == "`x` must be y"


def test_what_the_package_says_of_arguments_is_said_as_it_is(tmp_path):
    done = find("snip", "lenet_300_100", "nothing", tmp_path)
    assert "must be one of" in done.output and "Raised in" not in done.output
