from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfticket.schedules.rates import planned_schedule, rounds_needed


def test_the_number_of_rounds_is_the_smallest_that_reaches_the_sparsity():
    assert rounds_needed(0.9, 0.2) == 11  # 0.8**10 = 0.107, 0.8**11 = 0.086
    assert rounds_needed(0.36, 0.2) == 2  # reached exactly
    assert rounds_needed(0.1, 0.2) == 1


@given(st.floats(0.01, 0.99), st.floats(0.05, 0.9))
def test_so_it_is_for_every_sparsity_and_rate(sparsity, rate):
    rounds = rounds_needed(sparsity, rate)
    assert 1 - (1 - rate) ** rounds >= sparsity - 1e-9
    assert rounds == 1 or 1 - (1 - rate) ** (rounds - 1) < sparsity + 1e-9


def test_the_last_round_ends_at_exactly_the_sparsity():
    assert planned_schedule({"kernel": 10}, pruning_rate=0.2, sparsity=0.9).curve(1.0) == 0.9


def test_every_round_removes_the_same_fraction():
    schedule = planned_schedule({"kernel": 10}, pruning_rate=0.2, sparsity=0.9)
    density = [1 - schedule.curve(r / schedule.rounds) for r in range(schedule.rounds + 1)]
    ratios = [after / before for before, after in itertools.pairwise(density)]
    assert ratios == pytest.approx([0.1 ** (1 / 11)] * 11)
    assert ratios[0] > 0.8  # a little less than the rate is removed


def test_rounds_alone_remove_exactly_the_rate():
    schedule = planned_schedule({"kernel": 10}, pruning_rate=0.2, rounds=3)
    assert schedule.curve(1.0) == pytest.approx(1 - 0.8**3)


def test_sparsity_and_rounds_fix_the_rate():
    schedule = planned_schedule({"kernel": 10}, pruning_rate=0.2, sparsity=0.75, rounds=2)
    assert schedule.curve(0.5) == pytest.approx(0.5)


SIZES = {"dense/kernel": 9_000, "output/kernel": 1_000}
RATES = {"dense/kernel": 0.2, "output/kernel": 0.1}


def test_rates_by_path_together_end_at_exactly_the_sparsity():
    schedule = planned_schedule(SIZES, pruning_rate=RATES, sparsity=0.9)
    dense, output = schedule.curve(1.0).values()
    assert 0.9 * dense + 0.1 * output == pytest.approx(0.9, abs=1e-12)
    assert math.log(1 - dense) / math.log(1 - output) == pytest.approx(
        math.log(0.8) / math.log(0.9)
    )


def test_rates_by_path_and_rounds_are_the_grid_of_the_paper():
    schedule = planned_schedule(SIZES, pruning_rate=RATES, rounds=3)
    assert list(schedule.curve(1.0).values()) == pytest.approx([1 - 0.8**3, 1 - 0.9**3])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"pruning_rate": 1.0, "rounds": 2}, "`pruning_rate` must be in"),
        ({"pruning_rate": 0.2, "sparsity": 90.0}, "`sparsity` must be in"),
        ({"pruning_rate": 0.2}, "`rounds` must be at least 1, or `sparsity` given"),
        ({"pruning_rate": 0.2, "rounds": 0}, "`rounds` must be at least 1"),
    ],
)
def test_targets_out_of_range_are_refused(settings, said):
    with pytest.raises(ValueError, match=said):
        planned_schedule(SIZES, **settings)
