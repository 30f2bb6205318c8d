import numpy as np
import pytest

from tfticket.masks import Masks
from tfticket.selection.threshold import threshold_masks

NORMAL = {
    "a": np.random.default_rng(0).normal(3.0, 1.0, (200, 100)),
    "b": np.random.default_rng(1).normal(-3.0, 1.0, (200, 100)),
}


def test_the_threshold_is_the_mean_magnitude_plus_standard_deviations_of_all_weights():
    everything = np.concatenate([w.ravel() for w in NORMAL.values()])
    threshold = np.abs(everything).mean() + 0.5 * everything.std()
    masks = threshold_masks(NORMAL, 0.5)
    assert all(np.array_equal(masks[p], np.abs(w) > threshold) for p, w in NORMAL.items())


def test_the_mean_is_of_magnitudes_and_not_of_signed_weights():
    """With the signed mean a normal distribution around 0 keeps a third at α = 1, not 7 %."""
    centred = {"a": np.random.default_rng(2).normal(size=100_000).astype(np.float32)}
    assert threshold_masks(centred, 1.0).density == pytest.approx(0.0722, abs=0.003)


def test_masked_weights_neither_count_nor_come_back():
    weights = {"a": np.array([9.0, 9.0, 1.0, -1.0, 1.0, -1.5])}
    masks = Masks({"a": np.array([False, False, True, True, True, True])})
    assert threshold_masks(weights, 0.1, masks)["a"].tolist() == [False] * 5 + [True]


def test_weights_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="`weights` must be finite"):
        threshold_masks({"a": np.array([np.nan])}, 1.0)
