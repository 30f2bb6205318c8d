"""Pieces of arrays in step, samples of candidates, finiteness."""

import numpy as np
import pytest

from tfticket.selection import scanning
from tfticket.selection.scanning import all_finite, chunks, num_true, sample


def test_pieces_are_short_flat_and_in_step(monkeypatch):
    monkeypatch.setattr(scanning, "_CHUNK", 4)
    first, second = [np.arange(6).reshape(2, 3), np.arange(2)], [np.ones((2, 3)), np.zeros(2)]
    found = [(a.tolist(), b.tolist()) for a, b in chunks(first, second)]
    assert found == [([0, 1, 2, 3], [1] * 4), ([4, 5], [1, 1]), ([0, 1], [0, 0])]


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_one_value_that_is_not_finite_is_found(wrong, monkeypatch):
    monkeypatch.setattr(scanning, "_CHUNK", 4)
    values = np.zeros((3, 3), np.float32)
    assert all_finite(values)
    values[2, 2] = wrong
    assert not all_finite(values)


def test_true_is_counted_over_all_arrays():
    assert num_true([np.array([True, False]), np.array([[True]]), np.empty(0, bool)]) == 2


def test_a_sample_is_of_candidates_only_the_same_every_time_and_in_proportion():
    scores = [np.arange(1000.0), np.arange(1000.0, 4000.0).reshape(3, 1000), np.empty(0)]
    candidates = [s % 2 == 0 for s in scores]
    drawn = sample(scores, candidates, 400)
    assert np.all(drawn % 2 == 0)
    assert np.array_equal(drawn, np.sort(drawn))  # in the order of the arrays, which is theirs
    assert np.array_equal(drawn, sample(scores, candidates, 400))
    assert 150 < drawn.size < 250
    assert 25 < np.count_nonzero(drawn < 1000) < 75
