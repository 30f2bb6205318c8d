from __future__ import annotations

import itertools

import numpy as np
import pytest

from tfticket.strong_tickets import closest_subsets, subset_sums


@pytest.mark.parametrize("count", [1, 2, 5, 8])
def test_no_subset_is_closer(count):
    generator = np.random.default_rng(count)
    candidates = generator.uniform(-1, 1, (30, count))
    targets = generator.uniform(-1, 1, 30)
    found = closest_subsets(candidates, targets)
    every = np.array(list(itertools.product([False, True], repeat=count)))
    least = np.abs(candidates @ every.T - targets[:, None]).min(1)
    np.testing.assert_allclose(np.abs((candidates * found).sum(1) - targets), least, atol=1e-12)


def test_an_exact_sum_is_found_whatever_the_size_of_the_blocks(monkeypatch):
    generator = np.random.default_rng(0)
    candidates = generator.normal(size=(200, 11))
    wanted = generator.random((200, 11)) < 0.5
    targets = (candidates * wanted).sum(1)
    whole = closest_subsets(candidates, targets)
    np.testing.assert_allclose((candidates * whole).sum(1), targets, atol=1e-12)
    monkeypatch.setattr(subset_sums, "_NUM_SUMS", 2**7)
    np.testing.assert_array_equal(closest_subsets(candidates, targets), whole)


def test_nothing_is_the_closest_to_zero():
    assert not closest_subsets(np.full((3, 4), 0.5), np.zeros(3)).any()


def test_each_candidate_halves_the_error():
    """The law of Lueker, on which strong tickets rest: log2 of the error falls by one."""
    generator = np.random.default_rng(0)
    medians = []
    for count in (8, 12, 16):
        candidates = generator.uniform(-2, 2, (400, count)) * generator.random((400, count))
        targets = generator.uniform(-1, 1, 400)
        kept = closest_subsets(candidates, targets)
        medians.append(np.median(np.abs((candidates * kept).sum(1) - targets)))
    slopes = np.diff(np.log2(medians)) / 4
    assert (slopes > -1.2).all() and (slopes < -0.8).all()


@pytest.mark.parametrize("shape", [(3, 0), (3, 33)])
def test_too_many_candidates_are_refused(shape):
    with pytest.raises(ValueError, match="1 to 32"):
        closest_subsets(np.zeros(shape), np.zeros(3))
    with pytest.raises(ValueError, match="targets of"):
        closest_subsets(np.zeros((3, 4)), np.zeros(2))
