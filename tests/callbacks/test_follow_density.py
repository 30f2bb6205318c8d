"""FollowDensity: scheduled densities move with the optimizer's steps."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import tensorflow as tf

from tfticket.callbacks.base import Callback
from tfticket.callbacks.follow_density import FollowDensity
from tfticket.callbacks.supermask_log import SupermaskLog
from tfticket.errors import UnreachableSparsityError
from tfticket.schedules import Linear
from tfticket.supermasks import EdgePopup, layers

X = np.random.default_rng(0).normal(size=(8, 5)).astype(np.float32)
Y = np.ones((8, 20), np.float32)


class Watch(Callback):
    """Notes how many weights are kept before each batch."""

    def __init__(self):
        self.kept = []

    def on_train_batch_begin(self, batch, logs=None):
        self.kept.append(int(np.count_nonzero(self.model.layers[0].current_mask())))


def make_model(keras, density, **options):
    layer = layers.of(keras).SupermaskDense(20, masker=EdgePopup(density))
    model = keras.Sequential([keras.layers.Input((5,)), layer])
    model.compile("sgd", "mse", **options)
    return model


def fit(model, *callbacks, epochs=2):
    model.fit(
        X, Y, batch_size=2, epochs=epochs, verbose=0, shuffle=False, callbacks=list(callbacks)
    )


def test_the_density_follows_its_schedule_step_by_step(keras):
    model, watch = make_model(keras, Linear(0.8, begin_step=1, end_step=7, frequency=2)), Watch()
    fit(model, FollowDensity(), watch)
    # Sparsity changes at steps 1, 3, 5 and 7: to 0, 1/3, 2/3 and 1 times 0.8.
    expected = [100, 100, 100, 73, 73, 47, 47, 20]
    assert watch.kept == expected
    fit(model, FollowDensity(), watch, epochs=1)
    assert watch.kept[8:] == [20, 20, 20, 20]


def test_a_schedule_that_training_will_not_finish_is_refused(keras):
    model = make_model(keras, Linear(0.8, end_step=20, frequency=1), run_eagerly=True)
    with pytest.raises(UnreachableSparsityError):
        fit(model, FollowDensity())
    with pytest.warns(UserWarning, match="must end within the training"):
        fit(model, FollowDensity(on_unreachable="warn"), epochs=1)
    assert model.layers[0].density == pytest.approx(1 - 0.8 * 4 / 20)


def test_a_model_of_constant_density_has_nothing_to_follow(keras):
    with pytest.raises(ValueError, match="whose density is a schedule"):
        fit(make_model(keras, 0.5, run_eagerly=True), FollowDensity())


def test_it_counts_updates_under_gradient_accumulation(keras):
    if keras.__name__ == "tf_keras":
        pytest.skip("tf_keras gathers no gradients")
    model, watch = make_model(keras, Linear(0.8, begin_step=1, end_step=3, frequency=1)), Watch()
    model.compile(keras.optimizers.SGD(0.1, gradient_accumulation_steps=2), "mse")
    fit(model, FollowDensity(), watch)
    # Four updates in eight batches; the density changes after the second and third.
    assert watch.kept == [100, 100, 100, 100, 60, 60, 20, 20]


def test_a_log_of_another_model_begins_afresh(keras):
    log = SupermaskLog()
    for _ in range(2):
        fit(make_model(keras, 0.5), log, epochs=3)
        assert log.density == [0.5] * 3
        assert len(log.mask_change) == 3


def test_no_step_is_lost_where_a_data_set_of_unknown_length_ends(keras):
    data = tf.data.Dataset.from_tensor_slices((X, Y)).batch(2).filter(lambda *_: True)
    model = make_model(keras, Linear(0.8, end_step=5, frequency=5))
    callback = FollowDensity()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # Keras' own, and that no end is known
        model.fit(data, epochs=2, shuffle=False, verbose=0, callbacks=[callback])
    assert model.layers[0].density == pytest.approx(0.2)
