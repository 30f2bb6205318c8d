"""How often Keras traces a training step over many fits: once, as without masks."""

from __future__ import annotations

import numpy as np
import pytest

from tfticket.callbacks import EnforceMasks, PruneOnSchedule
from tfticket.masks import Masks
from tfticket.schedules import Constant, Linear
from tfticket.weights import read

X = np.random.default_rng(0).normal(size=(64, 10)).astype(np.float32)
Y = np.random.default_rng(1).normal(size=(64, 1)).astype(np.float32)


def traced_net(keras):
    layers = keras.layers
    model = keras.Sequential([layers.Input((10,)), layers.Dense(20), layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    traces, step = [], model.train_step
    model.train_step = lambda *args: traces.append(1) or step(*args)
    return model, traces


def enforcing(model):
    rng = np.random.default_rng(3)
    return EnforceMasks(Masks({p: rng.random(w.shape) < 0.5 for p, w in read(model).items()}))


def pruning(model):
    schedule = Linear(0.8, initial_sparsity=0.2, begin_step=0, end_step=40, frequency=1)
    return PruneOnSchedule(schedule, on_unreachable="warn")


def holding(model):
    return PruneOnSchedule(Constant(0.5, begin_step=0))


@pytest.mark.parametrize("make", [enforcing, pruning, holding])
@pytest.mark.parametrize("is_kept", [True, False], ids=["kept", "fresh"])
@pytest.mark.filterwarnings("ignore:`schedule` must end within", "ignore:training ended at step")
def test_fits_in_a_loop_trace_the_step_once(keras, make, is_kept):
    model, traces = traced_net(keras)
    callback, counts = make(model), []
    for _ in range(6):
        callback = callback if is_kept else make(model)
        model.fit(X, Y, batch_size=8, verbose=0, callbacks=[callback])
        counts.append(len(traces))
    assert counts == [counts[0]] * 6
    plain, its_traces = traced_net(keras)
    plain.fit(X, Y, batch_size=8, verbose=0)
    assert counts[0] <= len(its_traces)


def test_one_kind_after_another_goes_on_with_the_same_trace(keras):
    model, traces = traced_net(keras)
    model.fit(X, Y, batch_size=8, verbose=0, callbacks=[holding(model)])
    num_traces = len(traces)
    masks = holding(model)
    model.fit(X, Y, batch_size=8, verbose=0, callbacks=[masks])
    model.fit(X, Y, batch_size=8, verbose=0, callbacks=[EnforceMasks(masks.masks)])
    assert len(traces) == num_traces
