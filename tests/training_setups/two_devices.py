"""Prunes under MirroredStrategy on two logical CPUs; a process of its own must be cut in two so."""

from __future__ import annotations

import contextlib
import importlib

import numpy as np
import tensorflow as tf

import tfticket as tt
from tfticket import tfmot_bridge, weights
from tfticket._tfmot import tfmot
from tfticket.scores import Evidence

X = np.random.default_rng(0).standard_normal((32, 8)).astype(np.float32)
Y = X[:, :4]
EVIDENCE = Evidence({}, batch=(X, Y), loss="mse", seed=0)
SCHEDULE = tt.schedules.Linear(0.5, begin_step=1, end_step=3, frequency=1)


def made(keras):
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(6, name="hidden"), keras.layers.Dense(4, name="output")]
    model = keras.Sequential([keras.layers.Input((8,)), *layers])
    model.compile(keras.optimizers.SGD(0.01), "mse")
    return model


def fit(model, *callbacks):
    model.fit(X, Y, batch_size=8, shuffle=False, verbose=0, callbacks=list(callbacks))


def check(variables, masks):
    """Every device has the zeros, and the same values."""
    assert abs(masks.sparsity - 0.5) < 0.02, masks.sparsity
    for path, mask in masks.items():
        one, other = getattr(variables[path], "_value", variables[path]).values
        assert np.array_equal(one.numpy(), other.numpy())
        assert (one.numpy()[~mask] == 0).all()


def drop_in(keras, strategy):
    with strategy.scope():
        model = tt.prune_low_magnitude(made(keras), pruning_schedule=SCHEDULE)
        model.compile(keras.optimizers.SGD(0.01), "mse")
    callback = tt.callbacks.UpdatePruningStep()
    fit(model, callback)
    check(weights.variables(model), callback.masks)


def gradual_by(score, keras, strategy):
    with strategy.scope():
        model = made(keras)
    callback = tt.callbacks.PruneOnSchedule(SCHEDULE, score=score, evidence=EVIDENCE)
    fit(model, callback)
    check(weights.variables(model), callback.masks)


def before_training_by(score, keras, strategy):
    """The masks are those of a model on one device, inside a scope and outside."""
    with strategy.scope():
        model = made(keras)
    choices = {"schedule": tt.schedules.OneShot(0.5), "score": score, "evidence": EVIDENCE}
    expected = tt.prune(made(keras), **choices).masks
    for scope in (strategy.scope(), contextlib.nullcontext()):
        with scope:
            found = tt.prune(model, **choices).masks
        assert all(np.array_equal(found[p], m) for p, m in expected.items()), (score, keras)


def lottery(keras, strategy):
    with strategy.scope():
        model = made(keras)
    levels = list(
        tt.find_ticket(
            model,
            lambda model, callbacks: fit(model, *callbacks),
            schedule=tt.schedules.Exponential.at_rate(0.3, rounds=2),
            action=tt.actions.Rewind(step=2),
        )
    )
    check(weights.variables(model), levels[-1].ticket.masks)


def inside_tfmot_by(score, keras, strategy):
    with strategy.scope():
        model = tfmot_bridge.prune_by_score(
            made(keras), SCHEDULE, score=score, scope="global", evidence=EVIDENCE
        )
        model.compile(keras.optimizers.SGD(0.01), "mse")
    fit(model, tfmot().sparsity.keras.UpdatePruningStep())
    plain = tfmot().sparsity.keras.strip_pruning(model)
    check(weights.variables(plain), tfmot_bridge.read_ticket(model).masks)


if __name__ == "__main__":
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    both = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    for name in ("keras", "tf_keras"):
        module = importlib.import_module(name)
        drop_in(module, both)
        gradual_by("snip", module, both)
        lottery(module, both)
        for wanted in ("magnitude", "snip", "grasp", "synflow", "taylor"):
            before_training_by(wanted, module, both)
    for wanted in ("magnitude", "snip"):
        inside_tfmot_by(wanted, importlib.import_module("tf_keras"), both)
