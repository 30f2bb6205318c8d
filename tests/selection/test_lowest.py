"""The few lowest taken out: what the full selection keeps, in whatever way weights have moved."""

import numpy as np
import pytest

from tfticket.selection import lowest, top
from tfticket.selection.lowest import without_lowest
from tfticket.selection.top import keep_top

NUM_HISTORIES = 2_000


def fully(scores, candidates, num_kept):
    """The full selection, which looks for the threshold among all scores."""
    return top._above_threshold(scores, candidates, num_kept)


def test_random_histories_of_updates_are_those_of_the_full_selection(monkeypatch):
    for name, value in {"_FEW": 32, "_SMALL": 16, "_SAMPLE": 24}.items():
        monkeypatch.setattr(lowest, name, value)  # so that small arrays go all the ways
    rng = np.random.default_rng(0)
    num_found = num_missed = 0
    for _ in range(NUM_HISTORIES):
        sizes = rng.integers(1, 120, rng.integers(1, 4))
        decimals = rng.integers(0, 4)  # ties, from nearly everywhere to nearly nowhere
        dtypes = rng.choice([np.float32, np.float64], sizes.size)
        weights = [rng.standard_normal(n) for n in sizes]
        masks, num_kept = [np.ones(n, bool) for n in sizes], int(sizes.sum())
        for _ in range(2):
            weights = [w + rng.choice([0, 0.01, 1]) * rng.standard_normal(w.size) for w in weights]
            rounded = [np.abs(np.round(w, decimals)) for w in weights]
            scores = [w.astype(t) for w, t in zip(rounded, dtypes, strict=True)]
            num_kept -= min(num_kept - 1, int(rng.integers(1, 2 + sizes.sum() // 32)))
            if num_kept == sum(int(m.sum()) for m in masks):
                break
            found = without_lowest(scores, masks, sum(int(m.sum()) for m in masks) - num_kept)
            num_found, num_missed = num_found + (found is not None), num_missed + (found is None)
            expected = fully(scores, masks, num_kept)
            for mine, kept in zip(found or expected, expected, strict=True):
                assert np.array_equal(mine, kept)
            masks = keep_top(scores, masks, num_kept)
            assert sum(int(m.sum()) for m in masks) == num_kept
    assert num_found > NUM_HISTORIES
    assert num_missed > NUM_HISTORIES // 10


@pytest.mark.parametrize("num_dropped", [1, 30, 1_000])
@pytest.mark.parametrize("density", [1.0, 0.2, 0.01])
def test_what_is_taken_from_many_is_what_the_full_selection_takes(num_dropped, density):
    rng = np.random.default_rng(0)
    shapes = [(400, 500), (300,), (50, 3, 20)]
    scores = [np.abs(rng.standard_normal(s, dtype=np.float32)) for s in shapes]
    masks = [rng.random(s) < density for s in shapes]
    num_kept = max(1, sum(int(m.sum()) for m in masks) - num_dropped)
    found = keep_top(scores, masks, num_kept)
    for mine, kept in zip(found, fully(scores, masks, num_kept), strict=True):
        assert np.array_equal(mine, kept)


def test_of_equal_scores_the_last_go_first():
    shapes = [(200,), (2, 100)]
    first, second = without_lowest([*map(np.zeros, shapes)], [np.ones(s, bool) for s in shapes], 3)
    assert first.all()
    assert np.flatnonzero(~second).tolist() == [197, 198, 199]


def test_many_to_take_and_a_guess_too_low_are_left_to_the_full_selection(monkeypatch):
    scores, masks = [np.arange(256.0)], [np.ones(256, bool)]
    assert without_lowest(scores, masks, 3) is None
    assert without_lowest(scores, masks, 2) is not None
    monkeypatch.setattr(lowest, "sampled_bound", lambda *_: np.float64(1.0))
    assert without_lowest(scores, masks, 2) is None
    assert np.flatnonzero(~keep_top(scores, masks, 254)[0]).tolist() == [0, 1]


def test_what_occurs_often_is_not_collected(monkeypatch):
    rng = np.random.default_rng(0)
    score = np.maximum(0, rng.standard_normal(100_000))  # half of them 0
    collected = []
    below = lowest._below
    monkeypatch.setattr(lowest, "_below", lambda *a: collected.append(below(*a)) or below(*a))
    (kept,) = keep_top([score], [np.ones(score.size, bool)], 99_990)
    assert np.flatnonzero(~kept).tolist() == np.flatnonzero(score == 0)[-10:].tolist()
    assert collected[0][0].size == 0


def test_the_masks_given_are_left_alone_whatever_their_memory_is_like():
    score = np.arange(256.0).reshape(16, 16)
    mask = np.asfortranarray(np.ones((16, 16), bool))
    mask.setflags(write=False)
    (kept,) = without_lowest([score], [mask], 1)
    assert mask.all()
    assert np.argwhere(~kept).tolist() == [[0, 0]]
