import dataclasses
import os

import numpy as np
import pytest

from tfticket import supermasks
from tfticket.errors import ExportError
from tfticket.export import seed_file

MASKERS = {
    "edge_popup": supermasks.EdgePopup(0.5),
    "signed": supermasks.Signed(0.5),
    "bernoulli": supermasks.Bernoulli(rescale=True),
}


@pytest.fixture
def ticket(small):
    def make(masker):
        made = supermasks.convert(
            small, masker=MASKERS[masker], initializer="signed_kaiming_constant", seed=3
        )
        return supermasks.to_plain(made)[1]

    return make


@pytest.mark.parametrize("masker", MASKERS)
def test_a_supermask_is_written_as_seeds_and_read_as_the_same_weights(ticket, tmp_path, masker):
    given = ticket(masker)
    report = seed_file(given, tmp_path / "seeds.safetensors")
    assert report.raw_bytes < 0.4 * sum(w.nbytes for w in given.weights.values())
    assert report.num_samples == given.masks.num_weights
    found = supermasks.SeedTicket.load(tmp_path / "seeds.safetensors").expand()
    for path, weight in given.start_weights.items():
        np.testing.assert_array_equal(found.start_weights[path], weight)


def test_a_seed_ticket_is_written_as_it_is(ticket, tmp_path):
    seed_file(ticket("edge_popup"), tmp_path / "first.safetensors")
    seeds = supermasks.SeedTicket.load(tmp_path / "first.safetensors")
    seed_file(seeds, tmp_path / "second.safetensors")
    assert (tmp_path / "first.safetensors").read_bytes() == (
        tmp_path / "second.safetensors"
    ).read_bytes()


def test_trained_weights_cannot_be_stored_as_seeds(ticket, tmp_path):
    given = ticket("edge_popup")
    trained = {p: w * np.float32(1.01) for p, w in given.weights.items()}
    with pytest.raises(ExportError, match="trained cannot be stored as seeds"):
        seed_file(dataclasses.replace(given, weights=trained), tmp_path / "seeds.safetensors")
    plain = dataclasses.replace(given, provenance={})
    with pytest.raises(ExportError, match="only a supermask's ticket"):
        seed_file(plain, tmp_path / "seeds.safetensors")
    assert not os.listdir(tmp_path)
