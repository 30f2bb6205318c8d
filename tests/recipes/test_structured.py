from __future__ import annotations

import numpy as np
import pytest

from tests.networks import SMALL_CONV, small_conv
from tfticket import graph, recipes, slimming
from tfticket.experiments.plan import make_plan
from tfticket.experiments.spec import Spec
from tfticket.recipes.early_bird import EarlyBird
from tfticket.recipes.l1_filters import L1Filters
from tfticket.recipes.run import Run, Task, levels_of
from tfticket.recipes.scratch_b import ScratchB
from tfticket.rewinding import restore
from tfticket.zoo.training import Training, evaluate_on

GIVEN = {"model": SMALL_CONV, "data": "digits", "num_steps": 40}


@pytest.fixture
def conv_fn(keras):
    def build():
        model = small_conv(keras)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.SGD(0.1, momentum=0.9), loss, metrics=["accuracy"])
        return model

    return build


def smaller(model, level):
    """The network of a level, as its files hold it, and the one it was cut out of."""
    restore(model, level.trained)
    return L1Filters().handed_over(model, level)


def test_filters_go_after_training_and_the_rest_is_fine_tuned(conv_fn, data):
    found = recipes.l1_filters(
        conv_fn, data, channel_sparsity=0.5, num_steps=30, fine_tune_steps=20, seed=1
    )
    dense, level = found.levels[0]
    assert (level.log["start_step"], level.log["end_step"]) == (30, 50)
    assert level.log["channels"] == {"conv_1": 4, "conv_2": 6}
    norms = np.abs(dense.trained.weights["conv_1/kernel"]).sum((0, 1, 2))
    kept = level.masks["conv_1/kernel"].any((0, 1, 2))
    assert set(np.flatnonzero(kept)) == set(np.argsort(norms)[4:])
    model = conv_fn()
    small = smaller(model, level)
    assert [small.get_layer(n).filters for n in ("conv_1", "conv_2")] == [4, 6]
    # The masked network of the level is the smaller one, which was trained and measured.
    x = data.test.x[:16]
    np.testing.assert_allclose(model(x), small(x), rtol=1e-4, atol=1e-5)
    assert evaluate_on(data)(_compiled(small, model))["test_loss"] == pytest.approx(
        level.metrics["test_loss"], rel=1e-4
    )
    assert level.log["flops"] == graph.flops(small).total
    assert level.log["parameters"] < level.log["dense_parameters"] / 2
    assert level.log["training_flops"] == 3 * level.log["flops"] * 20 * 64
    assert f"has {level.log['parameters']:,} of" in str(found)


def _compiled(small, like):
    small.compile(like.optimizer.__class__(), like.loss, metrics=["accuracy"])
    return small


def test_slimming_trains_with_the_penalty_from_the_same_start(conv_fn, data):
    found = recipes.slimming(
        conv_fn, data, channel_sparsity=0.5, num_steps=30, fine_tune_steps=10, penalty=0.01
    )
    dense, level = found.levels[0]
    assert sum(level.log["channels"].values()) == 10
    assert level.log["search"] == {"start_step": 0, "end_step": 30}
    scales = level.ticket.weights["norm_1/gamma"]
    assert np.abs(scales).mean() < 0.49  # from 0.5, down by the penalty
    assert dense.trained.weights["norm_1/gamma"].max() > 0.9
    whole = level.log["dense_flops"]
    assert level.log["training_flops"] == 3 * 64 * (30 * whole + 10 * level.log["flops"])


def test_an_early_bird_is_trained_on_to_the_end_from_where_it_was_found(conv_fn, data):
    found = recipes.early_bird(
        conv_fn, data, channel_sparsity=0.5, num_steps=60, every=5, epsilon=0.45, queue_length=2
    )
    log = found.level.log
    assert log["found_at"] == log["start_step"] < 60
    assert log["end_step"] == 60
    assert [look["step"] for look in log["looks"]] == list(range(5, log["found_at"] + 1, 5))
    spent = 3 * 64 * (log["found_at"] * log["dense_flops"] + (60 - log["found_at"]) * log["flops"])
    assert log["training_flops"] == spent


@pytest.mark.long
def test_an_early_bird_that_is_never_found_is_pruned_at_the_end(conv_fn, data):
    found = recipes.early_bird(conv_fn, data, num_steps=10, every=5, queue_length=4)
    log = found.level.log
    assert log["found_at"] is None
    assert log["start_step"] == log["end_step"] == 10
    assert sum(log["channels"].values()) == 10


