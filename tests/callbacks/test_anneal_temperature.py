"""AnnealTemperature: temperatures move with the optimizer's steps."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import tensorflow as tf

from tfticket import weights
from tfticket.callbacks import AnnealTemperature, Callback
from tfticket.supermasks import ContinuousSparsification, layers

X = np.random.default_rng(0).normal(size=(8, 5)).astype(np.float32)
Y = np.ones((8, 3), np.float32)


class Watch(Callback):
    """Notes the temperature before each execution."""

    def __init__(self):
        self.found = []

    def on_train_batch_begin(self, batch, logs=None):
        self.found.append(self.model.layers[0].temperature)


class BreakOff(Callback):
    """Ends a training as a crash does."""

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            raise KeyboardInterrupt


def make_model(keras, optimizer="sgd", **options):
    masker = ContinuousSparsification(final_temperature=16.0)
    layer = layers.of(keras).SupermaskDense(3, masker=masker, kernel_initializer="ones")
    model = keras.Sequential([keras.layers.Input((5,)), layer])
    model.compile(optimizer, "mse", **options)
    return model


def fit(model, *callbacks, epochs=2, batch_size=2):
    options = {"batch_size": batch_size, "epochs": epochs, "shuffle": False, "verbose": 0}
    model.fit(X, Y, callbacks=list(callbacks), **options)


def test_the_temperature_rises_exponentially_over_the_training(keras):
    model, watch = make_model(keras), Watch()
    fit(model, AnnealTemperature(), watch)
    np.testing.assert_allclose(watch.found, 2.0 ** (np.arange(8) / 2), rtol=1e-6)
    assert model.layers[0].temperature == 16.0


def test_a_given_number_of_steps_may_begin_late_and_end_early(keras):
    model, watch = make_model(keras), Watch()
    fit(model, AnnealTemperature(4, begin_step=2), watch)
    np.testing.assert_allclose(watch.found, [1, 1, 1, 2, 4, 8, 16, 16], rtol=1e-6)


def test_several_steps_in_one_execution_move_it_after_each(keras):
    model, watch = make_model(keras, steps_per_execution=2), Watch()
    fit(model, AnnealTemperature(), watch)
    np.testing.assert_allclose(watch.found, [1, 2, 4, 8], rtol=1e-6)
    assert model.layers[0].temperature == 16.0


def test_it_counts_updates_under_gradient_accumulation(keras):
    if keras.__name__ == "tf_keras":
        pytest.skip("tf_keras gathers no gradients")
    model = make_model(keras, keras.optimizers.SGD(0.1, gradient_accumulation_steps=2))
    watch = Watch()
    fit(model, AnnealTemperature(), watch)
    np.testing.assert_allclose(watch.found, [1, 1, 2, 2, 4, 4, 8, 8], rtol=1e-6)


def test_nothing_is_traced_again(keras, monkeypatch):
    forward, calls, seen = ContinuousSparsification.forward, [], []

    def counted(*args):
        calls.append(1)
        return forward(*args)

    monkeypatch.setattr(ContinuousSparsification, "forward", counted)
    watch = Watch()
    watch.on_train_batch_end = lambda batch, logs=None: seen.append(len(calls))
    fit(make_model(keras), AnnealTemperature(), watch)
    assert len(seen) == len(set(watch.found)) == 8
    assert set(seen) == {seen[0]}


def test_a_training_that_was_broken_off_goes_on_to_the_same_bits(keras, tmp_path):
    whole, halves = make_model(keras, "adam"), [make_model(keras, "adam") for _ in range(2)]
    fit(whole, AnnealTemperature(), epochs=4)
    for model, others in zip(halves, ([BreakOff()], []), strict=True):
        backup = keras.callbacks.BackupAndRestore(str(tmp_path / "backup"))
        try:
            fit(model, AnnealTemperature(), backup, *others, epochs=4)
        except KeyboardInterrupt:
            assert model.layers[0].temperature == 4.0
    expected, found = weights.read_all(whole), weights.read_all(halves[1])
    for path, name in zip(expected, found, strict=True):
        assert expected[path].tobytes() == found[name].tobytes()


def test_what_cannot_be_annealed_is_refused(keras):
    plain = keras.Sequential([keras.layers.Input((5,)), keras.layers.Dense(3)])
    plain.compile("sgd", "mse", run_eagerly=True)
    with pytest.raises(ValueError, match="must have supermask layers with a temperature"):
        fit(plain, AnnealTemperature())
    model = make_model(keras, run_eagerly=True)
    unknown = tf.data.Dataset.from_tensors((X, Y)).filter(lambda *_: True)
    with pytest.raises(ValueError, match="`num_steps` must be given"):
        model.fit(unknown, shuffle=False, verbose=0, callbacks=[AnnealTemperature()])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_steps": 0}, "`num_steps` must be at least 1"),
        ({"begin_step": -1}, "`begin_step` must be at least 0"),
    ],
)
def test_numbers_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        AnnealTemperature(**options)


def test_no_step_is_lost_where_a_data_set_of_unknown_length_ends(keras):
    data = tf.data.Dataset.from_tensor_slices((X, Y)).batch(2).filter(lambda *_: True)
    model, callback = make_model(keras), AnnealTemperature(5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # Keras' own, and that no end is known
        model.fit(data, epochs=2, shuffle=False, verbose=0, callbacks=[callback])
    assert model.layers[0].temperature == 16.0
