from __future__ import annotations

import numpy as np
import pytest

from tfticket.clock import steps


def test_an_integer_is_a_step_already():
    assert steps(0) == 0
    assert steps(np.int64(7)) == 7
    assert type(steps(np.int64(7))) is int


def test_iterations_and_epochs_are_read():
    assert steps("500it") == 500
    assert steps(" 500 it ") == 500
    assert steps("2ep", steps_per_epoch=938) == 1876


def test_a_part_of_an_epoch_goes_to_the_nearest_step():
    assert steps("0.5ep", steps_per_epoch=9) == 4  # 4.5, to even
    assert steps("1.25ep", steps_per_epoch=8) == 10


@pytest.mark.parametrize("value", ["500", "it", "5 steps", "1e3it", "-1it", "2.5it", ""])
def test_what_is_not_a_time_is_refused_by_name(value):
    with pytest.raises(ValueError, match=r"`rewind_to` must be .*Received: rewind_to="):
        steps(value, name="rewind_to")


def test_epochs_need_to_know_how_many_steps_they_have():
    with pytest.raises(ValueError, match=r"'2ep'.*Pass `steps_per_epoch`"):
        steps("2ep")
    with pytest.raises(ValueError, match="steps_per_epoch=0"):
        steps("2ep", steps_per_epoch=0)


@pytest.mark.parametrize("value", [-1, True])
def test_negative_steps_and_truth_values_are_refused(value):
    with pytest.raises(ValueError, match="at least 0"):
        steps(value)


@pytest.mark.parametrize("value", [1.0, None, [1]])
def test_what_cannot_be_counted_is_refused(value):
    with pytest.raises(TypeError, match="must be an integer or a string"):
        steps(value)
