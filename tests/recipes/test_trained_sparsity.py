"""Recipes whose sparsity is trained: continuous sparsification, soft thresholds."""

from __future__ import annotations

import numpy as np
import pytest

from tfticket import recipes
from tfticket.experiments.plan import make_plan
from tfticket.experiments.spec import Spec
from tfticket.recipes.continuous_sparsification import ContinuousSparsification
from tfticket.recipes.run import Run, Task
from tfticket.recipes.soft_threshold import SoftThreshold
from tfticket.zoo.training import Training

KERNELS = ["hidden/kernel", "output/kernel"]


def test_continuous_sparsification_rewinds_what_it_keeps_and_trains_that(model_fn, data):
    options = {"controls": ("random_sparse",), "seed": 1}
    found = recipes.continuous_sparsification(model_fn, data, num_steps=300, **options)
    dense, level = found.levels[0]
    assert 0.1 < level.density < 0.6
    for path in KERNELS:
        np.testing.assert_array_equal(level.ticket.weights[path], dense.ticket.weights[path])
        assert np.all(level.trained.weights[path][~level.masks[path]] == 0)
    assert level.log["density"] == [level.density]
    assert (level.log["end_step"], level.log["search_steps"]) == (300, 300)
    assert "finding the ticket's mask took 300 steps of training before" in str(found)
    accuracies = {r.arm: r.metrics["test_accuracy"] for r in found.outcome.results}
    assert accuracies["ticket"] > accuracies["random_sparse"]


def trained_for(recipe, model, data, num_steps=6):
    training = Training(num_steps, 60, seed=0)
    run = Run(model, data, training, seed=0, recipe_name="x")
    recipe = recipe.resolved(Task(training, len(data.train)))
    recipe.check(run)
    return run, recipe, recipe.start(run)


def test_a_later_start_is_that_of_the_first_round_at_the_step(model_fn, data):
    run, _, dense = trained_for(ContinuousSparsification(), model_fn(), data)
    found = {}
    for rounds in (1, 2):
        level = ContinuousSparsification(rounds=rounds, rewind_to=2).treat(run, dense)
        found[rounds] = level.ticket.weights["hidden/kernel"]
        assert (level.log["start_step"], level.log["end_step"]) == (0, 6)
        assert level.log["search_steps"] == 6 * rounds
        assert level.ticket.provenance["rewind_step"] == 2
        assert not np.array_equal(found[rounds], dense.ticket.weights["hidden/kernel"])
        densities = level.log["density"]
        assert len(densities) == rounds and densities[-1] == level.density
    np.testing.assert_array_equal(found[1], found[2])


def test_a_larger_penalty_or_a_lower_score_keeps_fewer(model_fn, data):
    run, _, dense = trained_for(ContinuousSparsification(), model_fn(), data, num_steps=100)

    def density(**settings):
        return ContinuousSparsification(**settings).treat(run, dense).density

    assert density(mask_penalty=1e-2) < density() < density(initial_score=0.1)


def test_a_higher_score_keeps_fewer_under_soft_thresholds(model_fn, data):
    run, _, dense = trained_for(SoftThreshold(), model_fn(), data)
    found = [SoftThreshold(initial_score=s).treat(run, dense).density for s in (-4.0, -2.0)]
    assert 0 < found[1] < found[0] < 1


def test_soft_thresholds_leave_the_weights_they_were_trained_with(model_fn, data):
    options = {"initial_score": -2.5, "num_steps": 100, "controls": ()}
    found = recipes.soft_threshold(model_fn, data, **options)
    dense, level = found.levels[0]
    assert 0.3 < level.density < 0.95
    for path in KERNELS:
        np.testing.assert_array_equal(level.trained.weights[path] != 0, level.masks[path])
        np.testing.assert_array_equal(level.ticket.weights[path], dense.ticket.weights[path])
    assert level.log["density"] == [level.density]
    assert level.metrics["test_accuracy"] > 0.5


def test_scores_follow_their_own_weight_decay_and_not_the_optimizers(keras, model_fn, data):
    """Of SGD at rate 0.1: one step takes a score s to s - 0.1 (decay s + its gradient)."""
    scores = []
    for own, of_optimizer in ((0.0, None), (0.5, None), (0.5, 0.3)):
        keras.utils.set_random_seed(0)
        model = model_fn()
        optimizer = keras.optimizers.SGD(0.1, weight_decay=of_optimizer)
        model.compile(optimizer, model.loss, metrics=["accuracy"])
        recipe = SoftThreshold(initial_score=-3.0, scores_weight_decay=own)
        made = []
        run, recipe, dense = trained_for(recipe, model, data, num_steps=1)
        train = run.train
        run.train = lambda m, *args, train=train, made=made: (made.append(m), train(m, *args))[1]
        recipe.treat(run, dense)
        scores.append(float(np.asarray(made[0].layers[1].scores)))
    assert scores[1] - scores[0] == pytest.approx(0.1 * 0.5 * 3, rel=1e-3)
    assert scores[2] == scores[1]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"recipe": "continuous_sparsification", "rewind_to": 10}, "`rewind_to` must lie before"),
        ({"recipe": "continuous_sparsification", "final_temperature": 1}, "`final_temperature`"),
        ({"recipe": "continuous_sparsification", "sparsity": 0.5}, "`sparsity` must be left out"),
        ({"recipe": "soft_threshold", "initial_score": float("nan")}, "`initial_score`"),
        ({"recipe": "soft_threshold", "rounds": 2}, "`rounds` must be left out"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, said):
    with pytest.raises(ValueError, match=said):
        make_plan(Spec(model="lenet_300_100", data="digits", num_steps=10, **settings))
