"""Three steps of SGD with momentum on a whole network, against the same in NumPy."""

from __future__ import annotations

import numpy as np

from tfticket import supermasks
from tfticket.supermasks import EdgePopup

RNG = np.random.default_rng(0)
X = RNG.normal(size=(16, 6)).astype(np.float32)
Y = RNG.normal(size=(16, 2)).astype(np.float32)


def kept(scores, density):
    k = round(density * scores.size)
    mask = np.zeros(scores.size)
    mask[np.argsort(-np.abs(scores).ravel(), kind="stable")[:k]] = 1
    return mask.reshape(scores.shape)


def numpy_steps(frozen, scores, num_steps):
    """Returns losses, and masks at each step; `scores` (float64) are updated in place."""
    velocity, losses, masks = [np.zeros_like(s) for s in scores], [], []
    for _ in range(num_steps):
        masks.append([kept(s, 0.4) for s in scores])
        first, second = (w * m for w, m in zip(frozen, masks[-1], strict=True))
        hidden = np.maximum(X @ first, 0)
        error = hidden @ second - Y
        losses.append(np.mean(error**2))
        upstream = 2 * error / error.size
        gradients = [X.T @ (upstream @ second.T * (hidden > 0)), hidden.T @ upstream]
        for s, v, w, g in zip(scores, velocity, frozen, gradients, strict=True):
            v *= 0.9
            v -= 0.5 * (g * w * np.sign(s))
            s += v
    return losses, masks


def test_masks_losses_and_scores_are_those_of_the_formulas(keras):
    make = keras.layers
    hidden = make.Dense(8, activation="relu", use_bias=False, name="hidden")
    output = make.Dense(2, use_bias=False, name="output")
    plain = keras.Sequential([make.Input((6,)), hidden, output])
    model = supermasks.convert(plain, masker=EdgePopup(0.4), initializer="kaiming_normal", seed=1)
    model.compile(keras.optimizers.SGD(0.5, momentum=0.9), "mse")
    frozen = [np.asarray(layer.kernel, np.float64) for layer in model.layers]
    scores = [np.asarray(layer.scores, np.float64) for layer in model.layers]
    expected, masks = numpy_steps(frozen, scores, 3)
    found = []
    for step in range(3):
        for layer, mask in zip(model.layers, masks[step], strict=True):
            np.testing.assert_array_equal(layer.current_mask(), mask)
        found.append(float(np.ravel(model.train_on_batch(X, Y))[0]))
        if keras.__name__ == "keras":
            model.reset_metrics()
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    for layer, score in zip(model.layers, scores, strict=True):
        np.testing.assert_allclose(layer.scores, score, rtol=1e-4, atol=1e-6)
    assert any(not np.array_equal(a, b) for a, b in zip(masks[0], masks[2], strict=True))
