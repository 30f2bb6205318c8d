from __future__ import annotations

import warnings

import pytest

from tfticket._tfmot import tfmot
from tfticket.errors import UnreachableSparsityError
from tfticket.schedules import (
    Constant,
    Exponential,
    Linear,
    OneShot,
    PerPath,
    Polynomial,
    check_reachable,
    reachable_sparsity,
)

COURSE = {"begin_step": 1000, "end_step": 5000, "frequency": 100}


def decay(final, begin, end, frequency):
    return tfmot().sparsity.keras.PolynomialDecay(0.0, final, begin, end, frequency=frequency)


def test_the_course_example_ends_at_29_percent_instead_of_75():
    assert reachable_sparsity(Polynomial(0.75, **COURSE), 1600) == pytest.approx(0.28940625)
    assert reachable_sparsity(decay(0.75, 1000, 5000, 100), 1600) == pytest.approx(0.28940625)
    assert reachable_sparsity(Polynomial(0.75, **COURSE), 5000) == 0.75


def test_the_error_says_what_was_asked_where_it_ends_and_what_to_do():
    with pytest.raises(UnreachableSparsityError) as caught:
        check_reachable(Polynomial(0.75, **COURSE), 1600)
    text = str(caught.value)
    for part in ("0.75 at step 5000", "1600", "0.2894", "Train longer", "num_steps=1600"):
        assert part in text


def test_a_warning_is_given_where_asked_for():
    with pytest.warns(UserWarning, match="sparsity 0.2894"):
        reached = check_reachable(Polynomial(0.75, **COURSE), 1600, on_unreachable="warn")
    assert reached == pytest.approx(0.28940625)
    with pytest.raises(ValueError, match="never passed over"):
        check_reachable(Polynomial(0.75, **COURSE), 1600, on_unreachable="ignore")


def test_what_is_reached_is_passed_without_a_word():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert check_reachable(Polynomial(0.75, **COURSE), 5000) == 0.75
        assert check_reachable(OneShot(0.9), 0) == 0.9
        assert check_reachable(Constant(0.9), 1) == 0.9


@pytest.mark.parametrize("num_steps", [0, 1, 14, 25, 39, 49, 50, 200])
def test_it_says_what_following_the_schedule_step_by_step_gives(num_steps):
    schedule = Linear(0.5, begin_step=10, end_step=50, frequency=15)
    reached = 0.0
    for step in range(num_steps + 1):
        if schedule.should_prune(step):
            reached = schedule.sparsity_at(step)
    assert reachable_sparsity(schedule, num_steps) == reached


def test_tfmot_misses_an_end_that_its_frequency_does_not_hit_and_we_do_not():
    theirs = decay(0.75, 0, 50, 30)
    assert reachable_sparsity(theirs, 50) == pytest.approx(0.702)
    assert reachable_sparsity(Polynomial(0.75, end_step=50, frequency=30), 50) == 0.75


def test_tfmots_own_clock_starts_at_step_1():
    never = tfmot().sparsity.keras.ConstantSparsity(0.8, 0, 0, 1)
    assert reachable_sparsity(never, 100) == 0.0
    with pytest.raises(UnreachableSparsityError):
        check_reachable(never, 100)


def test_short_runs_end_dense_with_tfmots_frequency():
    theirs = decay(0.8, 0, 64, 100)
    assert reachable_sparsity(theirs, 64) == 0.0
    assert reachable_sparsity(Polynomial(0.8, end_step=64), 64) == 0.8


def test_steps_already_done_count():
    schedule = Linear(0.5, end_step=100, frequency=10)
    assert reachable_sparsity(schedule, 50, start_step=50) == 0.5
    assert reachable_sparsity(schedule, 50, start_step=500) == 0.0
    assert reachable_sparsity(schedule, 50, start_step=500, current_sparsity=0.5) == 0.5
    assert check_reachable(schedule, 50, start_step=500, current_sparsity=0.5) == 0.5


def test_two_rates_are_each_checked():
    clock = {"end_step": 100, "frequency": 10}
    both = PerPath({"a": Linear(0.5, **clock), "b": Exponential(0.5, **clock)})
    assert reachable_sparsity(both, 100) == {"a": 0.5, "b": 0.5}
    with pytest.raises(UnreachableSparsityError, match=r"'a': 0.25, 'b': 0.2929"):
        check_reachable(both, 50)
    with pytest.raises(UnreachableSparsityError):
        check_reachable(both, 50, start_step=200)
