"""SeedTicket: the network again, bit for bit, from seeds and one bit per weight."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tfticket import supermasks, weights, zoo
from tfticket.errors import CorruptFileError
from tfticket.supermasks import Bernoulli, EdgePopup, SeedTicket, Signed

MASKERS = {
    "edge_popup": EdgePopup(0.3),
    "signed": Signed(0.4),
    "bernoulli": Bernoulli(rescale=True),
}


def lenet(keras, masker="edge_popup", initializer="kaiming_normal"):
    plain = zoo.models.lenet_300_100(keras=keras, seed=5, input_shape=(12,))
    return supermasks.convert(plain, masker=masker, initializer=initializer, seed=3)


@pytest.mark.parametrize("masker", MASKERS)
def test_the_network_is_rebuilt_bit_for_bit(make_network, make_small, tmp_path, masker):
    make = make_network if masker == "edge_popup" else make_small
    model = supermasks.convert(
        make(), masker=MASKERS[masker], initializer="signed_kaiming_constant", seed=1
    )
    plain, found_in = supermasks.to_plain(model)
    expected = weights.read_all(plain)
    loaded = SeedTicket.load(SeedTicket.of(model).save(tmp_path / "ticket.safetensors"))
    fresh = make()
    masks = loaded.rebuild(fresh)
    found = weights.read_all(fresh)
    network = [p for p in expected if "seed_generator" not in p]
    assert all(found[p].tobytes() == expected[p].tobytes() for p in network)
    assert masks == found_in.masks


@pytest.mark.parametrize("keras", ["keras", "tf_keras"])
def test_either_keras_rebuilds_what_the_other_found(keras, tmp_path):
    other = {"keras": "tf_keras", "tf_keras": "keras"}[keras]
    found = lenet(keras)
    ticket = SeedTicket.of(found)
    fresh = zoo.models.lenet_300_100(keras=other, seed=9, input_shape=(12,))
    ticket.rebuild(fresh)
    expected = weights.read_all(supermasks.to_plain(found)[0])
    assert {p: a.tobytes() for p, a in weights.read_all(fresh).items()} == {
        p: a.tobytes() for p, a in expected.items()
    }


def test_a_weight_takes_one_bit(tmp_path):
    model = supermasks.convert(zoo.models.lenet_300_100(), initializer="kaiming_normal")
    ticket = SeedTicket.of(model)
    path = ticket.save(tmp_path / "ticket.safetensors")
    assert path.stat().st_size == ticket.num_bytes
    assert ticket.dense_bytes == 4 * 266_610
    assert ticket.num_bytes == pytest.approx(266_200 / 8, abs=1_500)
    assert "266200 weights as seeds and one bit each" in str(ticket)


def test_kernels_that_no_seed_gives_are_refused(keras):
    with pytest.raises(ValueError, match="must be as its initialiser drew it"):
        SeedTicket.of(lenet(keras, initializer=None))
    changed = lenet(keras)
    weights.write(changed, {"output/kernel": np.zeros((100, 10), np.float32)})
    with pytest.raises(ValueError, match="'output/kernel'"):
        SeedTicket.of(changed)


def test_damage_is_found_out(tmp_path):
    ticket = SeedTicket.of(lenet("keras"))
    path = ticket.save(tmp_path / "ticket.safetensors")
    data = bytearray(path.read_bytes())
    data[-1] ^= 1  # a bit of a mask, or of the manifest
    path.write_bytes(data)
    with pytest.raises(CorruptFileError):
        SeedTicket.load(path)
    wrong = {**ticket.kernels, "output/kernel": {**ticket.kernels["output/kernel"]}}
    wrong["output/kernel"]["initializer"] = {"name": "kaiming_normal", "seed": 8}
    with pytest.raises(CorruptFileError, match="drawn from the seeds"):
        dataclasses.replace(ticket, kernels=wrong).expand()
    with pytest.raises(CorruptFileError, match="missing"):
        SeedTicket.load(tmp_path / "nothing.safetensors")
