"""Every score x scope x granularity x schedule x action in either Keras: what holds for all."""

import itertools

import numpy as np
import pytest

from tfticket import actions, schedules, scores, selection, weights
from tfticket.initializers import draws
from tfticket.layouts import layouts
from tfticket.masks import Masks, ones_like
from tfticket.pruning_method import PruningMethod

RNG = np.random.default_rng(0)
BATCH = (RNG.normal(size=(4, 5, 5, 4)).astype(np.float32), np.array([0, 1, 2, 3]))
ROUNDS, SPARSITY = 2, 0.75
SCOPES = {n: n for n in selection.SCOPES} | {"together": [("conv", "hidden"), ".*"]}
GRANULARITIES = {"weight": "weight", "block": "4x1", "n_by_m": "1:4", "channel": "channel"}
LARGEST_UNIT = {"weight": 1, "block": 4, "n_by_m": 1, "channel": 36}
SCHEDULES = {
    "one_shot": schedules.OneShot(SPARSITY),
    "constant": schedules.Constant(SPARSITY),
    "linear": schedules.Linear(SPARSITY),
    "polynomial": schedules.Polynomial(SPARSITY),
    "exponential": schedules.Exponential(SPARSITY),
    "per_path": schedules.PerPath({".*": schedules.Linear(SPARSITY)}),
}
ACTIONS = [
    (actions.get(action), actions.get_pruned(pruned))
    for action, pruned in itertools.product(actions.ACTIONS, actions.PRUNED_ACTIONS)
]


def makes_sense(scope, granularity, schedule):
    """n:m fixes the density of every weight; a schedule by path says what is ranked where."""
    unequal = scope in ("erk", "smart_ratio")
    if scope == "output" and granularity != "weight":
        return False  # what is not refused is the pattern's own: `selection/test_outputs.py`
    if schedule == "per_path" and scope not in ("global", "layer"):
        return False
    return not (granularity == "n_by_m" and unequal)


ROWS = [row for row in itertools.product(SCOPES, GRANULARITIES, SCHEDULES) if makes_sense(*row)]


@pytest.fixture(scope="module")
def kept_models():
    return {}


@pytest.fixture
def model(keras, kept_models):
    if keras not in kept_models:
        layers = keras.layers
        kept_models[keras] = keras.Sequential(
            [
                layers.Input((5, 5, 4)),
                layers.Conv2D(8, 3, activation="relu", name="conv"),
                layers.GlobalAveragePooling2D(),
                layers.Dense(8, activation="relu", name="hidden"),
                layers.Dense(4, name="output"),
            ]
        )
    return kept_models[keras]


def check_masks(axes, granularity, found, layout, shapes):
    """Survivors are counted exactly in every round, and never come back."""
    masks = ones_like(found)
    for round_ in range(1, ROUNDS + 1):
        sparsity = axes.sparsity_after(round_)
        before, masks = masks, axes.select(found, masks, sparsity, layout)
        kept = masks.kept_per_path()
        for group in selection.budget(shapes, sparsity, axes.scope):
            off = sum(kept[p] for p in group.paths) - group.num_kept
            assert abs(off) <= LARGEST_UNIT[granularity] / 2, (granularity, group)
        assert not any((masks[p] & ~before[p]).any() for p in masks)
    return masks


@pytest.mark.parametrize("name", sorted(scores.SCORES))
def test_every_row_over_the_axes_keeps_the_contract(keras, model, name):
    before = weights.read_all(model)
    present = {p: before[p] for p in weights.prunable_weights(model).variables}
    trained = {p: w + RNG.normal(0, 0.1, w.shape).astype(w.dtype) for p, w in present.items()}
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    movement = {p: w - present[p] for p, w in trained.items()}
    given = {"batch": BATCH, "loss": loss, "seed": 0, "movement": movement}
    evidence = scores.Evidence(trained, rewind_points={0: present}, **given)
    found = scores.get(name)(model, evidence)
    shapes, layout = {p: w.shape for p, w in present.items()}, layouts(model, present)
    points, combined = actions.RewindPoints({0: before}, draws(model, present)), before | trained
    for scope, granularity, schedule in ROWS:
        common = {"scope": SCOPES[scope], "granularity": GRANULARITIES[granularity]}
        axes = PruningMethod(
            SCHEDULES[schedule], score=name, rounds=ROUNDS, on_collapse="ignore", **common
        )
        assert PruningMethod(**axes.config()).config() == axes.config()
        masks = check_masks(axes, granularity, found, layout, shapes)
        if schedule == "one_shot":  # what an action sees are masks, whatever their schedule
            check_actions(combined, present, masks, points)
    assert all(np.array_equal(before[p], w) for p, w in weights.read_all(model).items())


def check_actions(trained, initial, masks, points):
    """Kept weights are numbers other than 0; pruned ones are held at 0 or where they started."""
    assert isinstance(masks, Masks)
    for action, pruned in ACTIONS:
        start, held = action(trained, masks, points), pruned(trained, masks, points)
        for path, mask in masks.items():
            assert start[path].shape == mask.shape
            assert np.isfinite(start[path]).all() and start[path][mask].all()
            at = held[path][~mask] if held else 0
            assert np.all((at == 0) | (at == initial[path][~mask]))
