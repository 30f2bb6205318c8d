"""Weights that are NaN are named, not the scores that come of them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import tfticket as tt
from tfticket import schedules, slimming, weights
from tfticket.scores import Evidence


@pytest.fixture
def diverged(keras):
    layers = keras.layers
    hidden = [layers.Dense(8, name="hidden"), layers.Dense(2, name="output")]
    model = keras.Sequential([keras.Input((6,)), *hidden])
    weights.write(model, {"hidden/kernel": np.full((6, 8), np.nan, np.float32)})
    return model


def test_the_weight_that_is_nan_is_named(diverged):
    with pytest.raises(ValueError, match=r"NaN or infinity in \['hidden/kernel'\]"):
        tt.prune(diverged, score="magnitude", schedule=schedules.OneShot(0.5))
    with pytest.raises(ValueError, match=r"NaN or infinity in \['hidden/kernel'\]"):
        slimming.channel_masks(diverged, 0.5, score="l1")


def test_so_is_a_bias_that_makes_gradients_nan(diverged):
    sound = {"hidden/kernel": np.ones((6, 8), np.float32)}
    weights.write(diverged, sound | {"hidden/bias": np.full(8, np.inf, np.float32)})
    batch = (np.ones((4, 6), np.float32), np.ones((4, 2), np.float32))
    evidence = dataclasses.replace(Evidence({}), batch=batch, loss="mse")
    with pytest.raises(ValueError, match=r"NaN or infinity in \['hidden/bias'\]"):
        tt.prune(diverged, score="snip", schedule=schedules.OneShot(0.5), evidence=evidence)
