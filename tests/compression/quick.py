"""A model that is quick to compress, and how the tests compress it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import tfticket as tt

RNG = np.random.default_rng(0)
X = RNG.normal(size=(240, 6, 6, 2)).astype(np.float32)
Y = (np.abs(X[..., 0]).mean((1, 2)) * 8).astype(np.int64) % 3
VALIDATION, TEST = (X[:160], Y[:160]), (X[160:], Y[160:])
QUICK = {"verify": False, "latency": lambda path: Path(path).stat().st_size / 1e4}


def network(keras):
    keras.utils.set_random_seed(0)
    layers = keras.layers
    made = keras.Sequential(
        [
            layers.Input((6, 6, 2)),
            layers.Conv2D(24, 3, use_bias=False, name="conv"),
            layers.BatchNormalization(name="norm"),
            layers.ReLU(),
            layers.GlobalAveragePooling2D(),
            layers.Dense(48, activation="relu", name="hidden"),
            layers.Dense(3, name="output"),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    made.compile(keras.optimizers.SGD(0.1), loss)
    made.fit(X[:160], Y[:160], epochs=3, verbose=0, shuffle=False)
    return made


def train(network):
    network.fit(X[:160], Y[:160], epochs=1, verbose=0, shuffle=False)


def compress(model, out, budget, trained=train, **choices):
    given = {"validation": VALIDATION, "budget": budget, "out": out, **QUICK, **choices}
    return tt.compress(model, trained, **given)