@pytest.mark.parametrize(
    ("recipe", "steps"),
    [("scratch_e", 20), pytest.param("scratch_b", 40, marks=pytest.mark.long)],
)
def test_from_scratch_trains_new_weights_for_as_many_steps_or_flops(conv_fn, data, recipe, steps):
    """Half of the channels are a quarter of the FLOPs; the paper trains at most twice as long."""
    made = getattr(recipes, recipe)
    found = made(conv_fn, data, channel_sparsity=0.5, num_steps=20, seed=2)
    dense, level = found.levels[0]
    assert level.log["channels"] == {"conv_1": 4, "conv_2": 6}
    assert (level.log["start_step"], level.log["end_step"]) == (0, steps)
    assert level.log["training_flops"] == 3 * 64 * steps * level.log["flops"]
    assert ("2 times the dense network's steps, the most" in str(found)) == (steps == 40)
    again = made(conv_fn, data, channel_sparsity=0.5, num_steps=20, seed=2).levels[0][1]
    for path, array in level.trained.weights.items():
        np.testing.assert_array_equal(array, again.trained.weights[path])
    kept = level.masks["conv_1/kernel"]
    start = dense.ticket.weights["conv_1/kernel"]
    assert np.isclose(level.trained.weights["conv_1/kernel"][kept], start[kept], 1e-2).mean() < 0.1


@pytest.mark.long
def test_widths_can_be_discovered_by_slimming(conv_fn, data):
    options = {"channel_sparsity": 0.5, "num_steps": 20, "penalty": 0.02}
    slim = recipes.slimming(conv_fn, data, **options, fine_tune_steps=1).level
    scratch = recipes.scratch_e(conv_fn, data, **options, widths="discovered").level
    assert scratch.log["channels"] == slim.log["channels"]
    assert (scratch.log["start_step"], scratch.log["end_step"]) == (0, 20)


def test_single_weights_start_from_draws_for_the_inputs_that_are_left(conv_fn, data):
    found = recipes.scratch_b(conv_fn, data, sparsity=0.75, num_steps=20)
    level = found.level
    assert level.sparsity == pytest.approx(0.75)
    assert level.log["end_step"] == 40
    for path, mask in level.masks.items():
        assert not level.trained.weights[path][~mask].any()
    # Glorot's limit, widened by one over the root of the density.
    mask, start = level.masks["conv_2/kernel"], level.ticket.weights["conv_2/kernel"]
    limit = np.sqrt(6 / (9 * 8 + 9 * 12)) / np.sqrt(mask.mean())
    assert limit * 0.7 < np.abs(start).max() <= limit * 1.0001


def test_a_control_is_trained_as_the_same_smaller_network(conv_fn, data):
    found = recipes.l1_filters(
        conv_fn, data, num_steps=10, controls=("reinitialize",), fine_tune_steps=5
    )
    ticket, control = found.outcome.results[1:]
    assert control.arm == "reinitialize"
    assert control.num_kept == ticket.num_kept
    assert control.log["channels"] == ticket.log["channels"]
    assert (control.log["start_step"], control.log["end_step"]) == (0, 10)


def test_a_search_goes_on_after_the_dense_level(conv_fn, data):
    found = recipes.l1_filters(conv_fn, data, num_steps=10)
    training = Training(10)
    recipe = L1Filters().resolved(Task(training, len(data.train)))
    dense, level = found.levels[0]
    with Run(conv_fn(), data, training, seed=0, recipe_name="l1_filters") as run:
        (again,) = levels_of(recipe, run, resume=dense)
    for path, array in level.trained.weights.items():
        np.testing.assert_array_equal(array, again.trained.weights[path])


def test_filters_and_missing_sparsities_are_refused(conv_fn, data):
    with pytest.raises(ValueError, match="`prunable` must be left out: the recipe 'l1_filters'"):
        recipes.l1_filters(conv_fn, data, num_steps=2, prunable="conv_1")
    with pytest.raises(ValueError, match="chosen by group"):
        recipes.scratch_e(conv_fn, data, num_steps=2, channel_sparsity=0.5, prunable="conv_1")
    with pytest.raises(ValueError, match="exactly one of"):
        recipes.scratch_e(conv_fn, data, num_steps=2)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"recipe": "slimming", "penalty": 0.1}, {"penalty": 0.1, "scope": "global"}),
        ({"recipe": "early_bird"}, {"every": 1, "scope": "global"}),
        ({"recipe": "l1_filters", "fine_tune_steps": "10it"}, {"scope": "layer"}),
        ({"recipe": "scratch_b", "widths": "discovered"}, {"budget": "flops"}),
    ],
)
def test_a_spec_says_how_channels_go(settings, expected):
    plan = make_plan(Spec(**GIVEN, channel_sparsity=0.25, round_to=8, **settings))
    assert type(plan.recipe) is recipes.RECIPES[settings["recipe"]]
    assert plan.recipe.channel_sparsity == 0.25
    assert plan.recipe.limits == slimming.ChannelLimits(round_to=8)
    assert {n: getattr(plan.recipe, n) for n in expected} == expected
    scratch = settings["recipe"].startswith("scratch")
    assert plan.comparisons(1) == ([] if scratch else [(1, "reinitialize")])


