"""RecordRewindPoint: the state at exactly one step, or an error before training."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import tensorflow as tf

from tfticket.callbacks import RecordRewindPoint
from tfticket.rewinding import capture

X = np.random.default_rng(0).normal(size=(8, 4)).astype(np.float32)
Y = np.random.default_rng(1).normal(size=(8, 1)).astype(np.float32)


@pytest.fixture
def net(keras):
    def make(optimizer="sgd", **options):
        keras.utils.set_random_seed(1)
        model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(1)])
        model.compile(optimizer, "mse", run_eagerly=True, **options)
        return model

    return make


def fit(model, *callbacks, **options):
    """An epoch has 4 batches."""
    options = {"batch_size": 2, "shuffle": False, "verbose": 0, **options}
    model.fit(X, Y, callbacks=list(callbacks), **options)


def num_zero_steps(model):
    return capture(model).step


@pytest.mark.parametrize(("wanted", "step"), [(0, 0), ("5it", 5), ("0.5ep", 2)])
def test_the_state_is_that_of_training_exactly_so_far(net, wanted, step):
    recorder, reference = RecordRewindPoint(wanted), net()
    fit(net(), recorder, epochs=2)
    for batch in range(step):
        at = slice(2 * (batch % 4), 2 * (batch % 4) + 2)
        reference.train_on_batch(X[at], Y[at])
    expected = capture(reference)
    assert recorder.step == recorder.state.step == step
    for (_, found), (_, wanted_) in zip(
        recorder.state.arrays().items(), expected.arrays().items(), strict=True
    ):
        np.testing.assert_array_equal(found, wanted_)


def test_several_steps_at_once_are_no_obstacle_where_they_end(net):
    for step in (3, 4, 7):  # executions end after 3 batches and after the epoch's fourth
        recorder = RecordRewindPoint(step)
        fit(net(steps_per_execution=3), recorder, epochs=2)
        assert recorder.state.step == step


def test_a_step_inside_an_execution_is_refused_before_training(net):
    model = net(steps_per_execution=3)
    with pytest.raises(ValueError, match="`steps_per_execution`.*step='2it'"):
        fit(model, RecordRewindPoint("2it"))
    assert capture(model).step == 0


def test_a_step_after_the_end_is_refused_before_training(net):
    model = net()
    with pytest.raises(ValueError, match="8 batches are left.*step=9"):
        fit(model, RecordRewindPoint(9), epochs=2)
    with pytest.raises(ValueError, match="4 batches are left"):
        fit(model, RecordRewindPoint(5), epochs=2, initial_epoch=1)
    assert capture(model).step == 0


def test_a_step_that_is_over_is_refused(net):
    model = net()
    fit(model)
    with pytest.raises(ValueError, match="past it"):
        fit(model, RecordRewindPoint(3))
    recorder = RecordRewindPoint(6)
    fit(model, recorder)
    assert recorder.state.step == 6


def test_a_recorded_state_is_kept(net):
    model, recorder = net(), RecordRewindPoint(1)
    fit(model, recorder)
    state = recorder.state
    fit(model, recorder)
    assert recorder.state is state


def test_what_is_not_known_yet_is_not_made_up(net):
    recorder = RecordRewindPoint("2ep")
    with pytest.raises(ValueError, match="`step`.*'2ep'"):
        _ = recorder.step
    with pytest.raises(ValueError, match="`state`.*'2ep'"):
        _ = recorder.state
    with pytest.raises(ValueError, match="'soon'"):
        RecordRewindPoint("soon")


@pytest.mark.parametrize("keras", ["keras"], indirect=True)  # tf_keras has no accumulation
def test_under_accumulation_a_step_is_an_update(keras, net):
    model = net(keras.optimizers.SGD(0.1, momentum=0.9, gradient_accumulation_steps=2))
    at_2, at_epoch = RecordRewindPoint(2), RecordRewindPoint("1.5ep")
    fit(model, at_2, at_epoch, epochs=2)
    assert (at_2.state.step, at_epoch.step, at_epoch.state.step) == (2, 3, 3)
    accumulators = [a for n, a in at_2.state.optimizer.items() if "accumulator" in n]
    assert accumulators and not any(map(np.any, accumulators))
    with pytest.raises(ValueError, match="8 batches are left and 10"):
        fit(model, RecordRewindPoint(9), epochs=2)


def test_no_step_is_lost_where_a_data_set_of_unknown_length_ends(net):
    data = tf.data.Dataset.from_tensor_slices((X, Y)).batch(2).filter(lambda *_: True)
    model, callback = net(), RecordRewindPoint(5)
    model.compile("sgd", "mse")  # an eager step counts no more than batches
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # Keras' own
        model.fit(data, epochs=2, shuffle=False, verbose=0, callbacks=[callback])
    assert callback.state.step == 5
