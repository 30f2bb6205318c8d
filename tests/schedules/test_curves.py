from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tfticket._tfmot import tfmot
from tfticket.schedules import Constant, Exponential, Linear, OneShot, PerPath, Polynomial

EVERY = [
    OneShot(0.75),
    Constant(0.75),
    Linear(0.75, initial_sparsity=0.25),
    Polynomial(0.75, initial_sparsity=0.25),
    Exponential(0.75, initial_sparsity=0.25),
    Exponential.at_rate(0.5, rounds=2),
]
every = pytest.mark.parametrize("schedule", EVERY, ids=lambda s: type(s).__name__)

fractions = st.floats(0.0, 0.999)
progresses = st.floats(0.0, 1.0)


@every
def test_every_curve_ends_at_its_final_sparsity(schedule):
    assert schedule.curve(1.0) == 0.75


@every
def test_every_curve_takes_numbers_arrays_and_tensors(schedule):
    progress = np.array([-1.0, 0.0, 0.25, 0.5, 1.0, 2.0])
    numbers = [schedule.curve(p) for p in progress.tolist()]
    array = schedule.curve(progress)
    tensor = schedule.curve(tf.constant(progress, tf.float32))
    assert all(type(n) is float for n in numbers)
    assert isinstance(array, np.ndarray)
    assert tensor.dtype == tf.float32
    np.testing.assert_allclose(array, numbers, rtol=1e-14)
    np.testing.assert_allclose(tensor, numbers, rtol=1e-6)


@every
@given(first=progresses, second=progresses)
@settings(deadline=None, max_examples=30)
def test_no_curve_falls(schedule, first, second):
    low, high = sorted([first, second])
    assert 0.0 <= schedule.curve(low) <= schedule.curve(high) + 1e-15 < 1.0


@given(ends=st.tuples(fractions, fractions), progress=progresses)
@settings(deadline=None, max_examples=50)
def test_curves_stay_between_their_ends(ends, progress):
    low, high = sorted(ends)
    for kind in (Linear, Polynomial, Exponential):
        sparsity = kind(high, initial_sparsity=low).curve(progress)
        assert low - 1e-12 <= sparsity <= high + 1e-12


def test_one_shot_does_nothing_before_the_end():
    assert [OneShot(0.9).curve(p) for p in (0.0, 0.5, 0.999, 1.0)] == [0.0, 0.0, 0.0, 0.9]
    assert OneShot(0.9).rounds == 1


def test_constant_is_constant():
    assert [Constant(0.9).curve(p) for p in (0.0, 0.5, 1.0)] == [0.9, 0.9, 0.9]


def test_linear_rises_by_the_same_sparsity_every_round():
    assert [Linear(0.8).curve(r / 4) for r in range(5)] == pytest.approx([0, 0.2, 0.4, 0.6, 0.8])


def test_exponential_removes_the_same_share_of_what_is_left():
    densities = [1 - Exponential(0.875).curve(r / 3) for r in range(4)]
    assert densities == pytest.approx([1, 0.5, 0.25, 0.125])


def test_the_middle_of_the_polynomial_is_not_what_the_course_text_says():
    assert Polynomial(0.75).curve(0.5) == 0.65625  # printed there as 0.094


@pytest.mark.parametrize("rounds", [1, 3, 24, 49, 100])
@pytest.mark.parametrize("rate", [0.0, 0.1, 0.15, 0.2, 0.3])
def test_at_rate_is_exact_after_every_round(rate, rounds):
    schedule = Exponential.at_rate(rate, rounds)
    assert schedule.rounds == rounds
    assert [schedule.curve(r / rounds) for r in range(rounds + 1)] == [
        1 - (1 - rate) ** r for r in range(rounds + 1)
    ]


def test_the_paper_grid_of_weights_remaining():
    schedule = Exponential.at_rate(0.2, rounds=24)
    remaining = [round(100 * (1 - schedule.curve(r / 24)), 1) for r in (1, 3, 7, 12, 20)]
    assert remaining == [80.0, 51.2, 21.0, 6.9, 1.2]


