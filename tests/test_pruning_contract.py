"""What holds for every row over the axes: scope x granularity x action, in either Keras."""

import itertools
import json

import numpy as np
import pytest

from tfticket import actions, selection
from tfticket.pruning import prune
from tfticket.pruning_method import PruningMethod
from tfticket.schedules import Exponential
from tfticket.scores import Evidence
from tfticket.weights import prunable_weights, read_all

SETTINGS = {
    "together": [("conv", "transposed"), ".*"],
    "block": {"name": "block", "shape": [4, 1]},
    "n_by_m": {"name": "n_by_m", "n": 1, "m": 4},
}
LARGEST_UNIT = {"weight": 1, "block": 4, "n_by_m": 1, "channel": 72}
SPARSITY = 0.75
SELECTIONS = [
    (scope, granularity)
    for scope, granularity in itertools.product(selection.SCOPES, selection.GRANULARITIES)
    if granularity != "n_by_m" or scope in ("global", "layer", "uniform", "together")
    if scope != "output" or granularity == "weight"  # others: `selection/test_outputs.py`
]
ACTIONS = list(itertools.product(actions.ACTIONS, actions.PRUNED_ACTIONS))


@pytest.fixture(scope="module")
def models():
    return {}


@pytest.fixture
def model(keras, models):
    if keras not in models:
        layers = keras.layers
        models[keras] = keras.Sequential(
            [
                layers.Input((6, 6, 4)),
                layers.Conv2D(8, 3, name="conv"),
                layers.Conv2DTranspose(8, 3, name="transposed"),
                layers.GlobalAveragePooling2D(),
                layers.Dense(12, name="dense"),
                layers.Dense(4, name="output"),
            ]
        )
    return models[keras]


def row(scope="layer", granularity="weight", action="fine_tune", pruned="zero"):
    return PruningMethod(
        Exponential(SPARSITY),
        score="random",
        scope=SETTINGS.get(scope, scope),
        granularity=SETTINGS.get(granularity, granularity),
        action=action,
        pruned=pruned,
        rounds=2,
        on_collapse="ignore",
    )


@pytest.mark.parametrize(("scope", "granularity"), SELECTIONS)
def test_every_selection_is_exact_to_the_nearest_unit_and_only_shrinks(model, scope, granularity):
    axes, rounds = row(scope, granularity), []
    prune(model, axes, evidence=Evidence({}, seed=0), on_round=lambda _, m: rounds.append(m))
    shapes = {p: tuple(v.shape) for p, v in prunable_weights(model).variables.items()}
    for round_, masks in enumerate(rounds, 1):
        kept = masks.kept_per_path()
        for group in selection.budget(shapes, axes.sparsity_after(round_), axes.scope):
            off = sum(kept[p] for p in group.paths) - group.num_kept
            assert abs(off) <= LARGEST_UNIT[granularity] / 2
    assert not any((rounds[1][p] & ~rounds[0][p]).any() for p in shapes)


@pytest.mark.parametrize(("action", "pruned"), ACTIONS)
def test_every_action_starts_all_variables_and_leaves_the_model_alone(model, action, pruned):
    before = read_all(model)
    ticket = prune(model, row(action=action, pruned=pruned), evidence=Evidence({}, seed=0))
    start = ticket.start_weights
    assert {p: w.shape for p, w in start.items()} == {p: w.shape for p, w in before.items()}
    for path, mask in ticket.masks.items():
        held = before[path][~mask] if pruned != "zero" else 0
        assert (start[path][~mask] == held).all()
        assert np.count_nonzero(start[path][mask]) == mask.sum()
    assert all(np.array_equal(before[p], w) for p, w in read_all(model).items())


@pytest.mark.parametrize(
    "chosen",
    [
        {"scope": "erk", "granularity": "channel", "action": "reinitialize"},
        {"scope": "together", "granularity": "block", "action": "reshuffle"},
        {"scope": "smart_ratio", "action": "rescale", "pruned": "freeze_at_init"},
    ],
    ids=str,
)
def test_a_tickets_provenance_makes_it_again(model, chosen):
    ticket = prune(model, row(**chosen), evidence=Evidence({}, seed=3))
    told = json.loads(json.dumps(ticket.provenance))
    again = prune(model, PruningMethod(**told["method"]), evidence=Evidence({}, seed=told["seed"]))
    assert again.masks == ticket.masks
    for path, start in ticket.start_weights.items():
        assert np.array_equal(again.start_weights[path], start)


def test_channels_of_a_model_follow_the_layers_that_own_them(model):
    masks = prune(model, row("layer", "channel"), evidence=Evidence({}, seed=0)).masks
    assert masks["conv/kernel"].any((0, 1, 2)).sum() == 2  # of 8, [h, w, in, out]
    assert masks["transposed/kernel"].any((0, 1, 3)).sum() == 2  # [h, w, out, in]
