from __future__ import annotations

import functools

import pytest
import tensorflow as tf

from tfticket.strong_tickets.signs import signed_layers


def test_what_follows_a_relu_is_never_negative(keras, target):
    kernels = {"rows", "hidden", "output"}
    assert signed_layers(target, nonnegative_inputs=False) & kernels == {"rows"}
    assert signed_layers(target, nonnegative_inputs=True) & kernels == set()


@pytest.mark.parametrize("activation", ["linear", "tanh", "selu"])
def test_what_follows_others_may_be(keras, activation):
    layers = keras.layers
    stack = [layers.Input((4,)), layers.Dense(3, activation=activation), layers.ReLU()]
    stack += [layers.Dense(3, name="after"), layers.Dense(3, name="last")]
    found = signed_layers(keras.Sequential(stack), nonnegative_inputs=True)
    assert found & {"after", "last"} == {"last"}


def test_sums_and_models_inside_are_followed(keras):
    layers = keras.layers
    given = keras.Input((4,))
    inner = keras.Sequential([layers.Input((4,)), layers.Dense(4, name="deep")], name="inner")
    relu = layers.Dense(4, activation="relu", name="relu")(given)
    good = layers.Dense(4, name="good")(layers.Add()([relu, given]))
    bad = layers.Dense(4, name="bad")(layers.Add()([relu, inner(relu)]))
    lost = layers.Dense(4, name="lost")(layers.UnitNormalization()(relu))
    found = signed_layers(keras.Model(given, [good, bad, lost]), nonnegative_inputs=True)
    assert {"bad", "lost"} <= found and not found & {"good", "inner/deep", "relu"}


def relu(x):
    """Of the name of another."""
    return x - 1.0


@pytest.mark.parametrize(
    "make",
    [
        lambda layers: layers.ReLU(negative_slope=0.3),
        lambda layers: layers.Activation(relu),
        lambda layers: layers.Activation(functools.partial(relu)),
        lambda layers: layers.Dense(4, activation=layers.LeakyReLU()),
    ],
)
def test_what_only_looks_like_a_relu_may_be_negative(keras, make):
    layers = keras.layers
    stack = [layers.Input((4,)), layers.Dense(4, activation="relu"), make(layers)]
    model = keras.Sequential([*stack, layers.Dense(2, name="last")])
    assert "last" in signed_layers(model, nonnegative_inputs=True)


@pytest.mark.parametrize("activation", ["relu", tf.nn.relu, "sigmoid", "layer"])
def test_what_is_one_is_not(keras, activation):
    layers = keras.layers
    given = layers.ReLU(max_value=6.0) if activation == "layer" else activation
    stack = [layers.Input((4,)), layers.Dense(4, activation=given)]
    model = keras.Sequential([*stack, layers.Dense(2, name="last")])
    assert "last" not in signed_layers(model, nonnegative_inputs=True)


def test_an_interpolation_may_overshoot(keras):
    layers = keras.layers
    found = {}
    for how in ("nearest", "bilinear", "bicubic"):
        stack = [layers.Input((4, 4, 1)), layers.UpSampling2D(interpolation=how)]
        model = keras.Sequential([*stack, layers.Conv2D(2, 1, name="last")])
        found[how] = "last" in signed_layers(model, nonnegative_inputs=True)
    assert found == {"nearest": False, "bilinear": False, "bicubic": True}