def test_polynomial_is_tfmots_bit_for_bit():
    steps = tf.range(0, 6000, dtype=tf.int64)
    for initial, final, begin, end, power in [
        (0.0, 0.75, 1000, 5000, 3),
        (0.5, 0.8, 0, 1777, 3),
        (0.1, 0.999, 3, 5999, 2.5),
        (0.3, 0.3, 17, 4000, 1),
    ]:
        theirs = tfmot().sparsity.keras.PolynomialDecay(initial, final, begin, end, power, 7)
        ours = Polynomial(
            final,
            initial_sparsity=initial,
            power=power,
            begin_step=begin,
            end_step=end,
            frequency=7,
        )
        for run in (lambda f: f, tf.function):
            expected, got = run(theirs)(steps)[1], run(ours)(steps)[1]
            assert expected.dtype == got.dtype == tf.float32
            np.testing.assert_array_equal(expected.numpy(), got.numpy())


def test_two_rates_side_by_side():
    schedule = PerPath(
        {"output": Exponential.at_rate(0.1, 10), "dense": Exponential.at_rate(0.2, 10)}
    )
    assert schedule.rounds == 10
    assert schedule.curve(0.3) == {"output": 1 - 0.9**3, "dense": 1 - 0.8**3}
    with pytest.raises(TypeError, match="must not be given to tfmot"):
        schedule(1)


def test_schedules_side_by_side_go_by_one_clock():
    with pytest.raises(ValueError, match="by one clock"):
        PerPath({"a": Exponential.at_rate(0.1, 10), "b": Exponential.at_rate(0.1, 9)})
    with pytest.raises(ValueError, match="by one clock"):
        PerPath({})
    clock = {"begin_step": 5, "end_step": 50, "frequency": 9}
    both = PerPath({"a": Linear(0.1, **clock), "b": Polynomial(0.2, **clock)})
    assert (both.begin_step, both.end_step, both.frequency, both.rounds) == (5, 50, 9, None)
    assert both.should_prune(14)
    assert both.sparsity_at(50) == {"a": 0.1, "b": 0.2}


@pytest.mark.parametrize("sparsity", [1.0, 90, -0.1, float("nan")])
@pytest.mark.parametrize("kind", [OneShot, Constant, Linear, Polynomial, Exponential])
def test_a_sparsity_is_a_fraction(kind, sparsity):
    with pytest.raises(ValueError, match=r"`final_sparsity` must be in \[0, 1\).*Received"):
        kind(sparsity)


@pytest.mark.parametrize("kind", [Linear, Polynomial, Exponential])
def test_sparsity_that_falls_is_refused(kind):
    with pytest.raises(ValueError, match="masks never grow again.*initial_sparsity=0.9"):
        kind(0.5, initial_sparsity=0.9)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Linear("0.5"), "`final_sparsity` must be a number"),
        (lambda: Polynomial(0.5, power=0), "`power` must be greater than 0"),
        (lambda: Exponential.at_rate(0.2, 0), "`rounds` must be at least 1"),
        (lambda: Exponential.at_rate(1.0, 2), r"`pruning_rate` must be in \[0, 1\)"),
        (lambda: Exponential(0.5, pruning_rate=0.2, rounds=2), "use Exponential.at_rate"),
        (lambda: Linear(0.5, begin_step=-1), "`begin_step` must be at least 0"),
        (lambda: Linear(0.5, begin_step=9, end_step=3), "`end_step` must be at least `begin_step`"),
        (lambda: Linear(0.5, end_step=-1), "only a constant schedule can go on for ever"),
        (lambda: Linear(0.5, frequency=0), "`frequency` must be at least 1"),
        (lambda: Linear(0.5, end_step="2ep"), "`end_step` must be in steps here"),
        (lambda: OneShot(0.5, begin_step=1, end_step=2), "prunes at one step only"),
    ],
)
def test_a_wrong_setting_is_named(make, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make()
