import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra import numpy as hnp

from tfticket.selection import top
from tfticket.selection.top import keep_top, kth_largest


def by_stable_sort(scores, candidates, num_kept):
    """The oracle: sort all candidates, largest first, equal ones by position."""
    flat, open_ = (
        np.concatenate([s.ravel() for s in scores]),
        np.concatenate([c.ravel() for c in candidates]),
    )
    order = [i for i in np.argsort(-flat, kind="stable") if open_[i]]
    kept = np.zeros(flat.size, bool)
    kept[order[:num_kept]] = True
    parts = np.split(kept, np.cumsum([s.size for s in scores])[:-1])
    return [p.reshape(s.shape) for p, s in zip(parts, scores, strict=True)]


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_the_kept_set_is_that_of_a_stable_sort(data):
    dtypes = data.draw(st.lists(st.sampled_from([np.float32, np.float64]), min_size=3, max_size=3))
    values = st.sampled_from([-2.0, -0.0, 0.0, 0.5, 1.0, 1.5]) | st.floats(-1, 1, width=32)
    shapes = data.draw(st.lists(st.sampled_from([(1,), (7,), (3, 4)]), min_size=1, max_size=3))
    scores = [
        data.draw(hnp.arrays(dtype, s, elements=values))
        for s, dtype in zip(shapes, dtypes, strict=False)
    ]
    candidates = [data.draw(hnp.arrays(bool, s)) for s in shapes]
    num_kept = data.draw(st.integers(0, sum(int(c.sum()) for c in candidates)))
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


def values_of_all_kinds(dtype):
    rng = np.random.default_rng(0)
    distinct = rng.standard_normal(300_000).astype(dtype)
    few = rng.choice(np.array([0.1, 0.2, 0.3], dtype), 300_000)
    mostly_zero = np.where(rng.random(300_000) < 0.7, dtype(0), distinct)
    return [distinct, np.round(distinct, 1), np.abs(mostly_zero), -np.abs(distinct), few]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_kth_largest_of_many_is_exact_whatever_their_ties(dtype):
    for values in values_of_all_kinds(dtype):
        parts, everywhere = [values[:99_999], values[99_999:]], np.ones(300_000, bool)
        ordered = np.sort(values)[::-1]
        for k in (1, 2, 999, 90_000, 150_000, 299_999, 300_000):
            found, num_above = kth_largest(parts, [everywhere[:99_999], everywhere[99_999:]], k)
            assert found == ordered[k - 1]
            assert num_above == np.count_nonzero(values > found)


def test_a_bracket_that_misses_is_put_right(monkeypatch):
    values = [np.arange(1000, dtype=np.float32)]
    for wrong in [(0, 1), (998, 999), (2000, 3000), (-5, -4), (3, 3)]:
        monkeypatch.setattr(top, "_bracket", lambda *_, w=wrong: map(np.float32, w))
        for k in (1, 500, 1000):
            assert kth_largest(values, [np.ones(1000, bool)], k) == (1000 - k, k - 1)


def test_protected_candidates_stay_and_count():
    scores, everywhere = [np.arange(5.0)], [np.ones(5, bool)]
    protected = [np.array([True, False, False, False, False])]
    (kept,) = keep_top(scores, everywhere, 3, protected)
    assert kept.tolist() == [True, False, False, True, True]


def test_negative_zero_ties_with_zero():
    (kept,) = keep_top([np.array([-0.0, 0.0, -0.0], np.float32)], [np.ones(3, bool)], 2)
    assert kept.tolist() == [True, True, False]
