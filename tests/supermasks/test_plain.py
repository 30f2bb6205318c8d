"""to_plain and start_from: from a supermask model to a ticket, and back to scores."""

from __future__ import annotations

import numpy as np
import pytest

from tfticket import _keras, controls, masks, supermasks, weights
from tfticket.errors import MismatchError
from tfticket.masks import Masks
from tfticket.supermasks import Bernoulli, EdgePopup, Signed
from tfticket.tickets import Ticket

from .conftest import KERNELS

SMALL = ["each/kernel", "output/kernel"]
MASKERS = {
    "edge_popup": EdgePopup(0.3),
    "global": EdgePopup(0.3, scope="global"),
    "signed": Signed(0.4),
    "bernoulli": Bernoulli(rescale=True, evaluation="sampled"),
}

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def supermask_of(model, masker, seed=0):
    made = supermasks.convert(model, masker=masker, initializer="kaiming_normal", seed=seed)
    rng = np.random.default_rng(seed)
    for _, layer, _ in _keras.walk(made):
        if hasattr(layer, "scores"):
            layer.scores.assign(rng.normal(size=tuple(layer.scores.shape)))
    return made


@pytest.mark.parametrize("name", MASKERS)
def test_the_plain_model_computes_the_same_and_knows_nothing_of_us(make_network, batch, name):
    supermask = supermask_of(make_network(), MASKERS[name])
    plain, ticket = supermasks.to_plain(supermask)
    for _, layer, _ in _keras.walk(supermask):
        if hasattr(layer, "scores") and name == "bernoulli":
            layer.masker.evaluation = "rounded"
    np.testing.assert_allclose(plain(batch[0]), supermask(batch[0]), rtol=1e-5, atol=1e-5)
    assert "tfticket" not in plain.to_json()
    assert list(ticket.masks) == KERNELS == list(weights.read(plain))
    for path, weight in weights.read(plain).items():
        np.testing.assert_array_equal(weight != 0, ticket.masks[path])
        assert np.count_nonzero(ticket.weights[path]) == weight.size  # unmasked values


def test_the_ticket_is_saved_and_controlled_like_any_other(make_network, tmp_path):
    plain, ticket = supermasks.to_plain(supermask_of(make_network(), EdgePopup(0.3)))
    loaded = Ticket.load(ticket.save(tmp_path / "ticket"))
    assert loaded.masks == ticket.masks
    assert loaded.provenance["maskers"]["output/kernel"]["density"] == 0.3
    assert loaded.provenance["initializers"]["output/kernel"]["name"] == "kaiming_normal"
    for control in controls.CONTROLS:
        made = controls.make(control, loaded, plain, seed=1)
        kept = made.masks.kept_per_path() if control != "dense" else ticket.masks.kept_per_path()
        assert kept == ticket.masks.kept_per_path()


@pytest.mark.parametrize("name", MASKERS)
def test_start_scores_give_the_tickets_mask(make_small, name):
    _, ticket = supermasks.to_plain(supermask_of(make_small(), MASKERS[name], seed=1))
    other = supermask_of(make_small(), MASKERS[name], seed=2)
    supermasks.start_from(other, ticket)
    found = supermasks.to_plain(other)[1]
    assert masks.distance(found.masks, ticket.masks) == 0
    raw = weights.read_all(other)
    assert all(np.array_equal(raw[p], ticket.weights[p]) for p in ticket.masks)


def test_start_scores_from_masks_leave_weights_and_magnitudes(make_small):
    model = supermask_of(make_small(), EdgePopup(0.5))
    before = weights.read_all(model)
    wanted = Masks({p: np.arange(before[p].size).reshape(before[p].shape) % 2 == 0 for p in SMALL})
    supermasks.start_from(model, wanted)
    after = weights.read_all(model)
    assert supermasks.to_plain(model)[1].masks == wanted
    for path in SMALL:
        scores = path.replace("kernel", "scores")
        np.testing.assert_array_equal(before[path], after[path])
        np.testing.assert_array_equal(
            np.sort(np.abs(before[scores]), axis=None), np.sort(np.abs(after[scores]), axis=None)
        )
        np.testing.assert_array_equal(np.sign(before[scores]), np.sign(after[scores]))


def test_masks_of_another_model_are_refused(make_network):
    model = supermask_of(make_network(), EdgePopup(0.5))
    with pytest.raises(MismatchError, match="'conv/kernel'.* are missing, \\['other'\\]"):
        supermasks.start_from(model, Masks({"other": np.ones(3, bool)}))


def test_a_plain_model_has_no_subnetwork(make_network):
    with pytest.raises(ValueError, match="must have supermask layers"):
        supermasks.to_plain(make_network())
