from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tfticket import strong_tickets, weights
from tfticket.kinds import kind
from tfticket.strong_tickets import network


def test_each_layer_becomes_two_plain_ones(target, images):
    found = strong_tickets.gadgets(target, 5, nonnegative_inputs=False)
    made = strong_tickets.random_network(target, found)
    shapes = {p: tuple(v.shape) for p, v in weights.variables(made).items()}
    # Two inputs of two signs and a constant; 12 inputs and a constant; 6 inputs.
    neurons = {"rows": 2 * 2 * 5 + 5, "hidden": 8 * 5 + 5, "output": 6 * 5}
    assert {p: g.num_neurons for p, g in found.items()} == neurons
    assert shapes["rows/rows_candidates/kernel"] == (1, 1, 2, 25)
    assert shapes["rows/rows_sums/kernel"] == (3, 4, 25, 4)
    assert shapes["hidden/hidden_candidates/bias"] == (45,)
    assert not {"output/output_candidates/bias", "hidden/hidden_sums/bias"} & set(shapes)
    assert sum(g.num_weights for g in found.values()) == made.count_params()
    pairs = [layer.layers for layer in made.layers if kind(layer) == "Sequential"]
    assert [kind(one) for pair in pairs for one in pair] == ["Conv2D"] * 2 + ["Dense"] * 4
    assert made(images).shape == target(images).shape


def test_random_weights_are_drawn_by_seed_and_have_the_signs_they_need(target):
    gadget = strong_tickets.gadgets(target, 5, nonnegative_inputs=False)["rows"]
    drawn, again, other = (network.random_weights(gadget, s, 0.5) for s in (1, 1, 2))
    for path, array in drawn.items():
        np.testing.assert_array_equal(array, again[path])
        assert not np.array_equal(array, other[path])
    rows, columns = network.own_neurons(gadget)
    own = drawn["rows/rows_candidates/kernel"][0, 0][rows, columns]
    assert own.shape == (2, 10)
    assert (own[:, :5] > 0).all() and (own[:, 5:] < 0).all()
    assert (drawn["rows/rows_candidates/bias"][-5:] > 0).all()
    assert 0.45 < np.abs(drawn["rows/rows_sums/kernel"]).max() <= 0.5


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("strides", [1, 2, 3])
def test_the_place_of_the_constant_is_never_outside_the_image(keras, size, strides, padding):
    image, layers = 7, keras.layers
    layer = layers.Conv2D(1, size, strides=strides, padding=padding)
    model = keras.Sequential([layers.Input((image, image, 1)), layer])
    (gadget,) = strong_tickets.gadgets(model, 1, nonnegative_inputs=True).values()
    kernel = np.zeros((size * size, 1, 1), np.float32)
    kernel[gadget.tap] = 1
    layer.set_weights([kernel.reshape(size, size, 1, 1), np.zeros(1, np.float32)])
    assert np.asarray(model(np.ones((1, image, image, 1), np.float32))).min() == 1


@pytest.mark.parametrize(
    ("layer", "options", "said"),
    [
        ("BatchNormalization", {}, "BatchNormalization"),
        ("DepthwiseConv2D", {"kernel_size": 3}, "DepthwiseConv2D"),
        ("Conv2D", {"filters": 2, "kernel_size": 3, "groups": 2}, "not one product"),
        (
            "Conv2D",
            {"filters": 2, "kernel_size": 2, "dilation_rate": 2, "padding": "same"},
            "never outside the image",
        ),
    ],
)
def test_what_cannot_be_approximated_is_refused_by_name(keras, layer, options, said):
    layers = keras.layers
    one = getattr(layers, layer)(**options, name="wrong")
    model = keras.Sequential([layers.Input((7, 7, 4)), one, layers.Dense(2)])
    with pytest.raises(ValueError, match=rf"wrong \(.*{said}"):
        strong_tickets.gadgets(model, 4, nonnegative_inputs=False)


def test_of_many_layers_that_cannot_be_one_is_named_for_each_reason(keras):
    layers = keras.layers
    norms = [layers.BatchNormalization(name=f"norm_{n}") for n in range(3)]
    prelu = layers.PReLU(name="slope")
    model = keras.Sequential([layers.Input((4,)), *norms, prelu, layers.Dense(2)])
    said = r"norm_0 and 2 more \(BatchNormalization\); slope \(PReLU\)"
    with pytest.raises(ValueError, match=said):
        strong_tickets.gadgets(model, 4, nonnegative_inputs=False)
    plain = keras.Sequential([layers.Input((4,)), layers.ReLU()])
    with pytest.raises(ValueError, match="Received: no weights"):
        strong_tickets.gadgets(plain, 4, nonnegative_inputs=False)


def test_networks_that_would_be_too_large_or_cannot_be_read_are_refused(keras, target):
    wide = keras.Sequential([keras.Input((20_000,)), keras.layers.Dense(1)])
    with pytest.raises(ValueError, match="`candidates` must be fewer .* 800,120,004 weights"):
        strong_tickets.gadgets(wide, 2, nonnegative_inputs=True)
    with pytest.raises(ValueError, match="built Sequential or functional"):
        strong_tickets.gadgets(keras.layers.Dense(2), 2, nonnegative_inputs=True)


def test_a_gadget_counts_its_weights():
    gadget = network.Gadget("a", "a", (3, 2), True, candidates=4, num_signs=2, tap=0)
    assert gadget.num_neurons == 3 * 2 * 4 + 4
    assert gadget.num_weights == 28 * (3 + 1 + 2)
    assert dataclasses.replace(gadget, has_bias=False).num_weights == 24 * (3 + 2)
