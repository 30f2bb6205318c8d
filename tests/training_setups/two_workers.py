"""One of two workers on this machine: trains with pruning on, and writes what it ended with."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import numpy as np

X = np.random.default_rng(0).normal(size=(64, 6)).astype("float32")
Y = (X[:, :1] - X[:, 1:2]).astype("float32")


def compiled(keras):
    keras.utils.set_random_seed(0)
    layers = [
        keras.layers.Input((6,)),
        keras.layers.Dense(8, activation="relu", name="hidden"),
        keras.layers.Dense(1, name="output"),
    ]
    model = keras.Sequential(layers)
    model.compile(keras.optimizers.SGD(0.05, momentum=0.9), "mse")
    return model


def main(name: str, how: str, out: str) -> None:
    import tensorflow as tf

    from tfticket import callbacks, schedules, weights

    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    with strategy.scope():
        model = compiled(importlib.import_module(name))
    options = {"epochs": 2, "steps_per_epoch": 8, "verbose": 0}
    data = tf.data.Dataset.from_tensor_slices((X, Y)).repeat().batch(8)
    if how == "plain":
        model.fit(data, **options)
        return
    schedule = schedules.Polynomial(0.75, begin_step=2, end_step=12, frequency=2)
    pruning = callbacks.PruneOnSchedule(schedule)
    model.fit(data, **options, callbacks=[pruning])
    held = {**weights.read_all(model), **{f"mask/{p}": m for p, m in pruning.masks.items()}}
    np.savez(out, **{p.replace("/", "|"): a for p, a in held.items()})
    Path(out).with_suffix(".json").write_text(json.dumps(pruning.history))


if __name__ == "__main__":
    main(*sys.argv[1:])
