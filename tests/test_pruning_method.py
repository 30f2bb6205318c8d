import json

import numpy as np
import pytest

from tfticket import actions
from tfticket.masks import ones_like
from tfticket.pruning_method import PruningMethod
from tfticket.schedules import Exponential, OneShot
from tfticket.selection import ERK, Block, NByM, Uniform

ROWS = [
    {},
    {"scope": "erk", "granularity": "channel", "action": "reshuffle"},
    {"scope": [("conv_1", "conv_2"), ".*"], "granularity": Block((4, 1))},
    {"scope": Uniform("conv_1"), "pruned": "freeze_at_init", "on_collapse": "keep_one"},
    {"scope": ERK(0.5), "action": actions.Rescale(actions.SignedConstant())},
    {"granularity": NByM(2, 4), "schedule": OneShot(0.5)},
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_row_comes_back_from_its_json(row):
    axes = PruningMethod(**{"schedule": Exponential(0.9), "rounds": 3, **row})
    again = PruningMethod(**json.loads(json.dumps(axes.config())))
    assert again.config() == axes.config()
    assert (again.scope, again.granularity) == (axes.scope, axes.granularity)
    assert (again.action, again.pruned) == (axes.action, axes.pruned)


def test_choices_without_settings_are_told_by_their_names():
    config = PruningMethod(OneShot(0.5), rounds=1).config()
    assert config["scope"] == "layer"
    assert config["granularity"] == "weight"
    assert config["pruned"] == "zero"


def test_a_row_selects_by_its_own_scope_and_granularity():
    scores = {"a": np.ones((8, 2)), "b": np.full((8, 2), 2.0)}
    axes = PruningMethod(
        OneShot(0.5), rounds=1, scope="global", granularity="channel", on_collapse="ignore"
    )
    masks = axes.select(scores, ones_like(scores), axes.sparsity_after(1))
    assert masks.kept_per_path() == {"a": 0, "b": 16}


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"scope": "galaxy"}, "`scope` must be one of"),
        ({"granularity": "atom"}, "`granularity` must be one of"),
        ({"pruned": "forget"}, "`pruned` must be one of"),
        ({"on_collapse": "pray"}, "`on_collapse` must be one of"),
        ({"rounds": 0}, "`rounds` must be an integer >= 1"),
        ({"granularity": NByM(1, 4)}, "the final sparsity must be 0.75"),
    ],
)
def test_bad_choices_say_what_to_do(choices, message):
    with pytest.raises(ValueError, match=message):
        PruningMethod(**{"schedule": OneShot(0.5), "rounds": 1, **choices})
