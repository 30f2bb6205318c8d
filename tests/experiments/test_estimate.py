"""What `--dry-run` says: as many trainings as there are, and what is refused, refused."""

from __future__ import annotations

import pytest

from tests.recipes.conftest import data, model_fn  # noqa: F401
from tfticket import recipes
from tfticket.experiments.estimate import estimate
from tfticket.experiments.spec import Spec
from tfticket.recipes import catalogue

GIVEN = {"model": "lenet_300_100", "data": "digits", "num_steps": 2, "export": ()}


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        pytest.param(
            *("lottery_ticket", {"sparsity": 0.5, "pruning_rate": 0.5}), marks=pytest.mark.long
        ),
        ("edge_popup", {}),
        ("wanda", {"controls": ("random_sparse",)}),
        pytest.param(*("zhou_supermask", {"sparsity": 0.5}), marks=pytest.mark.long),
        pytest.param(*("strong_ticket", {"candidates": 2}), marks=pytest.mark.long),
        ("weight_agnostic", {"generations": 2, "population_size": 4}),
    ],
)
def test_a_recipe_says_which_networks_it_trains(name, settings, model_fn, data):  # noqa: F811
    found = getattr(recipes, name)(model_fn, data, num_steps=2, **settings)
    recipe = catalogue.find(name)(**{n: v for n, v in settings.items() if n != "controls"})
    for result in found.outcome.results:
        is_control = result.arm not in ("dense", "ticket")
        expected = not result.round or recipe.is_trained(result.round, is_control=is_control)
        assert (result.log["end_step"] > 0) is expected


def test_an_estimate_counts_what_is_trained_and_names_the_search():
    found = estimate(Spec(**GIVEN, recipe="weight_agnostic", replicates=2, generations=9))
    assert (found.num_levels, found.num_trainings) == (2, 2)
    assert found.besides == "a search of 9 generations of 192 networks"
    assert found.besides in str(found) and found.to_dict()["besides"] == found.besides


def test_an_estimate_refuses_what_a_run_would_refuse():
    with pytest.raises(ValueError, match="`parameters` must be at least"):
        estimate(Spec(**GIVEN, recipe="factorize", parameters=0.01))
    with pytest.raises(ValueError, match="BatchNormalization"):
        estimate(Spec(**GIVEN, recipe="early_bird", every=1, queue_length=2))
