"""Sums of `−w · ∂L/∂w` inside `fit`, held against the same steps done in numpy."""

from __future__ import annotations

import numpy as np
import pytest

from tfticket import _keras
from tfticket.enforcement import enforce
from tfticket.masks import Masks

RNG = np.random.default_rng(0)
X = RNG.normal(size=(24, 5)).astype(np.float32)
Y = (X @ RNG.normal(size=(5, 3))).astype(np.float32)
MASK = RNG.random((5, 3)) < 0.7
RATE, BATCH = 0.05, 4


def linear(keras, optimizer=None, **compile_options):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.layers.Input((5,)), keras.layers.Dense(3, name="only")])
    model.compile(optimizer or keras.optimizers.SGD(RATE), "mse", **compile_options)
    return model


def by_hand(kernel, epochs, per_update=1, num_skipped=0):
    """Plain SGD on the mean squared error, masked; what it sums up, batch by batch."""
    kernel, bias = np.where(MASK, kernel, 0).astype(np.float64), np.zeros(3)
    total, held = np.zeros_like(kernel), []
    for start in (list(range(0, len(X), BATCH)) * epochs)[num_skipped:]:
        x, y = X[start : start + BATCH], Y[start : start + BATCH]
        error = 2 * (x @ kernel + bias - y) / y.size
        total -= kernel * (x.T @ error)
        held.append((x.T @ error, error.sum(0)))
        if len(held) == per_update:
            kernel = np.where(MASK, kernel - RATE * np.mean([k for k, _ in held], axis=0), 0)
            bias, held = bias - RATE * np.mean([b for _, b in held], axis=0), []
    return total


def fitted(model, epochs=2, sums=None):
    enforcement = enforce(model, Masks({"only/kernel": MASK}))
    sums = enforcement.sum_movement(sums)
    model.fit(X, Y, epochs=epochs, batch_size=BATCH, shuffle=False, verbose=0)
    enforcement.check()
    return enforcement, sums


@pytest.mark.parametrize("options", [{}, {"steps_per_execution": 3}, {"jit_compile": True}])
def test_every_update_is_summed(keras, options):
    model = linear(keras, **options)
    kernel = _keras.value_of(model.layers[-1].kernel)
    expected = by_hand(np.array(kernel), 2)
    _, sums = fitted(model)
    found = sums.of(model.layers[-1].kernel)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
    assert not found[~MASK].any()


def test_every_batch_counts_under_gradient_accumulation():
    import keras

    optimizer = keras.optimizers.SGD(RATE, gradient_accumulation_steps=3)
    model = linear(keras, optimizer)
    expected = by_hand(np.array(_keras.value_of(model.layers[-1].kernel)), 2, per_update=3)
    _, sums = fitted(model)
    found = sums.of(model.layers[-1].kernel)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def scaled(keras, scale):
    """A model whose losses are scaled."""
    home = keras.optimizers if keras.__name__ == "keras" else keras.mixed_precision
    return linear(keras, home.LossScaleOptimizer(keras.optimizers.SGD(RATE), initial_scale=scale))


def test_scaled_losses_are_summed_as_they_are(keras):
    model = scaled(keras, 2.0**10)
    expected = by_hand(np.array(_keras.value_of(model.layers[-1].kernel)), 2)
    _, sums = fitted(model)
    found = sums.of(model.layers[-1].kernel)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-6)


def test_a_step_that_loss_scaling_skips_is_not_counted(keras, monkeypatch):
    monkeypatch.setitem(globals(), "X", np.tile(X[:BATCH], (6, 1)))
    monkeypatch.setitem(globals(), "Y", np.tile(Y[:BATCH] * 2.0**8, (6, 1)))
    model = scaled(keras, 2.0**124)
    initial = np.array(_keras.value_of(model.layers[-1].kernel))
    _, sums = fitted(model)
    name = "dynamic_scale" if keras.__name__ == "keras" else "loss_scale"
    num_skipped = round(124 - np.log2(float(getattr(model.optimizer, name))))
    assert 0 < num_skipped < 12
    expected = by_hand(initial, 2, num_skipped=num_skipped)
    found = sums.of(model.layers[-1].kernel)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-2)


def test_sums_go_on_after_another_compile(keras):
    model = linear(keras)
    expected = by_hand(np.array(_keras.value_of(model.layers[-1].kernel)), 4)
    _, sums = fitted(model)
    model.compile(keras.optimizers.SGD(RATE), "mse")
    _, again = fitted(model, sums=sums)
    found = again.of(model.layers[-1].kernel)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_a_model_that_is_not_compiled_is_refused(keras):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.layers.Input((5,)), keras.layers.Dense(3, name="only")])
    with pytest.raises(ValueError, match="`optimizer` must be given"):
        enforce(model, Masks({"only/kernel": MASK})).sum_movement()
