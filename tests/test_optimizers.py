"""_optimizers: what an optimizer holds, whatever it is wrapped in."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tfticket import _optimizers


@pytest.fixture
def model(keras):
    net = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(2, name="dense")])
    net.build((None, 2))
    return net


def slots_of_kernel(optimizer, model):
    _optimizers.build(optimizer, model.trainable_variables)
    return list(_optimizers.slots(optimizer, model.trainable_variables[0]))


def test_slots_are_found_with_their_initial_values(keras, model):
    adam = slots_of_kernel(keras.optimizers.Adam(amsgrad=True, use_ema=True), model)
    assert [(s.initial, s.is_average) for s in adam].count((0.0, False)) == 3
    assert [s.is_average for s in adam].count(True) == 1
    (adagrad,) = slots_of_kernel(keras.optimizers.Adagrad(initial_accumulator_value=0.5), model)
    assert adagrad.initial == 0.5 and np.all(adagrad.variable.numpy() == 0.5)
    assert {tuple(s.variable.shape) for s in [*adam, adagrad]} == {(2, 2)}


def test_slots_are_found_inside_wrapping_optimizers(keras, model):
    inner = keras.optimizers.SGD(0.1, momentum=0.9)
    wrapping = [keras.mixed_precision.LossScaleOptimizer(inner)]
    if hasattr(keras.optimizers, "OptimizerMap"):  # not in Keras 3.8
        choice = keras.optimizers.OptimizerMap(keras.optimizers.SGD(0.1, momentum=0.9))
        wrapping.append(keras.optimizers.MultiOptimizer(choice))
    if keras.__name__ == "tf_keras":
        legacy = keras.optimizers.legacy.SGD(0.1, momentum=0.9)
        wrapping.append(keras.mixed_precision.LossScaleOptimizer(legacy))
    for optimizer in wrapping:
        assert len(slots_of_kernel(optimizer, model)) == 1
        assert _optimizers.is_elementwise(optimizer)


def test_an_optimizer_not_yet_built_has_no_slots(keras, model):
    assert list(_optimizers.slots(keras.optimizers.Adam(), model.trainable_variables[0])) == []


def test_every_variable_of_an_optimizer_has_one_name(keras, model):
    optimizer = keras.mixed_precision.LossScaleOptimizer(keras.optimizers.Nadam(0.1))
    _optimizers.build(optimizer, model.trainable_variables)
    found = _optimizers.state(optimizer)
    assert list(found) == sorted(found)
    # iteration, learning rate, product of the betas, loss scale and its counter; 2 slots each of
    # kernel and bias; Keras 3 has an iteration and a learning rate of the outer optimizer besides.
    assert len(found) == 9 + 2 * (keras.__name__ == "keras")
    assert len({id(v) for v in found.values()}) == len(found)


def test_steps_and_batches_are_counted(keras, model):
    optimizer = keras.optimizers.SGD(0.1)
    if keras.__name__ == "keras":
        optimizer = keras.optimizers.SGD(0.1, gradient_accumulation_steps=2)
    for _ in range(3):
        grads = [tf.ones(tuple(v.shape)) for v in model.trainable_variables]
        optimizer.apply_gradients(zip(grads, model.trainable_variables, strict=True))
    assert _optimizers.batches_done(optimizer) == 3
    assert _optimizers.steps_done(optimizer) == 3 // _optimizers.batches_per_step(optimizer)


def test_updates_are_counted_under_loss_scaling(keras, model):
    """Up to Keras 3.8 the outer optimizer's own count stays at 0."""
    optimizer = keras.mixed_precision.LossScaleOptimizer(keras.optimizers.SGD(0.1))
    for _ in range(3):
        grads = [tf.ones(tuple(v.shape)) for v in model.trainable_variables]
        optimizer.apply_gradients(zip(grads, model.trainable_variables, strict=True))
    assert _optimizers.steps_done(optimizer) == _optimizers.batches_done(optimizer) == 3
    assert int(_optimizers.iterations(optimizer)) == 3


def test_the_learning_rate_is_read_wherever_it_is(keras):
    schedule = keras.optimizers.schedules.ExponentialDecay(0.5, 1, 0.5)
    assert _optimizers.learning_rate(keras.optimizers.SGD(0.5)) == 0.5
    assert _optimizers.learning_rate(keras.optimizers.SGD(schedule)) == 0.5
    if keras.__name__ == "tf_keras":
        assert _optimizers.learning_rate(keras.optimizers.legacy.SGD(schedule)) == 0.5
    elif hasattr(keras.optimizers, "OptimizerMap"):  # not in Keras 3.8
        choice = keras.optimizers.OptimizerMap(keras.optimizers.SGD(0.1))
        assert _optimizers.learning_rate(keras.optimizers.MultiOptimizer(choice)) is None


def test_a_learning_rate_may_follow_a_schedule(keras, model):
    decay = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
    optimizers = [keras.optimizers.SGD(rate) for rate in (0.1, decay)]
    assert [_optimizers.is_scheduled(optimizer) for optimizer in optimizers] == [False, True]
    assert [_optimizers.learning_rate(o) for o in optimizers] == pytest.approx([0.1, 0.1])
