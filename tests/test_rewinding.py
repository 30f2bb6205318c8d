"""capture and restore: the same training again, to the last bit."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tfticket import _optimizers, weights
from tfticket.errors import MismatchError
from tfticket.rewinding import TrainingState, capture, fresh_optimizer, restore

X = np.random.default_rng(0).normal(size=(12, 4)).astype(np.float32)
Y = np.random.default_rng(1).normal(size=(12, 1)).astype(np.float32)


def net(keras, optimizer="adam", *, dropout=0.0, run_eagerly=True):
    layers = keras.layers
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            layers.Input((4,)),
            layers.Dense(3),
            layers.BatchNormalization(),
            *([layers.Dropout(dropout)] if dropout else []),
            layers.Dense(1),
        ]
    )
    model.compile(optimizer, "mse", run_eagerly=run_eagerly)
    return model


def train(model, steps=3):
    """Trains on full batches and returns the losses."""
    return [float(model.train_on_batch(X, Y)) for _ in range(steps)]


def same(first: TrainingState, second: TrainingState) -> bool:
    pairs = zip(first.arrays().items(), second.arrays().items(), strict=True)
    return all(n == m and np.array_equal(a, b) for (n, a), (m, b) in pairs)


OPTIMIZERS = {
    "schedule": lambda k: k.optimizers.SGD(
        k.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5), momentum=0.9
    ),
    "nadam": lambda k: k.optimizers.Nadam(0.1),
    "average": lambda k: k.optimizers.Adam(0.1, use_ema=True, ema_overwrite_frequency=2),
    "loss scale": lambda k: k.mixed_precision.LossScaleOptimizer(
        k.optimizers.SGD(0.01, momentum=0.9), initial_scale=8.0, dynamic_growth_steps=2
    ),
    "legacy": lambda k: k.optimizers.legacy.Adam(0.1, decay=0.5),
    "accumulation": lambda k: k.optimizers.Adam(0.1, gradient_accumulation_steps=2),
}
# tf_keras' Nadam counts in a Python number, which no variable tells.
ONLY = {"legacy": "tf_keras", "accumulation": "keras", "nadam": "keras"}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_training_goes_the_same_way_again_from_a_restored_state(keras, name):
    if ONLY.get(name, keras.__name__) != keras.__name__:
        return
    model = net(keras, OPTIMIZERS[name](keras))
    train(model, 1)
    state = capture(model)
    losses, end = train(model), capture(model)
    restore(model, state)
    assert same(capture(model), state)
    assert train(model) == losses
    assert same(capture(model), end)
    assert not same(state, end)


def test_going_back_to_step_0_is_going_back_to_an_optimizer_not_yet_built(keras):
    model = net(keras)
    state = capture(model)
    losses = train(model)
    assert (state.step, capture(model).step) == (0, 3)
    restore(model, state)
    assert train(model) == losses
    restore(model, dataclasses.replace(state, optimizer={}))
    assert train(model) == losses


def test_a_state_is_a_copy_and_cannot_be_written(keras):
    model = net(keras)
    state = capture(model)
    before = {name: np.array(a) for name, a in state.arrays().items()}
    restore(model, state)
    train(model)
    assert all(np.array_equal(before[name], a) for name, a in state.arrays().items())
    with pytest.raises(ValueError, match="read-only"):
        next(iter(state.weights.values()))[:] = 0


def test_a_state_goes_into_another_instance_and_traces_nothing_again(keras):
    model, other = net(keras), net(keras, run_eagerly=False)
    train(model, 2)
    state = capture(model)
    traced = []
    other.layers[0].activation = lambda x: traced.append(1) or x
    train(other, 1)
    count = len(traced)
    restore(other, state)
    assert train(other) == pytest.approx(train(model), rel=1e-5)
    assert len(traced) == count


def test_random_seeds_go_back(keras):
    if keras.__name__ == "tf_keras":  # whose dropout else draws from a state nobody can read
        keras.backend.experimental.enable_tf_random_generator()
    try:
        model = net(keras, dropout=0.5)
        state = capture(model)
        losses = train(model)
        restore(model, state)
        assert train(model) == losses
        assert len(set(losses)) == 3
    finally:
        if keras.__name__ == "tf_keras":
            keras.backend.experimental.disable_tf_random_generator()


def test_the_learning_rate_goes_back(keras):
    model = net(keras, keras.optimizers.SGD(0.1))
    state = capture(model)
    model.optimizer.learning_rate = 0.01
    assert capture(model).learning_rate == pytest.approx(0.01)
    restore(model, state)
    assert _optimizers.learning_rate(model.optimizer) == pytest.approx(0.1)
    assert state.learning_rate == pytest.approx(0.1)


def test_a_state_that_does_not_fit_is_refused_and_writes_nothing(keras):
    model = net(keras, keras.optimizers.SGD(0.1, momentum=0.9))
    train(model, 1)
    state = capture(model)
    wider = dict(state.optimizer) | {list(state.optimizer)[-1]: np.zeros((9, 9), np.float32)}
    lacking = {n: a for n, a in state.weights.items() if not n.endswith("bias")}
    for wrong in (
        dataclasses.replace(state, optimizer=wider),
        dataclasses.replace(state, optimizer=dict(list(state.optimizer.items())[1:])),
        dataclasses.replace(state, weights={**lacking, "elsewhere/bias": np.zeros(3)}),
        dataclasses.replace(state, seeds={"dropout/random_generator": np.zeros(3)}),
    ):
        train(model, 1)
        before = capture(model)
        with pytest.raises(MismatchError):
            restore(model, wrong)
        assert same(capture(model), before)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in bfloat16
def test_arrays_hold_the_whole_state(keras):
    policy = "bfloat16" if keras.__name__ == "keras" else "float32"
    keras.mixed_precision.set_global_policy(policy)
    try:
        model = net(keras)
    finally:
        keras.mixed_precision.set_global_policy("float32")
    train(model, 2)
    state = capture(model)
    arrays = state.arrays()
    assert {a.dtype.name for a in state.weights.values()} == {policy}
    assert TrainingState.from_arrays(arrays).step == 2
    restored = TrainingState.from_arrays(dict(sorted(arrays.items())))
    train(model, 1)
    restore(model, restored)
    assert same(capture(model), state)


def test_arrays_of_something_else_are_refused():
    with pytest.raises(ValueError, match="'dense/kernel'"):
        TrainingState.from_arrays({"dense/kernel": np.zeros(1), "step": np.array(0)})
    with pytest.raises(ValueError, match="no 'step'"):
        TrainingState.from_arrays({"weights/dense/kernel": np.zeros(1)})


def test_a_model_that_is_not_compiled_has_weights_only(keras):
    model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(2)])
    state = capture(model)
    assert (state.optimizer, state.step, state.learning_rate) == ({}, 0, None)
    model.set_weights([np.ones((4, 2)), np.ones(2)])
    restore(model, state)
    assert same(capture(model), state)


def test_a_fresh_optimizer_is_as_it_was_before_the_first_step(keras):
    for optimizer in (
        keras.optimizers.Adagrad(0.1, initial_accumulator_value=0.3),
        keras.optimizers.Nadam(0.1, use_ema=True),
        keras.mixed_precision.LossScaleOptimizer(
            keras.optimizers.SGD(0.1, momentum=0.9), initial_scale=4.0, dynamic_growth_steps=1
        ),
    ):
        model = net(keras, optimizer)
        new = capture(model)
        train(model, 2)
        trained = weights.read_all(model)
        model.optimizer.learning_rate = 0.01
        fresh_optimizer(model, learning_rate=0.1)
        found = capture(model)
        assert found.step == 0
        assert found.learning_rate == pytest.approx(0.1)
        assert all(np.array_equal(trained[p], w) for p, w in found.weights.items())
        for name, array in new.optimizer.items():
            if "average" not in name:  # tf_keras starts averages from the weights as they are
                np.testing.assert_array_equal(found.optimizer[name], array, err_msg=name)
