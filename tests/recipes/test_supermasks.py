from __future__ import annotations

import numpy as np
import pytest

from tfticket import recipes, supermasks
from tfticket.experiments.plan import make_plan
from tfticket.experiments.spec import Spec


def test_edge_popup_trains_a_mask_over_the_weights_that_the_dense_network_starts_from(
    model_fn, data
):
    found = recipes.edge_popup(
        model_fn, data, sparsity=0.75, num_steps=40, seed=3, controls=("shuffle_mask",)
    )
    dense, masked = found.levels[0]
    start = dense.ticket.weights["hidden/kernel"]
    assert len(np.unique(np.abs(start))) == 1  # a signed constant
    mask = masked.masks["hidden/kernel"]
    assert mask.sum() == 320
    np.testing.assert_array_equal(masked.trained.weights["hidden/kernel"], start * mask)
    assert not np.array_equal(dense.trained.weights["hidden/kernel"], start)
    assert masked.log["density"] == [0.25]
    assert 0 < masked.log["mask_change"][0] < 0.5
    accuracies = {r.arm: r.metrics["test_accuracy"] for r in found.outcome.results}
    assert accuracies["ticket"] > accuracies["shuffle_mask"]


def test_bernoulli_finds_how_many_weights_to_keep(model_fn, data):
    found = recipes.bernoulli_supermask(model_fn, data, num_steps=20, initializer="kaiming_normal")
    dense, masked = found.levels[0]
    assert 0.2 < masked.sparsity < 0.8
    kept = masked.masks["hidden/kernel"]
    start = dense.ticket.weights["hidden/kernel"]
    ratio = masked.trained.weights["hidden/kernel"][kept] / start[kept]
    np.testing.assert_allclose(ratio, kept.size / kept.sum(), rtol=1e-5)


def test_the_same_seed_finds_the_same_mask(model_fn, data):
    first, second = (
        recipes.edge_popup(model_fn, data, num_steps=5, seed=1).ticket for _ in range(2)
    )
    assert first.masks == second.masks


def test_a_spec_of_a_supermask_says_density_scope_and_initialiser():
    given = {"model": "lenet_300_100", "data": "digits", "num_steps": 10}
    plan = make_plan(Spec(**given, recipe="edge_popup", sparsity=0.7, scope="global"))
    ranking = plan.recipe.masker().ranking
    assert (ranking.density, ranking.scope) == (pytest.approx(0.3), "global")
    assert (plan.recipe.scores_learning_rate, plan.task.training.num_steps) == (0.1, 10)
    settings = {"initializer": "kaiming_normal", "scores_learning_rate": 3.0}
    recipe = make_plan(Spec(**given, recipe="bernoulli_supermask", **settings)).recipe
    assert isinstance(recipe.masker(), supermasks.Bernoulli)
    assert (recipe.initializer, recipe.scores_learning_rate) == ("kaiming_normal", 3.0)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"recipe": "bernoulli_supermask", "sparsity": 0.5}, "`sparsity` must be left out"),
        ({"recipe": "edge_popup", "initializer": "kaiming"}, "`initializer` must be"),
        ({"recipe": "edge_popup", "sparsity": 0.5, "score": "random"}, "`score` must be left out"),
        ({"sparsity": 0.5, "initializer": "kaiming_normal"}, "`initializer` must be left out"),
    ],
)
def test_settings_that_supermasks_have_no_use_for_are_refused(settings, said):
    with pytest.raises(ValueError, match=said):
        Spec(model="lenet_300_100", data="digits", **settings)
