"""The k-th largest, against NumPy's stable sort, however it is found."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tfticket.supermasks.threshold import kth_largest, magnitude_bits, marked

RNG = np.random.default_rng(0)
SMALL = [RNG.normal(size=(7, 5)), RNG.normal(size=11)]
LARGE = [RNG.normal(size=(80, 70)), RNG.normal(size=300)]
TIED = [np.round(RNG.normal(size=(80, 70)), 1), np.zeros(300)]
WIDE = [10.0 ** RNG.uniform(-44, 38, size=9_000), np.array([0.0, -0.0, np.inf, 1e-45])]


def kept(arrays, k):
    bits = [magnitude_bits(tf.constant(a, tf.float32)) for a in arrays]
    threshold = kth_largest(bits, k)
    return [marked(b, threshold, bits[:i]) for i, b in enumerate(bits)]


def kept_by_sorting(arrays, k):
    flat = np.abs(np.concatenate([np.ravel(a) for a in arrays]).astype(np.float32))
    found = np.zeros(flat.size, bool)
    found[np.argsort(-flat, kind="stable")[:k]] = True
    ends = np.cumsum([a.size for a in arrays])[:-1]
    return [part.reshape(a.shape) for part, a in zip(np.split(found, ends), arrays, strict=True)]


@pytest.mark.parametrize("compiled", [False, True], ids=["counted", "bisected"])
@pytest.mark.parametrize(
    "arrays", [SMALL, LARGE, TIED, WIDE], ids=["small", "large", "tied", "wide"]
)
def test_exactly_k_are_kept_and_of_equals_the_first(arrays, compiled):
    size = sum(a.size for a in arrays)
    ours = tf.function(lambda k: kept(arrays, k), jit_compile=compiled)
    for k in (0, 1, 2, size // 5, size // 2, size - 1, size):
        found = ours(tf.constant(k))
        assert sum(int(np.count_nonzero(f)) for f in found) == k
        for one, expected in zip(found, kept_by_sorting(arrays, k), strict=True):
            np.testing.assert_array_equal(one, expected)


@pytest.mark.parametrize("k", [0, 1, 4_999, 5_000, 9_999, 10_000])
def test_the_count_is_exact_where_all_are_equal(k):
    (mask,) = kept([np.full((100, 100), -0.25)], k)
    assert mask.numpy().ravel().tolist() == [True] * k + [False] * (10_000 - k)
