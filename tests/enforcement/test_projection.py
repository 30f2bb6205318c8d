"""What is not at its value is written there, and what is there already is left alone."""

from __future__ import annotations

import numpy as np
import pytest

from tfticket import _keras, _optimizers, enforce, weights
from tfticket.enforcement.pruned_weight import PrunedWeight


@pytest.fixture
def written(monkeypatch):
    """A list with an entry for every weight or slot that a projection makes anew."""
    made = []
    for name in ("projected", "cleared"):
        own = getattr(PrunedWeight, name)
        monkeypatch.setattr(
            PrunedWeight, name, lambda *a, own=own, name=name: made.append(name) or own(*a)
        )
    return made


@pytest.mark.parametrize("optimizer", ["adam", "adagrad"])
@pytest.mark.parametrize("values", [False, True])
def test_what_is_at_its_value_is_not_written(net, draw, data, written, optimizer, values):
    model = net(optimizer)
    masks = draw(model)
    halves = {p: np.full(m.shape, 0.5, np.float32) for p, m in masks.items()}
    with enforce(model, masks, pruned_values=halves if values else None) as enforcement:
        model.fit(*data, verbose=0)
        written.clear()
        enforcement.project()
    assert written == []


@pytest.mark.parametrize("value", [1.0, -0.0, np.nan])
def test_what_is_not_at_its_value_is_written_to_the_last_bit(
    net, draw, data, leaks, written, value
):
    model = net()
    masks = draw(model)
    with enforce(model, masks) as enforcement:
        model.fit(*data, verbose=0)
        kernel = weights.variables(model)["out/kernel"]
        slot = next(iter(_optimizers.slots(model.optimizer, kernel)))
        for variable in (kernel, slot.variable):
            held = _keras.to_numpy(variable)
            held[~masks["out/kernel"]] = value
            variable.assign(held)
        written.clear()
        enforcement.project()
        assert written == ["projected", "cleared"]
        assert leaks(model, masks) == {}
        for variable in (kernel, slot.variable):
            assert not np.signbit(_keras.view(variable)[~masks["out/kernel"]]).any()
