"""`tfticket sensitivity`, on a file that a user trained."""

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
    x = rng.normal(size=(80, 6)).astype("float32")
    return (x, (x[:, 0] > 0).astype("int64"))

def train(model):
    x, y = data()
    model.fit(x, y, epochs=2, verbose=0)
"""


def invoke(*arguments):
    """With the word of trust that files need before Keras 3.11."""
    return CliRunner().invoke(app, ["--trust", *(str(a) for a in arguments)])


@pytest.fixture
def file(keras, tmp_path):
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Input((6,)), keras.layers.Dense(8, activation="relu", name="hidden")]
    model = keras.Sequential([*layers, keras.layers.Dense(2, name="output")])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss)
    model.fit(np.ones((4, 6), "float32"), np.arange(4) % 2, verbose=0)
    model.save(tmp_path / "mine.keras")
    (tmp_path / "mine.py").write_text(DATA)
    return tmp_path / "mine.keras"


def test_a_table_a_picture_and_rows_that_are_kept(file, tmp_path):
    asked = [
        "sensitivity",
        str(file),
        "--data",
        f"{tmp_path}/mine.py:data",
        "--sparsities",
        "weights=0.5",
    ]
    kept = ["--cache", str(tmp_path / "rows.json"), "--plot", str(tmp_path / "rows.png")]
    done = invoke(*asked, "--sparsities", "channels=0.25", *kept)
    assert done.exit_code == 0, done.output
    assert "hidden/kernel" in done.output
    assert (tmp_path / "rows.png").stat().st_size > 1_000
    again = invoke(*asked, "--sparsities", "channels=0.25", *kept, "--json")
    found = json.loads(again.stdout)
    assert [row["kind"] for row in found["rows"]] == ["weights", "weights", "channels"]
    assert np.isfinite(found["dense"])


def test_with_a_training_of_ones_own(file, tmp_path):
    asked = [
        "sensitivity",
        str(file),
        "--data",
        f"{tmp_path}/mine.py:data",
        "--sparsities",
        "weights=0.5",
    ]
    train = ["--train", f"{tmp_path}/mine.py:train", "--json"]
    done = invoke(*asked, *train)
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert all(row["trained"] is not None for row in found["rows"])


def test_what_is_no_fraction_is_told(file):
    done = invoke("sensitivity", str(file), "--data", "digits", "--sparsities", "half")
    assert done.exit_code == 1
    assert (
        "--sparsities must be fractions of weights or channels, like weights=0.5,0.9."
        in done.output
    )
