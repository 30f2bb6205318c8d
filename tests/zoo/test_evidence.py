"""The examples and the loss that scores look at."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from tfticket import zoo
from tfticket.scores import get
from tfticket.weights import read
from tfticket.zoo.evidence import evidence_from, first_examples, first_inputs


@pytest.fixture(scope="module")
def digits():
    return zoo.load_data("digits")


def piped(data):
    def batched(split):
        return tf.data.Dataset.from_tensor_slices((split.x, split.y)).batch(50)

    return zoo.as_dataset({name: batched(split) for name, split in data.splits.items()})


def test_a_pipeline_gives_its_first_examples_of_each_class(digits):
    x, y = first_examples(piped(digits).train, 3)
    assert np.bincount(y).tolist() == [3] * 10
    first = np.flatnonzero(digits.train.y == 4)[:3]
    assert np.array_equal(x[y == 4], digits.train.x[first])


def test_first_inputs_are_those_of_the_arrays(digits):
    for split in (digits.train, piped(digits).train):
        assert np.array_equal(first_inputs(split, 70), digits.train.x[:70])
    assert len(first_inputs(piped(digits).validation, 10_000)) == 180


def two_headed(keras, outputs):
    image = keras.Input((8, 8, 1))
    hidden = keras.layers.Dense(6, name="hidden")(keras.layers.Flatten()(image))
    digit = keras.layers.Dense(10, name="digit")(hidden)
    odd = keras.layers.Dense(1, activation="sigmoid", name="odd")(hidden)
    model = keras.Model(image, {"digit": digit, "odd": odd} if outputs == "named" else [digit, odd])
    model.compile(
        "sgd",
        {
            "digit": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            "odd": "binary_crossentropy",
        },
        loss_weights={"digit": 1.0, "odd": 0.25},
    )
    return model


@pytest.mark.parametrize("outputs", ["named", "listed"])
def test_the_loss_of_several_outputs_is_the_one_that_fit_takes(keras, outputs, digits):
    targets = {"digit": digits.train.y, "odd": (digits.train.y % 2).astype("float32")}
    data = zoo.as_dataset((digits.train.x, targets))
    keras.utils.set_random_seed(0)
    model = two_headed(keras, outputs)
    found = evidence_from(data, model, 5, seed=0)
    ((x, given),) = found.batches
    chosen = {"digit": given[0], "odd": given[1]}
    fitted = model.evaluate(x, chosen, verbose=0, return_dict=True, batch_size=len(x))
    assert float(found.loss(given, model(x))) == pytest.approx(fitted["loss"], rel=1e-5)
    scores = get("snip")(model, dataclasses.replace(found, weights=read(model)))
    assert all(np.isfinite(score).all() for score in scores.values())


def test_one_number_per_example_is_a_column_where_the_output_is_one(keras):
    pairs = tf.data.Dataset.from_tensor_slices((np.ones((8, 3)), np.ones(8))).batch(4)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    found = evidence_from(zoo.as_dataset((pairs, pairs)), model, 1, seed=0)
    ((_, targets),) = found.batches
    assert targets.shape == (8, 1)
