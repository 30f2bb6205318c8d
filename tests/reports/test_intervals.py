"""Paired differences and their intervals, beside published quantiles."""

from __future__ import annotations

import math

import pytest

from tfticket.reports.intervals import paired_difference, t_quantile


@pytest.mark.parametrize(
    ("degrees", "quantile"),
    [(1, 12.7062), (2, 4.3027), (3, 3.1824), (4, 2.7764), (9, 2.2622), (30, 2.0423), (101, 1.9837)],
)
def test_quantiles_are_those_of_the_tables(degrees, quantile):
    assert t_quantile(degrees) == pytest.approx(quantile, abs=5e-5)


def test_other_probabilities():
    assert t_quantile(4, 0.99) == pytest.approx(4.6041, abs=5e-5)
    assert t_quantile(1, 0.5) == pytest.approx(1.0)


def test_differences_are_taken_seed_by_seed():
    found = paired_difference({0: 0.9, 1: 0.7, 2: 0.5}, {2: 0.4, 1: 0.6, 0: 0.8})
    assert (found.mean, found.num) == (pytest.approx(0.1), 3)
    assert found.half_width == pytest.approx(0.0, abs=1e-12)  # though each arm spreads widely


def test_an_interval_is_by_student():
    found = paired_difference({0: 1.0, 1: 3.0}, {0: 0.0, 1: 0.0})
    assert found.mean == 2.0
    assert found.half_width == pytest.approx(12.7062 * math.sqrt(2) / math.sqrt(2), abs=1e-3)
    assert str(found) == "+2.0000 [-10.7062, +14.7062]"


def test_what_has_no_pair_is_left_out():
    assert paired_difference({0: 1.0, 1: None}, {1: 1.0, 2: 1.0}) is None
    found = paired_difference({0: 1.0, 1: math.nan}, {0: 0.5, 1: 0.5})
    assert (found.num, found.half_width, str(found)) == (1, None, "+0.5000")
