import numpy as np
import pytest

from tfticket import controls
from tfticket.masks import ones_like
from tfticket.selection import select
from tfticket.tickets import Ticket
from tfticket.weights import read, read_all


@pytest.fixture
def model(keras):
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.layers.Input((20,)),
            keras.layers.Dense(30, name="hidden"),
            keras.layers.Dense(10, name="output"),
        ]
    )


@pytest.fixture
def ticket(model):
    weights = read(model)
    scores = {p: np.abs(w) for p, w in weights.items()}
    masks = select(scores, ones_like(weights), {"hidden": 0.9, "output": 0.7})
    return Ticket(masks, read_all(model), {"seed": 3})


SPARSE = sorted(set(controls.CONTROLS) - {"dense"})


@pytest.mark.parametrize("name", SPARSE)
def test_every_control_keeps_exactly_the_tickets_number_of_weights_per_layer(model, ticket, name):
    made = controls.make(name, ticket, model, seed=1)
    assert made.masks.kept_per_path() == {"hidden/kernel": 60, "output/kernel": 90}


@pytest.mark.parametrize("name", SPARSE)
def test_every_control_follows_its_seed_alone_and_says_which(model, ticket, name):
    first, again, other = (controls.make(name, ticket, model, seed=s) for s in (1, 1, 2))
    assert first.provenance == {"seed": 3, "control": name, "control_seed": 1}

    def values(made):
        return np.concatenate([w.ravel() for w in made.start_weights.values()])

    assert np.array_equal(values(first), values(again))
    assert not np.array_equal(values(first), values(other))


def test_reinitialize_keeps_the_mask_and_changes_the_values(model, ticket):
    made = controls.make("reinitialize", ticket, model, seed=1)
    assert made.masks == ticket.masks
    assert not np.isin(made.weights["hidden/kernel"], ticket.weights["hidden/kernel"]).any()


def test_reinitialize_from_kept_uses_the_tickets_kept_values_only(model, ticket):
    made = controls.make("reinitialize_from_kept", ticket, model, seed=1)
    mask = ticket.masks["hidden/kernel"]
    kept = ticket.weights["hidden/kernel"][mask]
    assert np.isin(made.weights["hidden/kernel"][mask], kept).all()


def test_random_sparse_changes_both_and_shuffle_mask_the_mask_alone(model, ticket):
    random = controls.make("random_sparse", ticket, model, seed=1)
    shuffled = controls.make("shuffle_mask", ticket, model, seed=1)
    assert random.masks != ticket.masks and shuffled.masks != ticket.masks
    assert np.array_equal(shuffled.weights["hidden/kernel"], ticket.weights["hidden/kernel"])
    assert not np.array_equal(random.weights["hidden/kernel"], ticket.weights["hidden/kernel"])


def test_dense_keeps_every_weight(model, ticket):
    made = controls.make("dense", ticket, model, seed=1)
    assert made.sparsity == 0
    assert np.array_equal(made.start_weights["hidden/kernel"], ticket.weights["hidden/kernel"])


def test_what_cannot_be_a_control_is_refused(model, ticket):
    with pytest.raises(ValueError, match="`control` must be one of"):
        controls.make("voodoo", ticket, model, seed=1)
    late = Ticket(ticket.masks, ticket.weights, step=500)
    with pytest.raises(ValueError, match="must start at step 0"):
        controls.make("reinitialize", late, model, seed=1)
    held = {"hidden/kernel": np.ones((20, 30), np.float32)}
    frozen = Ticket(ticket.masks, ticket.weights, pruned_values=held)
    with pytest.raises(ValueError, match="must hold its pruned weights at 0"):
        controls.make("shuffle_mask", frozen, model, seed=1)


def test_what_only_changes_places_may_start_later(model, ticket):
    late = Ticket(ticket.masks, ticket.weights, optimizer={"m": np.ones(3)}, step=500)
    shuffled = controls.make("reshuffle", late, model, seed=1)
    rearranged = controls.make("shuffle_mask", late, model, seed=1)
    assert shuffled.step == rearranged.step == 500
    mask = ticket.masks["hidden/kernel"]
    before, after = (t.weights["hidden/kernel"][mask] for t in (ticket, shuffled))
    assert sorted(before) == sorted(after) and not np.array_equal(before, after)
    assert rearranged.optimizer is late.optimizer
