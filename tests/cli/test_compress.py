"""`tfticket compress`, on a file that a user trained."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from tfticket.cli.app import app

DATA = """
import numpy as np

def data():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 6)).astype("float32")
    return (x, (x[:, 0] > 0).astype("int64"))

def train(model):
    x, y = data()
    model.fit(x, y, epochs=1, verbose=0)
"""


def invoke(*arguments):
    """With the word of trust that files need before Keras 3.11."""
    return CliRunner().invoke(app, ["--trust", *(str(a) for a in arguments)])


@pytest.fixture
def asked(keras, tmp_path):
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Input((6,)), keras.layers.Dense(32, activation="relu", name="hidden")]
    model = keras.Sequential([*layers, keras.layers.Dense(2, name="output")])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss)
    model.fit(np.ones((4, 6), "float32"), np.arange(4) % 2, verbose=0)
    model.save(tmp_path / "mine.keras")
    (tmp_path / "mine.py").write_text(DATA)
    data = ("--data", f"{tmp_path}/mine.py:data", "--out", tmp_path / "out")
    return ["compress", tmp_path / "mine.keras", *data]


def test_a_table_a_picture_and_files_that_are_kept(asked, tmp_path):
    pytest.importorskip("matplotlib")
    pytest.importorskip("plotly")
    budget = ("--max-drop", "0.5", "--max-trainings", "1", "--weights", "float32,int8")
    train = ("--train", f"{tmp_path}/mine.py:train")
    shown = ("--plot", tmp_path / "all.png", "--report", tmp_path / "all.html")
    done = invoke(*asked, *budget, *train, *shown)
    assert done.exit_code == 0, done.output
    assert "whole network" in done.output
    assert (tmp_path / "all.png").stat().st_size > 1_000
    assert "mine.keras on" in (tmp_path / "all.html").read_text()
    again = json.loads(invoke(*asked, *budget, *train, "--json").stdout)
    assert again["is_met"]
    assert again["budget"]["max_drop"] == 0.5
    assert {c["weights"] for c in again["candidates"]} == {"float32", "int8"}
    assert any(c["treatment"]["channels"] for c in again["candidates"])


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ((), "must be given: a budget limits something"),
        (("--max-bytes", "a lot"), "--max-bytes must be a number of at least 1"),
        (("--max-drop", "0.1", "--goal", "speed"), "goal"),
        (("--max-drop", "0.1", "--allocation", "best"), "allocation"),
    ],
)
def test_what_means_nothing_is_told(tmp_path, flags, said):
    (tmp_path / "mine.keras").write_bytes(b"never read")
    path = ("compress", tmp_path / "mine.keras", "--data", "digits", "--out", tmp_path / "out")
    done = invoke(*path, *flags)
    assert done.exit_code == 1
    assert said in " ".join(done.output.split())
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("flag", "letter"), [("report", "letter.html"), ("plot", "letter.png")])
def test_a_file_that_is_somebodys_is_told_before_anything_starts(tmp_path, flag, letter):
    (tmp_path / "mine.keras").write_bytes(b"never read")
    (tmp_path / letter).write_text("dear all")
    path = ("compress", tmp_path / "mine.keras", "--data", "digits", "--out", tmp_path / "out")
    done = invoke(*path, "--max-drop", "0.1", f"--{flag}", tmp_path / letter)
    assert done.exit_code == 1 and letter in done.output
    for place in ("mine.keras", "out", "out/compression.json", "mine.keras/inside"):
        done = invoke(*path, "--max-drop", "0.1", f"--{flag}", tmp_path / place, "--overwrite")
        said = "must lie in a folder" if place.endswith("inside") else f"--{flag} must be a file of"
        assert done.exit_code == 1 and said in " ".join(done.output.split())
    assert not (tmp_path / "out").exists()
    assert (tmp_path / "mine.keras").read_bytes() == b"never read"
    assert (tmp_path / letter).read_text() == "dear all"
