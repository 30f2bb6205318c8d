"""Which variables weight decay acts on, told and carried on."""

from __future__ import annotations

import numpy as np
import pytest

from tfticket import _weight_decay, weights
from tfticket.cloning import clone, compile_like, remade


@pytest.fixture
def model(keras):
    layers = keras.layers
    stack = [layers.Input((3,)), layers.Dense(4, name="first"), layers.Dense(2, name="last")]
    return keras.Sequential(stack)


def acting(model):
    optimizer = model.optimizer
    held = weights.variables(model)
    return {path for path, v in held.items() if _weight_decay.decays(optimizer, v)}


ALL = {"first/kernel", "first/bias", "last/kernel", "last/bias"}


def test_what_is_excluded_is_added_to_what_was(keras, model):
    optimizer = keras.optimizers.AdamW(weight_decay=0.1)
    optimizer.exclude_from_weight_decay(
        var_list=[model.get_layer("first").kernel], var_names=["bias"]
    )
    model.compile(optimizer, "mse")
    assert acting(model) == {"last/kernel"}
    _weight_decay.exclude(optimizer, [model.get_layer("last").kernel])
    assert acting(model) == set()


def test_without_weight_decay_nothing_acts(keras, model):
    model.compile(keras.optimizers.Adam(), "mse")
    assert acting(model) == set()
    _weight_decay.exclude(model.optimizer, [model.get_layer("last").kernel])


@pytest.mark.parametrize("by", ["var_list", "var_names", "neither"])
def test_a_copy_compiled_alike_decays_what_the_model_does(keras, model, by):
    optimizer = keras.optimizers.SGD(0.0, weight_decay=0.1)
    given = {"var_list": [model.get_layer("last").kernel], "var_names": ["bias"], "neither": None}
    if given[by] is not None:
        optimizer.exclude_from_weight_decay(**{by: given[by]})
    model.compile(optimizer, "mse")
    made = clone(model, remade)
    compile_like(made, model)
    left = {"var_list": {"last/kernel"}, "var_names": {"first/bias", "last/bias"}, "neither": set()}
    assert acting(made) == ALL - left[by] == acting(model)


def test_a_step_leaves_what_is_excluded_as_it_is(keras, model):
    """There is no gradient: what moves has decayed by half."""
    optimizer = keras.optimizers.SGD(1.0, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_list=[model.get_layer("last").kernel])
    model.compile(optimizer, lambda targets, outputs: 0.0 * outputs)
    made = clone(model, remade)
    weights.write(made, weights.read_all(model))
    compile_like(made, model)
    before = weights.read_all(made)
    made.fit(np.ones((4, 3)), np.ones((4, 2)), batch_size=4, verbose=0)
    after = weights.read_all(made)
    np.testing.assert_array_equal(after["last/kernel"], before["last/kernel"])
    np.testing.assert_allclose(after["first/kernel"], 0.5 * before["first/kernel"], rtol=1e-5)


@pytest.mark.parametrize("by", ["var_list", "var_names"])
def test_a_configuration_has_what_keras_does_not_write_down(keras, model, by):
    """By which runs are told apart, and trainings shared."""
    plain = keras.optimizers.AdamW(weight_decay=0.1)
    model.compile(plain, "mse")
    assert _weight_decay.configured(model) == plain.get_config()
    optimizer = keras.optimizers.AdamW(weight_decay=0.1)
    biases = [layer.bias for layer in model.layers]
    optimizer.exclude_from_weight_decay(**{by: biases if by == "var_list" else ["bias"]})
    model.compile(optimizer, "mse")
    found = _weight_decay.configured(model)
    assert found == {
        **optimizer.get_config(),
        "excluded_from_weight_decay": ["first/bias", "last/bias"],
    }
