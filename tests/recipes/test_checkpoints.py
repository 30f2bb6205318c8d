"""A training that was killed in its middle goes on from its last epoch, to the same bits."""

from __future__ import annotations

import importlib
import json

import numpy as np
import pytest

from tests.experiments.test_runner import contents
from tfticket import zoo
from tfticket.callbacks import EnforceMasks, PruneOnSchedule, RecordRewindPoint
from tfticket.experiments.runner import run
from tfticket.experiments.spec import Spec
from tfticket.masks import Masks
from tfticket.recipes.run import checkpoints
from tfticket.rewinding import capture
from tfticket.zoo import Training, train_on

TRAINING = Training(num_steps=20, batch_size=16, seed=3, eval_every=4)


class Killed(Exception):
    pass


@pytest.fixture
def often(monkeypatch):
    """A checkpoint at the end of every epoch; returns how to be killed after so many."""
    monkeypatch.setattr(checkpoints, "SECONDS", 0.0)
    write = checkpoints._Keeper._write

    def killed_after(count):
        written = []

        def write_or_die(self):
            write(self)
            written.append(self)
            if len(written) == count:
                raise Killed

        monkeypatch.setattr(checkpoints._Keeper, "_write", write_or_die)
        return written

    return killed_after


def network(keras, dropout=0.0):
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential(
        [
            *(keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(12, "relu", name="hidden")),
            *([layers.Dropout(dropout, seed=1, name="drop")] if dropout else []),
            *(layers.BatchNormalization(name="norm"), layers.Dense(10, name="output")),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1), loss, metrics=["accuracy"])
    return model


@pytest.fixture(scope="module")
def digits():
    return zoo.load_data("digits")


def same(a, b):
    assert list(a.weights) == list(b.weights)  # optimizers are numbered through a process
    for (name, array), other in zip(a.arrays().items(), b.arrays().values(), strict=True):
        np.testing.assert_array_equal(array, other, err_msg=name)


def parts(keras, digits, dropout=0.0):
    """A model, callbacks for its training, and the training with and without checkpoints."""
    model = network(keras, dropout)
    mask = np.random.default_rng(0).random((64, 12)) < 0.5
    return model, [EnforceMasks(Masks({"hidden/kernel": mask})), RecordRewindPoint(6)]


FURTHER = ((1, 14), (2, None), (3, None), (3, 14))


@pytest.mark.parametrize(
    ("count", "until"),
    [
        *((1, None), (2, 14)),
        *(pytest.param(*pair, marks=pytest.mark.long) for pair in FURTHER),
    ],
)
def test_it_ends_with_the_same_bits(keras, digits, often, tmp_path, count, until):
    plain = train_on(digits, TRAINING)
    whole, callbacks = parts(keras, digits)
    log = plain(whole, callbacks, until)
    resumed = checkpoints.checkpointed(plain, TRAINING, tmp_path)
    written = often(count)
    killed, others = parts(keras, digits)
    with pytest.raises(Killed):
        resumed(killed, others, until)
    again, others = parts(keras, digits)  # as another process makes it
    assert resumed(again, others, until) == log
    same(capture(again), capture(whole))
    same(others[1].state, callbacks[1].state)
    epochs = (log["end_step"] - log["start_step"]) // 4
    assert len(written) == epochs - 1  # none is trained twice, and none kept at the end
    assert list(tmp_path.iterdir()) == []


@pytest.mark.long
def test_it_may_be_killed_again_and_again(digits, often, tmp_path):
    keras = importlib.import_module("keras")
    plain = train_on(digits, TRAINING)
    whole, callbacks = parts(keras, digits, dropout=0.3)
    log = plain(whole, callbacks)
    resumed = checkpoints.checkpointed(plain, TRAINING, tmp_path)
    for _ in range(4):
        often(1)
        with pytest.raises(Killed):
            resumed(*parts(keras, digits, dropout=0.3))
    again, others = parts(keras, digits, dropout=0.3)
    assert resumed(again, others) == log
    same(capture(again), capture(whole))


