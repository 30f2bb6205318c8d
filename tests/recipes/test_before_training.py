from __future__ import annotations

import numpy as np
import pytest

from tfticket import recipes
from tfticket.recipes.lottery_ticket import LotteryTicket


@pytest.mark.parametrize(
    "name", ["synflow", "snip", "grasp", "magnitude_at_init", "random_at_init"]
)
def test_pruning_before_training_takes_the_mask_from_the_initial_weights(name, model_fn, data):
    recipe = getattr(recipes, name)
    found = recipe(model_fn, data, sparsity=0.75, num_steps=3, seed=2, controls=("shuffle_mask",))
    dense, last = found.levels[0]
    assert (dense.sparsity, last.sparsity) == (0.0, 0.75)
    assert [r.arm for r in found.outcome.results] == ["dense", "ticket", "shuffle_mask"]
    start = dense.ticket.weights["hidden/kernel"]
    kept = last.masks["hidden/kernel"]
    assert np.array_equal(last.ticket.weights["hidden/kernel"][kept], start[kept])
    assert not last.trained.weights["hidden/kernel"][~kept].any()
    assert last.log == {"start_step": 0, "end_step": 3}
    again = recipe(model_fn, data, sparsity=0.75, num_steps=1, seed=2)
    assert again.ticket.masks == last.masks


def test_synflow_has_a_hundred_rounds_and_the_mask_of_magnitude_is_that_of_magnitudes(
    model_fn, data
):
    found = recipes.synflow(model_fn, data, sparsity=0.5, num_steps=1)
    assert found.ticket.provenance["method"]["rounds"] == 100
    found = recipes.magnitude_at_init(model_fn, data, sparsity=0.5, num_steps=1)
    initial = found.levels[0][0].ticket.weights
    magnitudes = {p: np.abs(initial[p]) for p in found.ticket.masks}
    threshold = np.sort(np.concatenate([m.ravel() for m in magnitudes.values()]))[740]
    for path, mask in found.ticket.masks.items():
        assert np.array_equal(mask, magnitudes[path] >= threshold)


def test_zhous_supermask_is_not_trained_and_neither_are_its_controls(model_fn, data):
    found = recipes.zhou_supermask(
        model_fn, data, sparsity=0.5, num_steps=30, controls=("random_sparse",)
    )
    dense, masked = found.levels[0]
    trained, initial = (s.weights["hidden/kernel"] for s in (dense.trained, dense.states[0]))
    mask = masked.masks["hidden/kernel"]
    assert np.abs(trained[mask]).min() >= np.abs(trained[~mask]).max()
    constant = np.sign(initial) * np.std(initial, dtype=np.float64) * mask
    np.testing.assert_allclose(masked.trained.weights["hidden/kernel"], constant, rtol=1e-6)
    assert masked.log == {"start_step": 0, "end_step": 0}
    control = found.outcome.results[-1]
    assert (control.arm, control.log["end_step"]) == ("random_sparse", 0)
    assert masked.metrics["test_accuracy"] != dense.metrics["test_accuracy"]


def test_a_score_that_looks_at_a_batch_goes_with_training_between_rounds(model_fn, data):
    method = LotteryTicket(sparsity=0.5, pruning_rate=0.5, score="snip", scope="global")
    found = recipes.search(model_fn, data, method, num_steps=2)
    assert found.level.sparsity == 0.5


@pytest.mark.parametrize(
    ("granularity", "unit"), [("channel", (64, 1)), ("4x1", (4, 1)), ("1x2", (1, 2))]
)
def test_tickets_may_be_made_of_blocks_and_channels(granularity, unit, model_fn, data):
    settings = {"sparsity": 0.5, "pruning_rate": 0.5, "num_steps": 1, "exclude": "output"}
    found = recipes.lottery_ticket(model_fn, data, **settings, granularity=granularity)
    mask = found.ticket.masks["hidden/kernel"]
    rows, columns = (length // part for length, part in zip(mask.shape, unit, strict=True))
    blocks = mask.reshape(rows, unit[0], columns, unit[1])
    assert np.array_equal(blocks.any((1, 3)), blocks.all((1, 3)))
    assert mask.mean() == 0.5


def test_what_a_score_cannot_be_told_of_is_refused_before_anything_is_trained(keras, data):
    import tensorflow as tf

    def build():
        layers = keras.layers
        norm = layers.Lambda(lambda x: tf.nn.local_response_normalization(x), name="norm")
        parts = [norm, layers.Flatten(), layers.Dense(10, name="output")]
        model = keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(4, 3), *parts])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.SGD(0.1, momentum=0.9), loss, metrics=["accuracy"])
        return model

    events = []
    with pytest.raises(ValueError, match=r"exist in float64: its operation .* \(LRN\)"):
        recipes.synflow(build, data, sparsity=0.5, num_steps=3, on_event=events.append)
    assert [e.kind for e in events if e.kind == "result"] == []


def test_channels_that_are_classes_are_not_pruned(model_fn, data):
    settings = {"granularity": "channel", "rounds": 1, "pruning_rate": 0.5, "num_steps": 2}
    with pytest.raises(
        ValueError, match=r"`exclude` must name the weights that make the outputs"
    ) as told:
        recipes.lottery_ticket(model_fn, data, **settings)
    named = str(told.value).rpartition("exclude=")[2].strip("'")
    found = recipes.lottery_ticket(model_fn, data, **settings, exclude=named)
    assert named not in found.level.masks
    assert found.level.sparsity == pytest.approx(0.5, abs=0.02)
