"""Trains under MirroredStrategy on two logical CPUs; a process of its own must be cut in two so."""

from __future__ import annotations

import importlib

import numpy as np
import tensorflow as tf

from tfticket import _optimizers, weights
from tfticket.callbacks import EnforceMasks, RecordRewindPoint
from tfticket.masks import Masks
from tfticket.rewinding import capture, restore

PATH = "hidden/kernel"
X, Y = np.random.default_rng(0).normal(size=(8, 4)).astype(np.float32), np.ones((8, 1), np.float32)
MASKS = Masks({PATH: np.arange(12).reshape(4, 3) % 3 == 0})


def compiled(keras, optimizer):
    hidden = keras.layers.Dense(3, name="hidden")
    model = keras.Sequential([keras.layers.Input((4,)), hidden, keras.layers.Dense(1)])
    model.compile(optimizer, "mse")
    return model


def replicas(variable):
    """The copies of a variable on the two devices."""
    native = getattr(variable, "_value", variable)
    assert len(native.values) == 2
    return [v.numpy() for v in native.values]


def check(model, masks, value=0.0):
    kernel = weights.variables(model)[PATH]
    for copy in replicas(kernel):
        assert np.all(copy[~masks[PATH]] == np.float32(value)), copy
    for slot in _optimizers.slots(model.optimizer, kernel):
        for copy in replicas(slot.variable):
            empty = value if slot.is_average else 0
            assert np.all(copy[~masks[PATH]] == np.float32(empty)), (slot, copy)


def fit(model, *callbacks):
    model.fit(X, Y, batch_size=4, shuffle=False, verbose=0, callbacks=list(callbacks))
    return capture(model).weights[PATH]


def main(keras, strategy):
    with strategy.scope():
        model = compiled(keras, keras.optimizers.SGD(0.1, momentum=0.9))
    fit(model)
    start, callback = capture(model), EnforceMasks(MASKS)
    recorder = RecordRewindPoint(start.step + 1)
    first = fit(model, callback, recorder)
    check(model, MASKS)
    assert recorder.state.step == 3
    restore(model, start)
    assert np.array_equal(fit(model, callback), first)
    smaller = Masks({PATH: MASKS[PATH] & (np.arange(3) == 0)})
    callback.update(smaller)
    check(model, smaller)

    with strategy.scope():
        model = compiled(keras, keras.optimizers.AdamW(0.1, weight_decay=0.1, use_ema=True))
    fit(model, EnforceMasks(MASKS, {PATH: np.full((4, 3), 0.3, np.float32)}))
    check(model, MASKS, 0.3)


if __name__ == "__main__":
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    both = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    for name in ("keras", "tf_keras"):
        main(importlib.import_module(name), both)