def test_a_damaged_checkpoint_is_not_used(digits, often, tmp_path):
    keras = importlib.import_module("keras")
    plain = train_on(digits, TRAINING)
    whole, callbacks = parts(keras, digits)
    log = plain(whole, callbacks)
    resumed = checkpoints.checkpointed(plain, TRAINING, tmp_path)
    often(2)
    with pytest.raises(Killed):
        resumed(*parts(keras, digits))
    (state,) = tmp_path.rglob("state_*.safetensors")
    assert state.name == "state_8.safetensors"
    state.write_bytes(state.read_bytes()[:-1] + b"x")
    again, others = parts(keras, digits)
    assert resumed(again, others) == log
    same(capture(again), capture(whole))


def test_another_training_in_the_same_folder_is_not_gone_on_with(digits, often, tmp_path):
    keras = importlib.import_module("keras")
    plain = train_on(digits, TRAINING)
    resumed = checkpoints.checkpointed(plain, TRAINING, tmp_path)
    often(2)
    with pytest.raises(Killed):
        resumed(*parts(keras, digits))
    other = network(keras)
    whole = network(keras)
    assert resumed(other, []) == plain(whole, [])
    same(capture(other), capture(whole))
    (record,) = tmp_path.glob("*/checkpoint.json")  # of the first one, still there
    assert json.loads(record.read_text())["curve"]["step"] == [4, 8]


def test_what_remembers_more_begins_at_its_start(digits, often, tmp_path):
    import tf_keras

    from tfticket.schedules import Constant

    often(1)
    resumed = checkpoints.checkpointed(train_on(digits, TRAINING), TRAINING, tmp_path)
    gradual = PruneOnSchedule(Constant(0.5, begin_step=2, frequency=2))
    resumed(network(tf_keras), [gradual])
    resumed(network(tf_keras, dropout=0.3), [])
    assert list(tmp_path.iterdir()) == []


def test_short_trainings_write_none(digits, tmp_path, monkeypatch):
    keras = importlib.import_module("keras")
    monkeypatch.setattr(checkpoints._Keeper, "_write", None)
    resumed = checkpoints.checkpointed(train_on(digits, TRAINING), TRAINING, tmp_path)
    resumed(network(keras), [])


def test_without_a_folder_or_epochs_a_training_is_left_as_it_is(digits, tmp_path):
    train = train_on(digits, TRAINING)
    assert checkpoints.checkpointed(train, TRAINING, None) is train
    endless = Training(num_steps=20, batch_size=16)
    assert checkpoints.checkpointed(train, endless, tmp_path) is train


SETTINGS = {
    "model": "lenet_300_100",
    "data": "digits",
    "recipe": "late_rewinding",
    "rewind_to": 4,
    "sparsity": 0.5,
    "pruning_rate": 0.3,
    "num_steps": 12,
    "eval_every": 4,
    "steps_per_execution": 1,
    "controls": ("reinitialize",),
    "export": (),
}


def test_a_run_that_was_killed_inside_its_trainings_is_that_of_one_that_was_not(often, tmp_path):
    whole = run(Spec(**SETTINGS), tmp_path / "whole")
    num_killed = 0
    while num_killed < 20:
        often(1)
        try:
            outcome = run(Spec(**SETTINGS), tmp_path / "killed")
            break
        except Killed:
            num_killed += 1
    # Three epochs of the dense network and of the control, two of each of two tickets.
    assert num_killed == 2 + 2 + 1 + 1
    assert outcome == whole
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole")


def test_what_was_left_of_another_network_is_not_gone_on_with(often, tmp_path):
    file = tmp_path / "mine.py"
    text = "import keras\ndef net():\n    return keras.Sequential([keras.Input((8, 8, 1)),"
    text += "keras.layers.Flatten(), keras.layers.Dense({}), keras.layers.Dense(10)])"
    file.write_text(text.format(12))
    spec = Spec(**{**SETTINGS, "model": f"{file}:net"})
    often(1)
    with pytest.raises(Killed):
        run(spec, tmp_path / "run")
    file.write_text(text.format(14))
    often(99)
    outcome = run(spec, tmp_path / "run")  # no level was complete, so nothing is lost
    assert outcome.results[0].num_weights == 64 * 14 + 14 * 10
