"""A run on pipelines: what is the same when it goes on, and what is compared."""

from __future__ import annotations

import json

import pytest

from tfticket.experiments.runner import run
from tfticket.experiments.spec import Spec

DATA = """
import tensorflow as tf
from tfticket import zoo

DIGITS = zoo.load_data("digits")


def batched(split, size=64):
    return tf.data.Dataset.from_tensor_slices((split.x, split.y)).batch(size)


def drawn():
    def noisy(x, y):
        return x + tf.random.normal((8, 8, 1), stddev=0.1), y
    pairs = tf.data.Dataset.from_tensor_slices((DIGITS.train.x, DIGITS.train.y))
    return pairs.shuffle(2000).map(noisy, num_parallel_calls=2).batch(64)


def made_again():
    return {"train": drawn, "validation": batched(DIGITS.validation), "test": batched(DIGITS.test)}


def made_once():
    return {**made_again(), "train": drawn()}


def network(keras):
    layers = keras.layers
    hidden = [layers.Flatten(), layers.Dense(16, activation="relu"), layers.Dropout(0.2)]
    return keras.Sequential([keras.Input((8, 8, 1)), *hidden, layers.Dense(10)])
"""


@pytest.fixture
def spec(tmp_path, flavour):
    file = tmp_path / "mine.py"
    file.write_text(DATA)

    def made(data="made_again"):
        return Spec(
            model=f"{file}:network",
            data=f"{file}:{data}",
            keras=flavour,
            recipe="late_rewinding",
            rewind_to=5,
            sparsity=0.5,
            pruning_rate=0.3,
            num_steps=30,
            steps_per_execution=1,
            controls=("reinitialize",),
            export=(),
        )

    return made


class Stop(Exception):
    pass


def stopped_after(spec, root, count):
    def on_event(event):
        if event.kind == "result" and event.num_done == count:
            raise Stop

    with pytest.raises(Stop):
        run(spec, root, on_event=on_event)


def contents(root):
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and path.name not in ("environment.json", ".lock")
    }


def test_a_run_on_pipelines_that_was_stopped_ends_with_the_same_bits(spec, tmp_path):
    run(spec(), tmp_path / "whole")
    stopped_after(spec(), tmp_path / "stopped", 2)
    run(spec(), tmp_path / "stopped")
    assert contents(tmp_path / "stopped") == contents(tmp_path / "whole")


def test_pipelines_that_have_changed_are_not_gone_on_with(spec, tmp_path):
    stopped_after(spec(), tmp_path / "run", 1)
    known = json.loads((tmp_path / "run" / "plan.json").read_text())["pipelines"]["train"]
    assert (known["num_batches"], known["num_examples"]) == (20, 1257)
    file = tmp_path / "mine.py"
    file.write_text(file.read_text().replace("stddev=0.1", "stddev=0.2"))
    with pytest.raises(ValueError, match="the data of .* were others. train: first_batches was"):
        run(spec(), tmp_path / "run")
    file.write_text(file.read_text().replace("pairs.shuffle", "pairs.take(640).shuffle"))
    with pytest.raises(ValueError, match="train: num_batches was 20 and is 10"):
        run(spec(), tmp_path / "run")


def test_what_cannot_be_made_again_goes_on_and_says_what_it_is_worth(spec, tmp_path):
    stopped_after(spec("made_once"), tmp_path / "run", 1)
    outcome = run(spec("made_once"), tmp_path / "run")
    assert "does not end with the bits of one that is not" in outcome.notes[0]
    known = json.loads((tmp_path / "run" / "plan.json").read_text())["pipelines"]
    assert known["train"]["first_batches"] is None
    assert known["test"]["first_batches"] is not None
