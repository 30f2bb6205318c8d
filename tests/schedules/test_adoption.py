from __future__ import annotations

import json

import pytest

from tfticket._tfmot import tfmot
from tfticket.schedules import (
    Constant,
    Exponential,
    Linear,
    OneShot,
    PerPath,
    Polynomial,
    as_schedule,
    get,
    members,
)

EVERY = [
    OneShot(0.9, begin_step=3),
    Constant(0.9, begin_step=1, end_step=40, frequency=2),
    Linear(0.9, initial_sparsity=0.5, begin_step=1, end_step=40),
    Polynomial(0.9, power=2, end_step=40),
    Exponential(0.9, rounds=100),
    Exponential.at_rate(0.2, rounds=10, end_step=500, frequency=7),
    PerPath({"a": Exponential.at_rate(0.1, 3), "b": Exponential.at_rate(0.2, 3)}),
]


def theirs():
    return tfmot().sparsity.keras


@pytest.mark.parametrize("schedule", EVERY, ids=lambda s: type(s).__name__)
def test_a_config_goes_through_json_and_back(schedule):
    config = json.loads(json.dumps(schedule.get_config()))
    assert config["class_name"] == f"tfticket>{type(schedule).__name__}"
    assert get(config) == schedule
    assert type(schedule).from_config(config) == schedule
    assert type(schedule).from_config(config["config"]) == schedule
    assert hash(get(config)) == hash(schedule)


def test_every_schedule_has_a_name():
    names = {"one_shot", "constant", "linear", "polynomial", "exponential", "per_path"}
    assert names <= set(members())
    assert get("one_shot", final_sparsity=0.9) == OneShot(0.9)
    assert get("OneShot", final_sparsity=0.9) == get("tfticket>OneShot", final_sparsity=0.9)


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match=r"'constant', 'exponential'.*schedule='cubic'"):
        get("cubic")


def test_a_schedule_is_handed_through():
    schedule = Linear(0.5)
    assert get(schedule) is schedule
    assert as_schedule(schedule) is schedule


def test_settings_belong_to_names():
    with pytest.raises(TypeError, match="settings must come with a name only.*power"):
        get(Polynomial(0.5), power=2)


def test_a_config_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"`class_name` and `config`.*\['final_sparsity'\]"):
        get({"final_sparsity": 0.5})


def test_tfmots_schedules_are_taken_with_their_exact_steps():
    decay = theirs().PolynomialDecay(0.1, 0.75, begin_step=10, end_step=50, power=2, frequency=30)
    constant = theirs().ConstantSparsity(0.5, begin_step=3)
    assert as_schedule(decay) == Polynomial(
        0.75, initial_sparsity=0.1, begin_step=10, end_step=50, power=2, frequency=30
    )
    assert as_schedule(constant) == Constant(0.5, begin_step=3, end_step=-1, frequency=100)
    assert get(decay.get_config()) == as_schedule(decay)
    assert get(constant.get_config()) == as_schedule(constant)


def test_tfmots_falling_sparsity_is_refused():
    with pytest.raises(ValueError, match="masks never grow again"):
        as_schedule(theirs().PolynomialDecay(0.9, 0.5, begin_step=0, end_step=10))


def test_tfmots_division_by_zero_is_gone():
    schedule = as_schedule(theirs().PolynomialDecay(0.0, 0.5, begin_step=10, end_step=10))
    assert schedule.sparsity_at(10) == 0.5


def test_what_is_no_schedule_is_refused():
    with pytest.raises(TypeError, match="must be a tfticket Schedule.*Received: float"):
        as_schedule(0.5)