def test_a_spec_of_single_weights_from_scratch_has_a_sparsity():
    plan = make_plan(Spec(**GIVEN, recipe="scratch_e", sparsity=0.8))
    assert (plan.recipe.sparsity, plan.recipe.channel_sparsity) == (0.8, None)
    assert (plan.recipe.budget, plan.task.training.num_steps) == ("steps", 40)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"recipe": "slimming", "sparsity": 0.5}, "left out.*Did you mean `channel_sparsity`"),
        ({"recipe": "scratch_e"}, "exactly one of `channel_sparsity` and `sparsity`"),
        ({"recipe": "gradual", "channel_sparsity": 0.5}, "`channel_sparsity` must be left out"),
        ({"recipe": "l1_filters", "channel_sparsity": 0.5, "penalty": 1.0}, "`penalty` must be"),
        ({"recipe": "slimming", "prunable": ("a",)}, "`prunable` must be left out"),
    ],
)
def test_settings_that_make_no_sense_together_are_refused(settings, said):
    with pytest.raises(ValueError, match=said):
        Spec(**GIVEN, **settings)


def test_looks_must_meet_validations():
    task = Task(Training(40, eval_every=10), 100)
    with pytest.raises(ValueError, match="multiple of `eval_every`"):
        EarlyBird(every=5).resolved(task)
    assert EarlyBird().resolved(Task(Training(400, eval_every=25), 100)).every == 50


@pytest.mark.parametrize(
    ("name", "settings"),
    [("slimming", {}), ("early_bird", {}), ("scratch_e", {"widths": "discovered"})],
)
def test_a_network_without_scales_is_refused_before_it_is_trained(name, settings, model_fn, data):
    events, made = [], getattr(recipes, name)
    with pytest.raises(ValueError, match="must have a BatchNormalization with a trainable scale"):
        made(model_fn, data, channel_sparsity=0.5, on_event=events.append, **settings)
    assert not [e for e in events if e.kind == "result"]


def test_fewer_channels_than_asked_for_are_told(conv_fn, data):
    settings = {"num_steps": 2, "fine_tune_steps": 1, "controls": ()}
    found = recipes.l1_filters(conv_fn, data, channel_sparsity=0.5, round_to=8, **settings)
    assert found.level.log["channels"] == {"conv_1": 8, "conv_2": 8}
    said = "4 of 20 removable channels are gone (0.200), where channel_sparsity=0.5 was asked for"
    assert said in str(found) and "round_to=8" in str(found)
    kept = recipes.l1_filters(conv_fn, data, channel_sparsity=0.5, **settings)
    said = "10 of 20 removable channels are gone (0.500); channel_sparsity=0.5 was asked for"
    assert said in str(kept) and "round_to" not in str(kept)
    counts = [r.log["num_channels"] for r in kept.outcome.results]
    assert counts == [20, 10]
    assert "Budgets differ, in steps of training: dense 2, ticket 3." in str(kept)
    assert kept.level.log["channel_sparsity"] == 0.5


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"sparsity": 0.5, "widths": "discovered"}, "`widths` must be left out where single"),
        ({"sparsity": 0.5, "penalty": 1e-3}, "`penalty` must be left out where single"),
        ({"sparsity": 0.5, "round_to": 8}, "`round_to` must be left out where single"),
        ({"sparsity": 0.5, "max_channel_sparsity": 0.9}, "`max_channel_sparsity` must be left"),
        ({"channel_sparsity": 0.5, "penalty": 1e-3}, "`penalty` must be left out where widths"),
    ],
)
def test_settings_that_nothing_is_done_with_are_refused(settings, said):
    with pytest.raises(ValueError, match=said):
        ScratchB(**settings)
