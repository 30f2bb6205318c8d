"""Recipes as functions: what all of them take, refuse, tell and show."""

from __future__ import annotations

import numpy as np
import pytest

from tfticket import recipes
from tfticket.recipes.run import Event

HALF = {"sparsity": 0.5, "pruning_rate": 0.5}


def test_each_recipe_is_a_function_whatever_was_imported():
    import tfticket.recipes.synflow  # the module of the same name

    assert set(recipes.RECIPES) < set(dir(recipes))
    for name in recipes.RECIPES:
        function = getattr(recipes, name)
        assert function is getattr(recipes, name)
        assert function.__name__ == name and "References:" in function.__doc__
    assert tfticket.recipes.synflow is recipes.synflow


def test_replicates_differ_and_the_same_seed_repeats_them(model_fn, data):
    def first_levels(seed, replicates):
        found = recipes.lottery_ticket(
            model_fn, data, rounds=1, sparsity=None, num_steps=2, seed=seed, replicates=replicates
        )
        return [levels[0].ticket.weights["hidden/kernel"] for levels in found.levels]

    (zero, one), (alone,) = first_levels(0, 2), first_levels(1, 1)
    assert not np.array_equal(zero, one)
    assert np.array_equal(one, alone)


def test_findings_tell_their_figures_and_hand_over_the_best_ticket(model_fn, data):
    found = recipes.lottery_ticket(
        model_fn, data, sparsity=0.5, pruning_rate=0.5, num_steps=5, controls=("reshuffle",)
    )
    assert found.ticket is found.levels[0][1].ticket
    assert [r.arm for r in found.outcome.results] == ["dense", "ticket", "reshuffle"]
    text = str(found)
    assert "test accuracy" in text
    assert "no spread known from 1 replicate" in text


def test_arrays_are_data_too_and_a_test_is_cut_off(model_fn):
    x = np.random.default_rng(0).random((100, 8, 8, 1), np.float32)
    y = np.arange(100) % 10
    settings = {"sparsity": 0.5, "pruning_rate": 0.5, "num_steps": 1}
    found = recipes.lottery_ticket(model_fn, (x, y), **settings)
    assert found.outcome.notes == ("test: 10 of the 100 given examples, cut off with seed 0",)
    both = recipes.lottery_ticket(model_fn, ((x, y), (x[:5], y[:5])), **settings)
    assert both.outcome.notes == ()


def test_a_model_function_may_take_the_seed(model_fn, data):
    seeds = []

    def seeded(seed):
        seeds.append(seed)
        return model_fn()

    recipes.lottery_ticket(
        seeded, data, sparsity=0.5, pruning_rate=0.5, num_steps=1, seed=7, replicates=2
    )
    assert seeds == [7, 8]


def test_a_model_that_is_not_compiled_is_refused(keras, data):
    def bare():
        return keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten()])

    with pytest.raises(ValueError, match="`model_fn` must return a compiled model"):
        recipes.lottery_ticket(bare, data)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"rewind_to": 5}, "`rewind_to` must lie before the end of a training"),
        ({"rewind_to": 2, "eval_every": 5}, "must be a multiple of `eval_every`"),
        ({"rewind_to": "soon"}, "`rewind_to` must be written like"),
        ({"pruning_rate": 1.5}, "`pruning_rate` must be less than 1"),
        ({"pruning_rate": {"hidden": 0.2}}, "`pruning_rate` must cover every prunable weight"),
        ({"pruning_rate": {".*": 0.2}, "scope": "global"}, "`scope` must be 'layer'"),
        ({"controls": ("magic",)}, "`controls` must be out of"),
        ({"replicates": 0}, "`replicates` must be greater than or equal to 1"),
        ({"rounds": 0}, "`rounds` must be greater than or equal to 1"),
        ({"scope": "globl"}, "`scope` must be"),
        ({"score": "magnitud"}, "`score` must be"),
        ({"granularity": "chanel"}, "`granularity` must be"),
        ({"batchsize": 3}, "Did you mean `batch_size`"),
        ({"end_step": 3}, "`end_step` must be left out: the recipe 'lottery_ticket'"),
    ],
)
def test_settings_out_of_range_are_refused_before_training(settings, said, model_fn, data):
    events = []
    with pytest.raises(ValueError, match=said):
        recipes.lottery_ticket(model_fn, data, num_steps=5, on_event=events.append, **settings)
    assert not [e for e in events if e.kind == "result"]


def test_other_kinds_of_data_are_refused(model_fn):
    with pytest.raises(TypeError, match="`data` must be a `Dataset`"):
        recipes.lottery_ticket(model_fn, [1, 2, 3])


def test_events_are_told_as_things_happen(model_fn, data):
    events: list[Event] = []
    recipes.lottery_ticket(model_fn, data, num_steps=1, controls=(), on_event=events.append, **HALF)
    assert [e.kind for e in events] == ["note", "begin", "result", "begin", "result"]
    assert events[0].text == data.notes


def test_steps_that_weights_went_through_are_counted_where_the_clock_goes_back(model_fn, data):
    settings = {"num_steps": 4, "rounds": 2, "pruning_rate": 0.5, "controls": ("random_sparse",)}
    found = recipes.learning_rate_rewinding(model_fn, data, rewind_to=1, **settings)
    steps = [r.value("trained_steps") for r in found.outcome.results]
    assert steps == [4, 4 + 3, 4 + 3 + 3, 4]
    said = "Budgets differ, in steps of training: dense 4, ticket 10, random sparse 4."
    assert found.outcome.budget == said
    back = recipes.late_rewinding(model_fn, data, rewind_to=1, **settings)
    assert back.outcome.budget == "Equal budgets: every network was trained for 4 steps."


def test_progress_is_shown_when_asked_for_and_changes_nothing(model_fn, data, capsys):
    settings = {**HALF, "num_steps": 2, "controls": ()}
    found = recipes.lottery_ticket(model_fn, data, **settings)
    assert capsys.readouterr() == ("", "")
    watched = recipes.lottery_ticket(model_fn, data, progress=True, **settings)
    assert [r.metrics for r in watched.outcome.results] == [
        r.metrics for r in found.outcome.results
    ]
    note, dense, ticket = capsys.readouterr().err.splitlines()
    assert note == data.notes
    assert dense.startswith("[1/2] replicate 0: dense at sparsity 0.0000, test accuracy ")
    assert ticket.startswith("[2/2] replicate 0: ticket at sparsity 0.5000, test accuracy ")
