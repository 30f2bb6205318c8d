from __future__ import annotations

import pytest

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
