from __future__ import annotations

import numpy as np
import pytest

from tfticket import graph, recipes
from tfticket.experiments.plan import make_plan
from tfticket.experiments.spec import Spec
from tfticket.recipes.factorize import Factorize
from tfticket.recipes.run import Run, Task, levels_of
from tfticket.rewinding import restore
from tfticket.zoo.training import Training, evaluate_on


def small_of(model, level):
    restore(model, level.trained)
    return Factorize(rank=1).handed_over(model, level)


def test_factors_are_trained_from_the_spectral_start_of_the_dense_network(model_fn, data):
    found = recipes.factorize(model_fn, data, rank=4, num_steps=300, seed=1)
    dense, level = found.levels[0]
    assert level.log["ranks"] == {"hidden": 4, "output": 4}
    assert (level.log["start_step"], level.log["end_step"]) == (0, 300)
    np.testing.assert_array_equal(
        level.ticket.weights["hidden/kernel"], dense.ticket.weights["hidden/kernel"]
    )
    kernel = level.trained.weights["hidden/kernel"]
    assert np.linalg.matrix_rank(kernel, tol=1e-5) == 4
    assert level.metrics["test_accuracy"] > 0.5
    small = small_of(model := model_fn(), level)
    assert graph.flops(small).total == level.log["flops"] == 2 * 4 * (64 + 20 + 20 + 10)
    assert small.count_params() == level.log["parameters"] == 4 * (64 + 20 + 20 + 10) + 30
    assert level.log["training_flops"] == 3 * 64 * 300 * level.log["flops"]
    assert evaluate_on(data)(small)["test_loss"] == level.metrics["test_loss"]
    np.testing.assert_allclose(model(data.test.x[:9]), small(data.test.x[:9]), atol=1e-4)
    assert f"has {level.log['parameters']} of 1,510 parameters" in str(found)


def test_a_trained_network_may_be_factorised_and_trained_on(model_fn, data):
    found = recipes.factorize(
        model_fn, data, energy=0.6, begin="trained", num_steps=40, fine_tune_steps=10
    )
    dense, level = found.levels[0]
    assert (level.log["start_step"], level.log["end_step"]) == (0, 10)
    values = np.linalg.svd(dense.trained.weights["hidden/kernel"], compute_uv=False)
    held = np.cumsum(values**2) / np.sum(values**2)
    assert level.log["ranks"]["hidden"] == np.flatnonzero(held >= 0.6)[0] + 1


@pytest.mark.long
def test_starts_and_decay_make_a_difference_and_are_the_same_each_time(model_fn, data):
    def trained(**settings):
        settings = {"parameters": 0.5, "num_steps": 20, "controls": (), **settings}
        level = recipes.factorize(model_fn, data, **settings).levels[0][1]
        return level.trained.weights["hidden/kernel"], level.log["ranks"]

    first, ranks = trained()
    again, _ = trained()
    np.testing.assert_array_equal(first, again)
    for other in ({"initialization": "random"}, {"frobenius_decay": None}):
        array, same = trained(**other)
        assert same == ranks
        assert not np.array_equal(first, array)
    assert np.linalg.norm(trained(frobenius_decay=0.5)[0]) < 0.9 * np.linalg.norm(first)


def test_a_control_has_the_ranks_of_the_ticket_and_other_weights(model_fn, data):
    found = recipes.factorize(model_fn, data, parameters=0.6, num_steps=10)
    _, ticket, control = found.outcome.results
    assert control.arm == "reinitialize"
    assert control.log["ranks"] == ticket.log["ranks"]
    assert control.metrics != ticket.metrics


def test_a_search_goes_on_after_the_dense_level(model_fn, data):
    found = recipes.factorize(model_fn, data, rank_scale=0.2, num_steps=10)
    training = Training(10)
    recipe = Factorize(rank_scale=0.2).resolved(Task(training, len(data.train)))
    dense, level = found.levels[0]
    with Run(model_fn(), data, training, seed=0, recipe_name="factorize") as run:
        (again,) = levels_of(recipe, run, resume=dense)
    for path, array in level.trained.weights.items():
        np.testing.assert_array_equal(array, again.trained.weights[path])
    assert again.metrics == level.metrics


def test_what_cannot_be_factorised_is_refused_before_anything_is_trained(model_fn, data):
    events = []
    with pytest.raises(ValueError, match="`parameters` must be at least"):
        recipes.factorize(model_fn, data, parameters=0.01, on_event=events.append)
    with pytest.raises(ValueError, match="must have a layer that factors make smaller"):
        recipes.factorize(model_fn, data, rank=100, on_event=events.append)
    with pytest.raises(ValueError, match="`layers` must match"):
        recipes.factorize(model_fn, data, rank=2, layers="no_such", on_event=events.append)
    assert not [e for e in events if e.kind == "result"]


@pytest.mark.parametrize("given", [{}, {"rank": 2, "flops": 0.5}])
def test_one_size_is_needed(given):
    with pytest.raises(ValueError, match="exactly one of `rank`, `rank_scale`, `energy`"):
        Factorize(**given)


def test_a_spec_says_how_thin():
    given = {"model": "lenet_300_100", "data": "digits", "num_steps": 40}
    plan = make_plan(Spec(**given, recipe="factorize", rank_scale=0.1, frobenius_decay="none"))
    assert (plan.recipe.rank_scale, plan.recipe.frobenius_decay) == (0.1, None)
    assert plan.comparisons(1) == [(1, "reinitialize")]


def test_files_of_it_need_no_tfticket(keras, model_fn, data, tmp_path):
    level = recipes.factorize(model_fn, data, rank=3, num_steps=5, controls=()).level
    small = small_of(model_fn(), level)
    assert "tfticket" not in small.to_json()
    small.save(tmp_path / "small.keras")
    loaded = keras.models.load_model(tmp_path / "small.keras", compile=False)
    np.testing.assert_array_equal(loaded(data.test.x[:5]), small(data.test.x[:5]))
