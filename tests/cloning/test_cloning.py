"""Copies of models: what is copied, what is shared, and what stays connected."""

from __future__ import annotations

import numpy as np
import pytest

from tfticket import weights
from tfticket.cloning import clone, remade


def test_a_copy_has_the_same_weight_paths_and_computes_the_same_with_the_same_weights(keras):
    layers = keras.layers
    inner = keras.Sequential([layers.Input((4,)), layers.Dense(4, name="deep")], name="inner")
    x = layers.Input((4,))
    model = keras.Model(x, layers.Dense(2, name="last")(inner(x)) + 1.0)
    made = clone(model, remade)
    assert list(weights.variables(made)) == list(weights.variables(model))
    weights.write(made, weights.read_all(model))
    batch = np.ones((3, 4), np.float32)
    np.testing.assert_array_equal(made(batch), model(batch))


def test_structures_states_and_added_losses_are_kept(keras):
    layers = keras.layers
    given = {"a": keras.Input((5, 3), name="a"), "b": keras.Input((4,), name="b")}
    _, *states = layers.LSTM(4, return_state=True)(given["a"])
    again = layers.GRU(4)(given["a"], initial_state=states[0])
    model = keras.Model(given, {"sum": again + given["b"], "one": layers.Dense(2)(again)})
    if keras.__name__ == "tf_keras":
        model.add_loss(keras.backend.mean(again))
    made = clone(model, remade)
    weights.write(made, weights.read_all(model))
    batch = {"a": np.ones((2, 5, 3), np.float32), "b": np.ones((2, 4), np.float32)}
    found, expected = made(batch), model(batch)
    assert set(found) == {"sum", "one"}
    for name in found:
        np.testing.assert_array_equal(found[name], expected[name])
    np.testing.assert_array_equal(made.losses, model.losses)


def test_a_layer_that_is_used_twice_is_copied_once(keras):
    shared, x = keras.layers.Dense(4), keras.layers.Input((4,))
    asked = []
    made = clone(
        keras.Model(x, shared(shared(x))), lambda layer: asked.append(layer) or remade(layer)
    )
    assert asked.count(shared) == 1
    assert len(weights.variables(made)) == 2


def test_a_lambda_is_made_anew_with_the_same_function(keras):
    model = keras.Sequential([keras.layers.Input((2,)), keras.layers.Lambda(lambda x: x * 2)])
    made = clone(model, remade).layers[-1]
    assert made is not model.layers[-1]
    assert made.function is model.layers[-1].function


def test_a_model_that_is_not_built_is_copied_only_if_asked_for(keras):
    model = keras.Sequential([keras.layers.Dense(2)])
    with pytest.raises(ValueError, match="must be a built Sequential or functional model"):
        clone(model, remade)
    assert not clone(model, remade, may_be_unbuilt=True).built


def test_a_subclassed_model_cannot_be_copied(keras):
    class Own(keras.Model):
        pass

    with pytest.raises(ValueError, match="must be a built Sequential or functional model"):
        clone(Own(), remade)
