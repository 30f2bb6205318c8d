"""Looking things up: by name, by configuration, as objects, and what is said of anything else."""

from __future__ import annotations

import dataclasses

import pytest

from tfticket import actions, schedules, scores, selection
from tfticket.errors import SettingsError
from tfticket.registry import by_name, look_up, member
from tfticket.supermasks import maskers


@dataclasses.dataclass(frozen=True)
class Square:
    name = "square"
    side: int = 1


KNOWN = by_name((Square,))


def test_a_thing_is_found_by_name_by_configuration_and_as_itself():
    assert look_up("square", KNOWN, "shape", Square) == Square(1)
    assert look_up({"name": "square", "side": 2}, KNOWN, "shape", Square) == Square(2)
    assert look_up(given := Square(3), KNOWN, "shape", Square) is given


def test_a_configuration_is_left_as_it_was():
    given = {"name": "square", "side": 2}
    look_up(given, KNOWN, "shape", Square)
    assert given == {"name": "square", "side": 2}


def test_a_name_that_is_nearly_right_is_answered_with_the_right_one():
    with pytest.raises(ValueError, match=r"`shape` must be one of \['square'\].*mean 'square'\?"):
        look_up("sqare", KNOWN, "shape", Square)
    with pytest.raises(ValueError, match=r"Received: shape='circle'$"):
        member("circle", KNOWN, "shape")


@pytest.mark.parametrize("given", [3, None, {"side": 2}, {"name": 3}])
def test_what_has_no_name_is_of_the_wrong_kind(given):
    with pytest.raises(TypeError, match="`shape` must be a name or a `Square`"):
        look_up(given, KNOWN, "shape", Square)


def test_an_unknown_setting_is_named():
    with pytest.raises(SettingsError, match="must have the settings of Square: .*colour"):
        look_up({"name": "square", "colour": 1}, KNOWN, "shape", Square)


@pytest.mark.parametrize(
    ("get", "name", "meant"),
    [
        (actions.get, "rewnd", "rewind"),
        (actions.get_pruned, "zeros", "zero"),
        (maskers.get, "edge popup", "edge_popup"),
        (schedules.get, "lineal", "linear"),
        (scores.get, "magnitud", "magnitude"),
        (selection.get_granularity, "blocks", "block"),
        (selection.get_scope, "globl", "global"),
    ],
)
def test_every_choice_is_looked_up_in_this_way(get, name, meant):
    with pytest.raises(ValueError, match=f"must be one of .*Did you mean '{meant}'?"):
        get(name)
