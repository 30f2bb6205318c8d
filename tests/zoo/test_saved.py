"""The tickets in saved_models: whole, loaded by name, and worth what their cards say."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from tfticket import zoo
from tfticket.errors import CorruptFileError
from tfticket.supermasks import SeedTicket
from tfticket.tflite import File
from tfticket.zoo.saved import CARD, load_ticket, saved_tickets

FOLDER = Path(__file__).parents[2] / "saved_models"
NAMES = [
    "lenet_mnist_95",
    "lenet_mnist_supermask",
    "vgg_small_mnist_micro",
    "vgg_small_mnist_slim",
]


def test_there_are_these():
    assert list(saved_tickets()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_each_is_whole_and_is_what_its_card_says(name):
    saved = load_ticket(name)
    assert {n for n in saved.card["files"] if saved.file(n).is_file()} == set(saved.card["files"])
    there = {p.relative_to(saved.path).as_posix() for p in saved.path.rglob("*") if p.is_file()}
    assert there == {*saved.card["files"], CARD}
    masks = saved.ticket.masks
    assert (masks.num_kept, masks.num_weights) == (
        saved.card["num_kept"],
        saved.card["num_weights"],
    )
    assert masks.sparsity == pytest.approx(saved.card["sparsity"])
    assert name in (FOLDER / "README.md").read_text(encoding="utf-8")
    assert f"{saved.card['metrics']['test_accuracy']:.4f}" in str(saved)


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.long] * n.startswith("vgg")) for n in NAMES]
)
def test_each_file_has_the_test_accuracy_of_its_card(name, prepared):
    litert = pytest.importorskip("tfticket.litert.verify")
    saved = load_ticket(name)
    data = zoo.load_data("mnist", data_dir=prepared("mnist"))
    (file,) = (saved.file(n) for n in saved.card["files"] if n.endswith(".tflite"))
    (entry,) = File(file.read_bytes()).input_names
    inputs = {entry: np.asarray(data.test.x, np.float32)}
    found = litert.run(file, inputs, batch_sizes=(100,))[0]
    assert not found.error
    (logits,) = found.outputs.values()
    accuracy = float((logits.argmax(-1) == data.test.y).mean())
    slack = 0.003 if "int8" in file.name else 1e-4
    assert accuracy == pytest.approx(saved.card["metrics"]["test_accuracy"], abs=slack)


def test_a_ticket_is_put_on_its_network():
    saved = load_ticket("lenet_mnist_95")
    model = zoo.get_model("lenet_300_100").compiled(seed=5)
    saved.ticket.apply(model)
    kernel = np.asarray(model.get_layer("dense_1").kernel)
    assert (kernel[~saved.ticket.masks["dense_1/kernel"]] == 0).all()
    assert saved.card["sparsity"] >= 0.95
    assert saved.card["metrics"]["test_accuracy"] > 0.97


def test_the_supermask_is_a_seed_and_bits():
    saved = load_ticket("lenet_mnist_supermask")
    seeds = SeedTicket.load(saved.file("seeds.safetensors"))
    assert saved.card["files"]["seeds.safetensors"]["bytes"] < 40_000  # of 1 066 440 in float32
    expanded, ticket = seeds.expand(), saved.ticket
    assert expanded.masks == ticket.masks


def test_the_smaller_networks_are_smaller():
    slim, micro = (load_ticket(n).card["files"] for n in NAMES[:1:-1])
    assert micro["model_int8.tflite"]["bytes"] < 32_000
    assert slim["model.tflite"]["bytes"] < 200_000


def test_what_is_damaged_is_named(tmp_path):
    copy = shutil.copytree(FOLDER / "lenet_mnist_95", tmp_path / "lenet_mnist_95")
    (copy / "model.tflite").write_bytes(b"something else")
    saved = load_ticket("lenet_mnist_95", tmp_path)
    with pytest.raises(CorruptFileError, match=r"model.tflite is damaged or missing"):
        saved.file("model.tflite")
    card = (copy / CARD).read_text()
    (copy / CARD).write_text(card.replace("test_accuracy", "toast_accuracy"))
    with pytest.raises(CorruptFileError, match=r"card.json is damaged"):
        load_ticket("lenet_mnist_95", tmp_path)


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(FileNotFoundError, match="an installed package has none"):
        saved_tickets(tmp_path)
    with pytest.raises(ValueError, match=r"`name` must be one of \['lenet_mnist_95'"):
        load_ticket("lenet_mnist_96")
