"""What `evaluate` may return, and what becomes of a training that leaves no numbers."""

from __future__ import annotations

import numpy as np
import pytest

from tfticket.errors import NotFiniteError
from tfticket.lottery import find_ticket
from tfticket.measuring import measured, require_finite
from tfticket.schedules import OneShot

X = np.random.default_rng(0).normal(size=(32, 3)).astype(np.float32)
Y = (X[:, 0] > 0).astype(np.int64)


def make_model(keras, learning_rate=0.1):
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential([keras.Input((3,)), layers.Dense(4, name="a"), layers.Dense(2)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    top = keras.metrics.SparseTopKCategoricalAccuracy(k=1, name="top")
    model.compile(keras.optimizers.SGD(learning_rate), loss, metrics=["accuracy", top])
    return model


def train(model, callbacks):
    model.fit(X, Y, epochs=2, verbose=0, callbacks=callbacks)


def two_outputs(keras):
    keras.utils.set_random_seed(0)
    given = keras.Input((3,))
    outputs = {n: keras.layers.Dense(1, name=n)(given) for n in ("a", "b")}
    model = keras.Model(given, outputs)
    model.compile("sgd", {"a": "mse", "b": "mse"}, metrics={"a": ["mae"], "b": ["mae"]})
    return model, {n: X[:, :1] * scale for n, scale in (("a", 1), ("b", 5))}


def test_a_list_is_named_as_the_metrics_of_the_model_are(keras):
    model = make_model(keras)
    named = measured(lambda m: m.evaluate(X, Y, verbose=0, return_dict=True), model)
    assert set(named) == {"loss", "accuracy", "top"}
    assert measured(lambda m: m.evaluate(X, Y, verbose=0), model) == pytest.approx(named)


def test_the_list_of_several_outputs_is_named_too(keras):
    model, targets = two_outputs(keras)
    named = measured(lambda m: m.evaluate(X, targets, verbose=0, return_dict=True), model)
    assert set(named) == {"loss", "a_loss", "b_loss", "a_mae", "b_mae"}
    assert measured(lambda m: m.evaluate(X, targets, verbose=0), model) == pytest.approx(named)


@pytest.mark.parametrize("number", [0.5, np.float32(0.5), np.array(0.5)])
def test_one_number_is_the_loss(number):
    assert measured(lambda model: number, None) == {"loss": 0.5}
    assert measured(None, None) == {}


@pytest.mark.parametrize("wrong", [None, "0.5", {"loss": "0.5"}, {"loss": None}, {1: 0.5}, {0.5}])
def test_anything_else_is_named(keras, wrong):
    with pytest.raises(TypeError, match="`evaluate` must return numbers by name"):
        measured(lambda model: wrong, make_model(keras))


def test_a_list_of_another_length_is_named(keras):
    model = make_model(keras)
    model.evaluate(X, Y, verbose=0)
    with pytest.raises(ValueError, match=r"as many numbers as the model has metrics.*2 numbers"):
        measured(lambda model: [0.5, 0.6], model)


def test_a_search_takes_the_list(keras):
    levels = find_ticket(
        make_model(keras),
        train,
        schedule=OneShot(0.5),
        evaluate=lambda m: m.evaluate(X, Y, verbose=0),
    )
    assert [set(level.metrics) for level in levels] == [{"loss", "accuracy", "top"}] * 2


@pytest.mark.parametrize("evaluate", [None, lambda m: m.evaluate(X, Y, verbose=0)])
def test_a_level_that_is_not_finite_is_none(keras, evaluate):
    levels = find_ticket(make_model(keras, 1e38), train, schedule=OneShot(0.5), evaluate=evaluate)
    with pytest.raises(NotFiniteError, match=r"level 0 must be finite.* Lower the learning rate"):
        next(levels)


def test_only_what_a_training_has_made_infinite_counts():
    start, trained = {"limit": np.array([np.inf])}, {"limit": np.array([np.inf])}
    require_finite(1, start, trained, {"loss": 0.5, "validation_auc": float("nan")})
    for losses in ({"loss": float("nan")}, {"validation_loss": float("inf")}):
        with pytest.raises(NotFiniteError, match="level 1 .*loss="):
            require_finite(1, start, trained, losses)
    with pytest.raises(NotFiniteError, match="the weights limit"):
        require_finite(2, {"limit": np.zeros(1)}, trained, {})
