"""What is in force is handed on to who comes next, and Keras traces nothing again."""

from __future__ import annotations

import numpy as np
import pytest

from tfticket import enforce, weights
from tfticket.errors import EnforcementError


@pytest.fixture
def traced(net):
    """A net, and a list with an entry for every time that Keras traced its step."""

    def make(optimizer="adam"):
        model, traces = net(optimizer), []
        step = model.train_step
        model.train_step = lambda *args: traces.append(1) or step(*args)
        return model, traces

    return make


def test_who_takes_over_the_same_weights_lets_the_traced_step_go_on(traced, draw, data, leaks):
    model, traces = traced()
    first = enforce(model, draw(model, seed=1))
    model.fit(*data, batch_size=6, verbose=0)
    num_traces = len(traces)
    second = enforce(model, draw(model, seed=2))
    assert first.is_released
    assert not second.is_released
    assert leaks(model, second.masks) == {}
    model.fit(*data, batch_size=6, verbose=0)
    assert leaks(model, second.masks) == {}
    assert len(traces) == num_traces
    first.release()  # does nothing any more
    second.check()
    with pytest.raises(EnforcementError, match="in force"):
        first.check()


def test_other_pruned_values_are_taken_too_and_values_instead_of_0_are_not(
    traced, draw, data, leaks
):
    model, traces = traced()
    masks = draw(model)
    ones = {p: np.ones(m.shape, np.float32) for p, m in masks.items()}
    halves = {p: a / 2 for p, a in ones.items()}
    enforce(model, masks)
    model.fit(*data, batch_size=6, verbose=0)
    for values, is_traced in ((ones, True), (halves, False), (None, True)):
        num_traces = len(traces)
        enforce(model, masks, pruned_values=values)
        model.fit(*data, batch_size=6, verbose=0)
        assert leaks(model, masks, values) == {}
        assert (len(traces) > num_traces) == is_traced


def test_other_weights_or_another_model_begin_anew(net, draw, data, leaks):
    model = net()
    enforce(model, draw(model))
    hidden = draw(model, prunable="hidden/")
    with enforce(model, hidden) as enforcement:
        model.fit(*data, batch_size=6, verbose=0)
        assert leaks(model, hidden) == {}
        assert np.all(weights.read(model)["out/kernel"][~draw(model)["out/kernel"]])
        assert list(enforcement.masks) == ["hidden/kernel"]
    model.fit(*data, batch_size=6, verbose=0)
    assert np.all(weights.read(model)["hidden/kernel"])


def test_a_model_compiled_anew_is_attached_by_who_takes_over(keras, net, draw, data, leaks):
    model = net()
    masks = draw(model)
    enforce(model, masks)
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), model.loss)
    enforce(model, masks)
    model.fit(*data, batch_size=6, verbose=0)
    assert leaks(model, masks) == {}
