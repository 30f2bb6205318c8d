"""Dropping and growing: counts stay, the smallest go, the largest come."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from tfticket.selection.regrowing import drop_and_grow, falling_fraction


def _plainly(weights, mask, growth, count):
    """By sorting, as the paper says."""
    kept = [i for i in np.argsort(-np.abs(weights), kind="stable") if mask[i]]
    staying = set(kept[: len(kept) - count])
    others = [i for i in np.argsort(-growth, kind="stable") if i not in staying]
    return np.isin(np.arange(len(mask)), [*staying, *others[:count]])


@settings(deadline=None, max_examples=300)
@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.floats(0, 1), st.floats(0, 1))
def test_it_is_what_sorting_gives(seed, size, density, fraction):
    rng = np.random.default_rng(seed)
    mask = rng.random(size) < density
    weights = rng.integers(-3, 4, size).astype("f4") * mask
    growth = rng.integers(0, 5, size).astype("f4")
    count = int(fraction * mask.sum())
    found = drop_and_grow(weights, mask, growth, count)
    assert np.array_equal(found, _plainly(weights, mask, growth, count))
    assert found.sum() == mask.sum()


def test_more_than_is_kept_cannot_move():
    with pytest.raises(ValueError, match="the 2 weights that are kept. Received: 3"):
        drop_and_grow(np.ones(4), np.array([1, 1, 0, 0], bool), np.ones(4), 3)


def test_the_fraction_falls_as_half_a_cosine():
    found = [falling_fraction(step, 100, 0.3) for step in (0, 50, 99, 100, 200)]
    assert found[:2] == pytest.approx([0.3, 0.15])
    assert 0 < found[2] < 1e-3
    assert found[3:] == [0, 0]
