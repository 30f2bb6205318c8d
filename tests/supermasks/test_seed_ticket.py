"""SeedTicket: the network again, bit for bit, from seeds and one bit per weight."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from benchmarks.damage.damages import damage
from tfticket import files, supermasks, weights, zoo
from tfticket.errors import CorruptFileError, FormatError, MismatchError
from tfticket.supermasks import Bernoulli, EdgePopup, SeedTicket, Signed

MASKERS = {
    "edge_popup": EdgePopup(0.3),
    "signed": Signed(0.4),
    "bernoulli": Bernoulli(rescale=True),
}


def lenet(keras, masker="edge_popup", initializer="kaiming_normal"):
    plain = zoo.models.lenet_300_100(keras=keras, seed=5, input_shape=(12,))
    return supermasks.convert(plain, masker=masker, initializer=initializer, seed=3)


@pytest.fixture(scope="module")
def lenet_ticket():
    return SeedTicket.of(lenet("keras"))


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


@pytest.mark.parametrize("seed", range(60))
def test_no_damage_is_read_as_another_network(tmp_path_factory, lenet_ticket, seed):
    path = lenet_ticket.save(tmp_path_factory.mktemp("damaged") / "ticket.safetensors")
    damage(path, seed)
    with pytest.raises((CorruptFileError, FormatError), match=path.name):
        SeedTicket.load(path)


def changed(ticket, path, change):
    """Writes a ticket whose manifest was changed and sealed again."""
    ticket.save(path)
    arrays = files.read_arrays(path)
    manifest = json.loads(arrays["manifest"].tobytes())
    del manifest["sha256"]
    change(manifest)
    text = json.dumps(files.sealed(manifest)).encode()
    files.write_arrays(path, {**arrays, "manifest": np.frombuffer(text, np.uint8)})
    return path


def test_a_file_asks_for_no_more_memory_than_it_has(lenet_ticket, tmp_path):
    def huge(manifest):
        manifest["others"]["output/bias"] = [[100_000, 100_000], "float32", 0.0]

    loaded = SeedTicket.load(changed(lenet_ticket, tmp_path / "a.safetensors", huge))
    assert loaded.others["output/bias"].strides == (0, 0)
    with pytest.raises(MismatchError, match="output/bias"):
        loaded.rebuild(zoo.models.lenet_300_100(input_shape=(12,)))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda m: m["kernels"]["output/kernel"].update(scale="x"), "scale"),
        (lambda m: m["kernels"]["output/kernel"].update(shape=[10**6, 10**6]), "does not fit"),
        (lambda m: m["kernels"].clear(), "kernels"),
        (lambda m: m["order"].append("nothing"), "nothing"),
        (lambda m: m["others"].update({"output/bias": [[10], "quaternion", 0.0]}), "quaternion"),
    ],
)
def test_a_manifest_is_not_believed_because_it_is_sealed(lenet_ticket, tmp_path, change, said):
    path = changed(lenet_ticket, tmp_path / "a.safetensors", change)
    with pytest.raises(CorruptFileError, match=said):
        SeedTicket.load(path)


def test_tickets_of_the_version_before_are_read(lenet_ticket, tmp_path):
    def older(manifest):
        manifest["format"] = "tfticket.seed_ticket/1"
        manifest["sha256"] = manifest.pop("arrays")

    path = lenet_ticket.save(tmp_path / "a.safetensors")
    arrays = files.read_arrays(path)
    manifest = json.loads(arrays["manifest"].tobytes())
    older(manifest)
    text = json.dumps(manifest).encode()
    files.write_arrays(path, {**arrays, "manifest": np.frombuffer(text, np.uint8)})
    assert SeedTicket.load(path).digest == lenet_ticket.digest


def test_seeds_that_give_other_kernels_are_found_out(lenet_ticket, tmp_path):
    ticket = lenet_ticket
    wrong = {**ticket.kernels, "output/kernel": {**ticket.kernels["output/kernel"]}}
    wrong["output/kernel"]["initializer"] = {"name": "kaiming_normal", "seed": 8}
    with pytest.raises(CorruptFileError, match="drawn from the seeds"):
        dataclasses.replace(ticket, kernels=wrong).expand()
    with pytest.raises(CorruptFileError, match="missing"):
        SeedTicket.load(tmp_path / "nothing.safetensors")
