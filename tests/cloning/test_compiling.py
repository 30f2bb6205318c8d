"""A copy is compiled as the model is, with what is the user's own."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tfticket.rewinding import fresh_optimizer
from tfticket.slimming import channel_masks, shrink


@pytest.fixture
def compiled(keras):
    """A network compiled with a schedule, a loss and a metric that Keras cannot read back."""
    layers, factor = keras.layers, 2.0

    class Halving(keras.optimizers.schedules.LearningRateSchedule):
        def __init__(self, first):
            self.first = first

        def __call__(self, step):
            return self.first / (1.0 + tf.cast(step, tf.float32))

    def loss(targets, outputs):
        return factor * (targets - outputs) ** 2

    hidden, head = layers.Dense(8, name="hidden"), layers.Dense(2, name="head")
    model = keras.Sequential([layers.Input((4,)), hidden, head])
    schedule = Halving(0.5)
    metric = keras.metrics.MeanMetricWrapper(loss, name="mine")
    model.compile(keras.optimizers.Adam(schedule), loss, metrics=[metric])
    model.fit(np.ones((4, 4)), np.ones((4, 2)), verbose=0)
    return model, loss, schedule, metric


def test_a_smaller_model_goes_on_with_the_same_schedule_loss_and_metric(compiled):
    model, loss, schedule, metric = compiled
    made = shrink(model, channel_masks(model, 0.5), carry_optimizer=True).model
    assert made.loss is loss
    assert vars(made.optimizer)["_learning_rate"] is schedule
    assert int(made.optimizer.iterations) == 1
    found = made.evaluate(np.ones((4, 4)), np.ones((4, 2)), verbose=0, return_dict=True)
    assert found["mine"] == pytest.approx(found["loss"])
    assert metric not in made.metrics


def test_an_optimizer_with_an_own_schedule_starts_over(compiled):
    model, _, schedule, _ = compiled
    fresh_optimizer(model)
    assert int(model.optimizer.iterations) == 0
    assert vars(model.optimizer)["_learning_rate"] is schedule
