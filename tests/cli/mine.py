"""What a user of Keras brings: data of every kind, and networks for them."""

from __future__ import annotations

import importlib
import os

import numpy as np
import tensorflow as tf

from tfticket import zoo

DIGITS = zoo.load_data("digits")
KERAS = importlib.import_module(os.environ.get("FLAVOUR", "keras"))


def parts(make):
    return {name: make(split) for name, split in DIGITS.splits.items()}


def pairs(split):
    return tf.data.Dataset.from_tensor_slices((split.x, split.y))


def noisy(x, y):
    return x + tf.random.normal((8, 8, 1), stddev=0.1), y


def augmented_train():
    return pairs(DIGITS.train).shuffle(2000).map(noisy).batch(32)


def augmented():
    """With a function for what is random, so that it can be made again."""
    return {**parts(lambda split: pairs(split).batch(64)), "train": augmented_train}


def augmented_once():
    return {**augmented(), "train": augmented_train()}


class Batches(getattr(KERAS.utils, "PyDataset", None) or KERAS.utils.Sequence):
    def __init__(self, split):
        super().__init__()
        self.split = split

    def __len__(self):
        return -(-len(self.split) // 32)

    def __getitem__(self, number):
        rows = slice(32 * number, 32 * number + 32)
        return self.split.x[rows], self.split.y[rows]


def numbered():
    return parts(Batches)


def two_inputs():
    def named(split):
        x = {"image": split.x, "mean": split.x.mean((1, 2))}
        return x, split.y, np.where(split.y == 3, 2.0, 1.0)

    return parts(named)


def two_outputs():
    return parts(lambda split: (split.x, {"digit": split.y, "odd": split.y % 2.0}))


def callbacks(keras):
    plateau = keras.callbacks.ReduceLROnPlateau(patience=1, min_delta=1e9, factor=0.5)
    return [plateau, keras.callbacks.EarlyStopping(patience=2, min_delta=1e9)]


def from_logits(keras):
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def network(keras):
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(16, activation="relu"),
            layers.Dense(10),
        ]
    )
    rate = keras.optimizers.schedules.CosineDecay(0.2, 40)
    top = keras.metrics.SparseTopKCategoricalAccuracy(3, name="top3")
    model.compile(keras.optimizers.SGD(rate), from_logits(keras), metrics=[top])
    return model


def network_for_callbacks(keras):
    model = network(keras)
    model.compile("sgd", from_logits(keras), metrics=["sparse_categorical_accuracy"])
    return model


def of_two_inputs(keras):
    layers = keras.layers
    image, mean = keras.Input((8, 8, 1), name="image"), keras.Input((1,), name="mean")
    both = layers.Concatenate()([layers.Flatten()(image), mean])
    hidden = layers.Dense(16, activation="relu")(both)
    model = keras.Model({"image": image, "mean": mean}, layers.Dense(10)(hidden))
    model.compile("sgd", from_logits(keras), metrics=["accuracy"])
    return model


def of_two_outputs(keras):
    layers = keras.layers
    image = keras.Input((8, 8, 1))
    hidden = layers.Dense(16, activation="relu")(layers.Flatten()(image))
    digit = layers.Dense(10, name="digit")(hidden)
    odd = layers.Dense(1, activation="sigmoid", name="odd")(hidden)
    model = keras.Model(image, [digit, odd])
    losses = {"digit": from_logits(keras), "odd": "binary_crossentropy"}
    metrics = {"digit": ["accuracy"], "odd": [keras.metrics.AUC(name="auc")]}
    model.compile("sgd", losses, loss_weights={"digit": 1.0, "odd": 0.5}, metrics=metrics)
    return model
