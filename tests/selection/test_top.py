import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra import numpy as hnp

from tfticket.selection.top import _kth_largest_by_bits, keep_top, kth_largest


def by_stable_sort(scores, candidates, num_kept):
    """The oracle: sort all candidates, largest first, equal ones by position."""
    flat, open_ = np.concatenate([s.ravel() for s in scores]), np.concatenate(
        [c.ravel() for c in candidates]
    )
    order = [i for i in np.argsort(-flat, kind="stable") if open_[i]]
    kept = np.zeros(flat.size, bool)
    kept[order[:num_kept]] = True
    parts = np.split(kept, np.cumsum([s.size for s in scores])[:-1])
    return [p.reshape(s.shape) for p, s in zip(parts, scores, strict=True)]


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_the_kept_set_is_that_of_a_stable_sort(data):
    dtype = data.draw(st.sampled_from([np.float32, np.float64]))
    values = st.sampled_from([-2.0, -0.0, 0.0, 0.5, 1.0, 1.5]) | st.floats(-1, 1, width=32)
    shapes = data.draw(st.lists(st.sampled_from([(1,), (7,), (3, 4)]), min_size=1, max_size=3))
    scores = [data.draw(hnp.arrays(dtype, s, elements=values)) for s in shapes]
    candidates = [data.draw(hnp.arrays(bool, s)) for s in shapes]
    num_kept = data.draw(st.integers(0, sum(s.size for s in scores)))
    for kept, expected in zip(
        keep_top(scores, candidates, num_kept),
        by_stable_sort(scores, candidates, num_kept),
        strict=True,
    ):
        assert kept.tolist() == expected.tolist()


@pytest.mark.parametrize("rate", [0, 0.1, 0.2, 0.5, 0.99])
@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_equal_scores_are_kept_first_come_first_served(rate, size):
    num_kept = round((1 - rate) * size)
    (kept,) = keep_top([np.full(size, 0.25, np.float32)], [np.ones(size, bool)], num_kept)
    assert np.flatnonzero(kept).tolist() == list(range(num_kept))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_both_ways_of_selecting_agree_on_ties_and_signs(dtype):
    rng = np.random.default_rng(0)
    distinct = rng.standard_normal(5000).astype(dtype)
    tied = np.round(distinct, 1)
    for values in (distinct, tied, np.abs(tied), -np.abs(distinct)):
        for k in (1, 2, 999, 5000):
            expected = np.sort(values)[::-1][k - 1]
            assert kth_largest([values], k) == expected
            assert kth_largest([values[:99], values[99:]], k) == expected
            assert _kth_largest_by_bits([values[:99], values[99:]], k) == expected


def test_negative_zero_ties_with_zero():
    (kept,) = keep_top([np.array([-0.0, 0.0, -0.0], np.float32)], [np.ones(3, bool)], 2)
    assert kept.tolist() == [True, True, False]
