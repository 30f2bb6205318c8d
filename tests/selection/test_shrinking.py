"""What updates take from masks, from the last one on, is what the full selection takes."""

import copy

import numpy as np
import pytest

from tfticket.masks import Masks, ones_like
from tfticket.selection import lowest, shrinking, top
from tfticket.selection.budgets import budget
from tfticket.selection.selecting import select
from tfticket.selection.shrinking import Shrinking


def fully(weights, masks, sparsity, scope):
    """The full selection, which looks for the threshold among all scores."""
    kept = {}
    for group in budget({p: m.shape for p, m in masks.items()}, sparsity, scope):
        candidates = [masks[p] for p in group.paths]
        found = candidates
        if group.num_kept < sum(int(c.sum()) for c in candidates):
            scores = [np.abs(weights[p]) for p in group.paths]
            found = top._above_threshold(scores, candidates, group.num_kept)
        kept |= dict(zip(group.paths, found, strict=True))
    return Masks({p: kept[p] for p in masks})


def after(masks, dropped):
    arrays = {p: np.array(m) for p, m in masks.items()}
    for path, places in dropped.items():
        arrays[path].reshape(-1)[places] = False
    return Masks(arrays)


@pytest.mark.parametrize("num_histories", [2_000, pytest.param(10_000, marks=pytest.mark.long)])
def test_random_histories_are_those_of_the_full_selection(monkeypatch, num_histories):
    monkeypatch.setattr(lowest, "_SAMPLE", 24)
    monkeypatch.setattr(lowest, "_FEW", 16)
    monkeypatch.setattr(shrinking, "_PART", 4)
    rng, num_taken, num_reused = np.random.default_rng(0), 0, 0
    for number in range(num_histories):
        # Small arrays are searched whole; half of the histories go by a sample all the same.
        monkeypatch.setattr(lowest, "_SMALL", 16 if number % 2 else 1 << 12)
        scope, decimals = ("layer", "global")[number % 3 == 0], rng.integers(0, 4)
        sizes, dtype = rng.integers(8, 80, rng.integers(1, 3)), (np.float32, np.float64)[number % 2]
        weights = {str(i): rng.standard_normal(n) for i, n in enumerate(sizes)}
        found, masks, sparsity = Shrinking(np.abs, scope), ones_like(weights), 0.0
        for _ in range(3):
            moved = rng.choice([0, 0.01, 1]) * rng.standard_normal((len(sizes), 80))
            weights = {p: w + moved[int(p), : w.size] for p, w in weights.items()}
            seen = {p: np.round(w, decimals).astype(dtype) * masks[p] for p, w in weights.items()}
            sparsity += rng.choice([0.0, 0.01, 0.03, 0.2])
            num_reused += bool(found._bounds)
            dropped = found.dropped(seen, masks, sparsity)
            expected = fully(seen, masks, sparsity, scope)
            if dropped is not None:
                assert after(masks, dropped) == expected
                num_taken += 1
            masks = expected
    assert num_taken > num_histories
    assert num_reused > num_histories // 4


@pytest.mark.parametrize("scope", ["layer", "global", "erk", [("0", "1"), ".*"]])
def test_a_long_history_is_that_of_select_in_every_scope(scope):
    rng = np.random.default_rng(0)
    shapes = {"0": (200, 300), "1": (3, 3, 40, 50), "2": (70, 10)}
    weights = {p: rng.standard_normal(s).astype(np.float32) for p, s in shapes.items()}
    found, masks, num_taken = Shrinking(np.abs, scope), ones_like(weights), 0
    for sparsity in np.linspace(0.5, 0.7, 60):
        weights = {
            p: (w + 0.01 * rng.standard_normal(w.shape).astype(np.float32)) * masks[p]
            for p, w in weights.items()
        }
        scores = {p: np.abs(w) for p, w in weights.items()}
        expected = select(scores, masks, sparsity, scope=scope)
        dropped = found.dropped(weights, masks, sparsity)
        if dropped is not None:
            assert after(masks, dropped) == expected
            num_taken += 1
        masks = expected
    assert num_taken > 50


def test_what_cannot_be_found_is_left_to_the_full_selection():
    kernel = np.arange(1.0, 257.0)
    masks = Masks({"kernel": np.ones(256, bool)})
    found = Shrinking(np.abs, "layer")
    assert found.dropped({"kernel": kernel}, masks, 0.5) is None  # too much at once
    assert found.dropped({"kernel": kernel.astype(np.float16)}, masks, 2 / 256) is None
    for wrong in (np.nan, np.inf, -np.inf):
        kernel[7] = wrong
        assert found.dropped({"kernel": kernel}, masks, 2 / 256) is None
    negative = Shrinking(lambda w: -np.abs(w), "layer")
    assert negative.dropped({"kernel": kernel}, masks, 2 / 256) is None


def test_a_collapse_is_left_to_the_full_selection_which_reports_it():
    masks = Masks({"a": np.ones(2, bool), "b": np.ones(998, bool)})
    weights = {"a": np.zeros(2), "b": np.ones(998)}
    assert Shrinking(np.abs, "global").dropped(weights, masks, 0.002) is None
    dropped = Shrinking(np.abs, "global").dropped(weights, masks, 0.001)
    assert {p: at.tolist() for p, at in dropped.items()} == {"a": [1], "b": []}


def test_masks_that_are_sparser_than_asked_for_lose_nothing():
    masks = Masks({"a": np.arange(256) % 2 == 0})
    dropped = Shrinking(np.abs, "layer").dropped({"a": np.ones(256)}, masks, 0.25)
    assert dropped["a"].size == 0


def test_a_bound_serves_several_updates_and_goes_along_with_a_copy(monkeypatch):
    rng = np.random.default_rng(0)
    weights = {"a": rng.standard_normal(100_000)}
    found, masks, drawn = Shrinking(np.abs, "layer"), ones_like(weights), []
    bound = shrinking.sampled_bound
    monkeypatch.setattr(shrinking, "sampled_bound", lambda *a: drawn.append(1) or bound(*a))
    for number in range(1, 11):
        masks = after(masks, found.dropped(weights, masks, number * 1e-4))
    assert masks.num_kept == 99_900
    assert len(drawn) == 1
    copied = copy.deepcopy(found)
    masks = after(masks, copied.dropped(weights, masks, 11e-4))
    assert len(drawn) == 1
