"""Where less than half of a model is prunable, that is said, and how to include the rest."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from tfticket import schedules
from tfticket.callbacks import PruneOnSchedule
from tfticket.filters import Filter
from tfticket.lottery import Search
from tfticket.post_training import prune_after_training
from tfticket.pruning import prune
from tfticket.pruning_method import PruningMethod
from tfticket.share import PrunableShareWarning, remark
from tfticket.weights import prunable_weights

HALF = schedules.OneShot(0.5)


@pytest.fixture
def experts(keras):
    """A mixture of four experts: 4 · 8 · 6 weights in one matrix that is no `kernel`."""

    class Experts(keras.layers.Layer):
        def build(self, shape):
            size = (4, int(shape[-1]), 6)
            self.up = self.add_weight(shape=size, name="up", initializer="random_normal")
            self.built = True

        def call(self, inputs):
            import tensorflow as tf

            return tf.reduce_mean(tf.einsum("bi,eio->beo", inputs, self.up), 1)

        def compute_output_shape(self, shape):
            return (shape[0], 6)

    layers = keras.layers
    first = layers.Dense(8, name="first")
    return keras.Sequential(
        [layers.Input((3,)), first, Experts(name="experts"), layers.Dense(2, name="last")]
    )


def test_matrices_of_ones_own_are_named_and_can_be_included(experts):
    said = remark(experts)
    assert said is not None and said.startswith("15% of the weights of `model` are prunable (36 of")
    assert "Left out are 192 of kind 'other' (experts/up)." in said
    assert "prunable=Filter(kinds=('kernel', 'other'))" in said
    included = Filter(kinds=("kernel", "other"))
    assert remark(experts, included) is None
    ticket = prune(experts, schedule=HALF, prunable=included)
    assert ticket.masks["experts/up"].shape == (4, 8, 6)
    assert ticket.masks.num_kept == (36 + 192) / 2
    masks = ticket.apply(experts)
    np.testing.assert_array_equal(
        np.asarray(experts.get_layer("experts").up) != 0, masks["experts/up"]
    )


def test_patterns_say_that_the_share_is_known(experts):
    assert remark(experts, "first") is None
    assert remark(experts, Filter(exclude="first")) is None


@pytest.mark.parametrize("scope", ["global", "layer", "erk"])
def test_experts_are_ranked_in_every_scope(experts, scope):
    included = Filter(kinds=("kernel", "other"))
    ticket = prune(experts, schedule=HALF, prunable=included, scope=scope)
    assert ticket.masks.sparsity == pytest.approx(0.5, abs=0.01)


def test_whatever_prunes_says_it_once(keras, experts):
    with pytest.warns(PrunableShareWarning, match="experts/up"):
        prune(experts, schedule=HALF)
    with pytest.warns(PrunableShareWarning, match="experts/up"):
        Search(experts, lambda model, callbacks: {}, PruningMethod(HALF))
    batches = [np.ones((8, 3), "float32")]
    with pytest.warns(PrunableShareWarning, match="experts/up"):
        prune_after_training(experts, batches, "wanda")
    experts.compile("sgd", "mse")
    callback = PruneOnSchedule(schedules.Polynomial(0.5, begin_step=0, end_step=1, frequency=1))
    data = np.zeros((4, 3), "float32"), np.zeros((4, 2), "float32")
    with pytest.warns(PrunableShareWarning, match="experts/up"):
        experts.fit(*data, callbacks=[callback], verbose=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error", PrunableShareWarning)
        experts.fit(*data, callbacks=[callback], verbose=0)


def test_an_embedding_and_a_frozen_base_are_left_out(keras):
    layers = keras.layers
    base = layers.Dense(50, name="base", trainable=False)
    model = keras.Sequential(
        [
            layers.Input((4,)),
            layers.Embedding(100, 8, name="words"),
            layers.Flatten(),
            base,
            layers.Dense(2, name="last"),
        ]
    )
    said = remark(model)
    assert said is not None
    assert "1,600 that are frozen (base/kernel) and 800 of kind 'embedding' (words/emb" in said
    assert "Filter(kinds=('kernel', 'embedding'), frozen=True)" in said
    everything = Filter(kinds=("kernel", "embedding"), frozen=True)
    assert len(prunable_weights(model, everything).variables) == 3


def test_a_usual_network_has_nothing_to_be_said(small):
    assert remark(small) is None


def test_a_model_without_kernels_says_how_to_include_the_rest(keras):
    class Own(keras.layers.Layer):
        def build(self, shape):
            self.weight = self.add_weight(shape=(3, 2), name="weight")
            self.built = True

        def call(self, inputs):
            return inputs @ self.weight

    model = keras.Sequential([keras.layers.Input((3,)), Own(name="own")])
    with pytest.raises(ValueError, match=r"prunable=Filter\(kinds=\(…\)\)"):
        prune(model, schedule=HALF)


def test_recipes_can_be_told_the_kinds():
    from tfticket.recipes.gradual import Gradual
    from tfticket.recipes.snip import Snip

    for recipe in (Gradual, Snip):
        assert recipe().filter == Filter()
        found = recipe(kinds=["kernel", "other"], exclude="last").filter
        assert found == Filter(kinds=("kernel", "other"), exclude="last")
        own = Filter(kinds=("kernel", "embedding"))
        assert recipe(prunable=own).filter == own
    with pytest.raises(ValueError, match="kinds"):
        Snip(kinds=["kernels"])
