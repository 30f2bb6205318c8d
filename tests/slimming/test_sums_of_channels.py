"""Norms and attention add up channels without weights: those that are 0 may go, others not."""

from __future__ import annotations

import numpy as np
import pytest

from tfticket import weights
from tfticket.graph import channel_graph
from tfticket.slimming import max_relative_difference, shrink


def between(keras, *middle):
    """`first` with 8 channels, what is in question, `last`."""
    layers = keras.layers
    tokens = layers.Input((5, 3), name="tokens")
    x = layers.Dense(8, activation="relu", name="first")(tokens)
    for layer in middle:
        x = layer(x)
    return keras.Model(tokens, layers.Dense(2, name="last")(x))


def unit(keras):
    return between(keras, keras.layers.UnitNormalization(name="it"))


def rms(keras):
    return between(keras, keras.layers.RMSNormalization(epsilon=0.1, name="it"))


def rms_twice(keras):
    norm = keras.layers.RMSNormalization(epsilon=0.1, name="it")
    return between(keras, norm, keras.layers.Dense(8, name="mid"), norm)


def attention(keras, kind="Attention", size=6, **options):
    layers = keras.layers
    tokens = layers.Input((5, 3), name="tokens")
    q, k, v = (layers.Dense(n, name=c)(tokens) for c, n in (("q", 8), ("k", 8), ("v", size)))
    x = getattr(layers, kind)(name="it", **options)([q, v, k])
    return keras.Model(tokens, layers.Dense(2, name="last")(x))


def self_attention(keras):
    layer = keras.layers.Attention(name="it")
    return between(keras, lambda x: layer([x, x]))


NETWORKS = {
    "unit": unit,
    "rms": rms,
    "rms twice": rms_twice,
    "attention": attention,
    "scaled attention": lambda k: attention(k, use_scale=True),
    "concat attention": lambda k: attention(k, score_mode="concat"),
    "additive attention": lambda k: attention(k, "AdditiveAttention", size=8),
    "self-attention": self_attention,
}


@pytest.fixture(params=NETWORKS)
def model(request, keras, build):
    if "rms" in request.param and keras.__name__ == "tf_keras":
        pytest.skip("tf_keras has none")
    return build(NETWORKS[request.param])


def test_outputs_stay_without_half_of_the_channels(model, batch, halved):
    graph = channel_graph(model)
    assert graph.refused == {}
    kept = halved(graph)
    masks = graph.masks(kept)
    shrunk = shrink(model, masks)
    assert max_relative_difference(model, masks, shrunk.model, batch(model)) <= 1e-5
    assert shrunk.report.num_removed == sum((~k).sum() for k in kept.values())


def test_a_channel_that_nothing_takes_up_counts_in_the_sum(keras, build, batch):
    """What leads on from it is masked; it still is a part of the norm, and stays."""
    model = build(unit)
    masks = {"last/kernel": np.arange(8)[:, None].repeat(2, 1) >= 4}
    shrunk = shrink(model, masks)
    assert shrunk.report.num_removed == 0
    assert max_relative_difference(model, masks, shrunk.model, batch(model)) <= 1e-5


def test_a_constant_that_is_not_zero_counts_in_the_sum(keras, build, batch):
    model = build(unit)
    model.get_layer("first").bias.assign(np.arange(8) + 1.0)
    masks = {"first/kernel": np.arange(24).reshape(3, 8) % 8 >= 4}
    shrunk = shrink(model, masks)
    assert shrunk.report.num_removed == 0
    assert max_relative_difference(model, masks, shrunk.model, batch(model)) <= 1e-5


def test_the_smaller_mean_square_is_made_up_for_there_and_back(keras, build, batch):
    """Weights of another time fit the smaller network too, and come back as they were."""
    if keras.__name__ == "tf_keras":
        pytest.skip("it has no RMSNormalization")
    model = build(rms)
    masks = channel_graph(model).masks({"first": np.arange(8) >= 6})
    shrunk = shrink(model, masks)
    assert shrunk.model.get_layer("it").epsilon == pytest.approx(0.4)
    earlier = {p: w + 0.25 for p, w in weights.read_all(model).items()}
    weights.write(model, earlier)
    weights.write(shrunk.model, shrunk.take({p: w * masks.get(p, 1) for p, w in earlier.items()}))
    assert max_relative_difference(model, masks, shrunk.model, batch(model)) <= 1e-5
    back = shrunk.put(weights.read_all(shrunk.model), earlier)
    for path, value in earlier.items():
        np.testing.assert_allclose(back[path], value, rtol=1e-6)
