"""Movement: summed in `fit`, ranked by `PruneOnSchedule`, refused where nobody sums it."""

from __future__ import annotations

import numpy as np
import pytest

from tfticket import _keras, find_ticket, prune, recipes, schedules
from tfticket.callbacks import PruneOnSchedule

RNG = np.random.default_rng(0)
X = RNG.normal(size=(24, 6)).astype(np.float32)
Y = (X @ RNG.normal(size=(6, 4))).astype(np.float32)
RATE, BATCH = 0.05, 4


def linear(keras):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.layers.Input((6,)), keras.layers.Dense(4, name="only")])
    model.compile(keras.optimizers.SGD(RATE), "mse")
    return model


def fit(model, *callbacks, epochs=2):
    options = {"batch_size": BATCH, "shuffle": False, "verbose": 0}
    model.fit(X, Y, epochs=epochs, callbacks=list(callbacks), **options)


def pruned_by_hand(kernel, counts):
    """SGD in numpy; after each update in `counts`, so many of the least moved weights are kept."""
    kernel, bias = kernel.astype(np.float64), np.zeros(4)
    total, mask = np.zeros_like(kernel), np.ones(kernel.shape, bool)
    for step, start in enumerate(list(range(0, len(X), BATCH)) * 2, 1):
        x, y = X[start : start + BATCH], Y[start : start + BATCH]
        error = 2 * (x @ kernel + bias - y) / y.size
        total -= kernel * (x.T @ error)
        kernel, bias = np.where(mask, kernel - RATE * x.T @ error, 0), bias - RATE * error.sum(0)
        if step in counts:
            ranked = np.where(mask, total, -np.inf).ravel()
            mask = np.zeros(kernel.size, bool)
            mask[np.argsort(ranked)[::-1][: counts[step]]] = True
            mask = mask.reshape(kernel.shape)
            kernel = np.where(mask, kernel, 0)
    return kernel, mask


def test_it_keeps_what_sgd_by_hand_keeps(keras):
    model = linear(keras)
    schedule = schedules.Polynomial(0.75, begin_step=0, end_step=8, frequency=4)
    pruning = PruneOnSchedule(schedule, score="movement")
    initial = np.array(_keras.value_of(model.layers[-1].kernel))
    fit(model, pruning)
    kept = {step: round(24 * (1 - sparsity)) for step, sparsity in pruning.history}
    assert kept == {0: 24, 4: 8, 8: 6}
    kernel, mask = pruned_by_hand(initial, kept)
    np.testing.assert_array_equal(pruning.masks["only/kernel"], mask)
    found = np.array(_keras.value_of(model.layers[-1].kernel))
    np.testing.assert_allclose(found, kernel, rtol=1e-4, atol=1e-6)
    by_magnitude = np.abs(kernel[mask]).min() >= np.abs(initial[~mask]).max()
    assert not by_magnitude  # another choice than the largest


def test_it_goes_on_in_a_further_fit_and_begins_afresh_in_another_model(keras):
    whole, parts, other = linear(keras), linear(keras), linear(keras)
    schedule = schedules.Polynomial(0.75, begin_step=7, end_step=11, frequency=2)
    once = PruneOnSchedule(schedule, score="movement")
    fit(whole, once)
    twice = PruneOnSchedule(schedule, score="movement", on_unreachable="warn")
    with pytest.warns(UserWarning, match="must end within the training"):
        fit(parts, twice, epochs=1)
    fit(parts, twice, epochs=1)
    np.testing.assert_array_equal(once.masks["only/kernel"], twice.masks["only/kernel"])
    fit(other, twice)
    np.testing.assert_array_equal(once.masks["only/kernel"], twice.masks["only/kernel"])


@pytest.mark.parametrize(
    "refused",
    [
        lambda model: prune(model, schedule=schedules.OneShot(0.5), score="movement"),
        lambda model: find_ticket(
            model, fit, schedule=schedules.OneShot(0.5), rounds=1, score="movement"
        ),
    ],
    ids=["prune", "find_ticket"],
)
def test_where_nobody_sums_it_that_is_told_before_training(keras, refused):
    model = linear(keras)
    with pytest.raises(ValueError, match=r"`evidence` must have movement: .*summed in `fit` by `c"):
        refused(model)
    assert int(_keras.value_of(model.optimizer.iterations)) == 0


def test_the_recipe_prunes_by_it(keras):
    settings = {"sparsity": 0.75, "num_steps": 8, "end_step": 8, "frequency": 4}
    data = (X.reshape(-1, 6), Y)
    found = recipes.movement_pruning(lambda seed: linear(keras), data, batch_size=4, **settings)
    _, level = found.levels[0]
    assert level.sparsity == 0.75
    by_magnitude = recipes.gradual(lambda seed: linear(keras), data, batch_size=4, **settings)
    other = by_magnitude.levels[0][1].masks["only/kernel"]
    assert not np.array_equal(level.masks["only/kernel"], other)


def test_nothing_is_ranked_before_anything_has_moved(keras):
    schedule = schedules.Polynomial(0.8, initial_sparsity=0.5, begin_step=0, end_step=8)
    with pytest.raises(ValueError, match="`schedule` must begin after some updates"):
        fit(linear(keras), PruneOnSchedule(schedule, score="movement", on_unreachable="warn"))


def test_sums_that_a_backup_does_not_hold_are_told(keras):
    model = linear(keras)
    pruning = PruneOnSchedule(schedules.OneShot(0.5, begin_step=8), score="movement")
    options = {"batch_size": BATCH, "shuffle": False, "verbose": 0, "initial_epoch": 1}
    with pytest.warns(UserWarning, match="movement is summed anew from step 0 on"):
        model.fit(X, Y, epochs=3, callbacks=[pruning], **options)


def test_a_schedule_by_path_may_begin_at_step_0_with_nothing(keras):
    by_path = {"only": schedules.Polynomial(0.5, begin_step=0, end_step=8, frequency=4)}
    pruning = PruneOnSchedule(schedules.PerPath(by_path), score="movement")
    fit(linear(keras), pruning)
    assert pruning.masks.sparsity == 0.5
