"""A ticket where masks are asked for: its masks, under the paths of the model at hand."""

from __future__ import annotations

import numpy as np
import pytest

import tfticket as tt
from tfticket import masks, schedules
from tfticket.callbacks import EnforceMasks, PruneOnSchedule

X, Y = np.ones((16, 6), np.float32), np.ones((16, 2), np.float32)


@pytest.fixture
def network(keras):
    """Layers without names, which Keras numbers on and on."""

    def make():
        layers = keras.layers
        model = keras.Sequential([keras.Input((6,)), layers.Dense(8), layers.Dense(2)])
        model.compile("sgd", "mse")
        return model

    return make


@pytest.fixture
def ticket(network):
    return tt.prune(network(), score="magnitude", schedule=schedules.OneShot(0.5))


def test_masks_of_a_ticket_are_enforced_whatever_layers_are_called(network, ticket):
    model = network()
    ticket.apply(model)
    callback = EnforceMasks(ticket)
    model.fit(X, Y, epochs=2, verbose=0, callbacks=[callback])
    assert callback.masks == ticket.masks_for(model)
    assert masks.from_zeros(model) == callback.masks


def test_a_schedule_goes_on_from_a_ticket(network, ticket):
    model = network()
    ticket.apply(model)
    curve = schedules.Polynomial(0.8, initial_sparsity=0.5, begin_step=0, end_step=4, frequency=1)
    callback = PruneOnSchedule(curve, masks=ticket)
    model.fit(X, Y, epochs=3, batch_size=8, verbose=0, callbacks=[callback])
    assert callback.masks.sparsity == pytest.approx(0.8, abs=0.02)
    for path, mask in ticket.masks_for(model).items():
        assert not (callback.masks[path] & ~mask).any(), path


def test_a_ticket_that_holds_other_values_is_refused(ticket):
    held = {path: np.ones(mask.shape) for path, mask in ticket.masks.items()}
    other = tt.Ticket(ticket.masks, ticket.weights, pruned_values=held)
    with pytest.raises(ValueError, match="must be a ticket that holds pruned weights at 0"):
        PruneOnSchedule(schedules.OneShot(0.5), masks=other)
