"""The folder in which bad inputs are tried: good files, damaged ones, and a user's own code."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

__all__ = ["make", "network"]

MINE = """
import numpy as np

x = np.random.default_rng(0).normal(size=(60, 4)).astype("float32")
y = np.arange(60) % 3


def compiled(keras, units=3, loss=None, width=4):
    model = keras.Sequential(
        [keras.Input((width,)), keras.layers.Dense(8, name="first"), keras.layers.Dense(units)]
    )
    loss = loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss, metrics=["accuracy"])
    return model


def network(keras):
    return compiled(keras)


def two_classes(keras):
    return compiled(keras, units=2)


def one_number(keras):
    return compiled(keras, units=1, loss="mse")


def yes_or_no(keras):
    return compiled(keras, units=1, loss="binary_crossentropy")


def wide(keras):
    return compiled(keras, width=5)


def no_model(keras):
    return 3


def nothing(keras):
    pass


def raises(keras):
    return {}["layers"]


def misspelt(keras):
    return keras.layers.Dens(3)


def asks_for_more(keras, units_of_the_first_layer):
    return compiled(keras)


def good():
    return x, y


def number():
    return 3


def empty():
    return x[:0], y[:0]


def few():
    return x[:5], y[:5]


def unequal():
    return x, y[:-1]


def not_a_number():
    wrong = x.copy()
    wrong[3, 2] = np.nan
    return wrong, y


def infinite_target():
    values = x[:, :1].copy()
    values[7] = np.inf
    return x, values


def negative():
    return x, y - 1


def ragged():
    return [[1.0] * (1 + i % 2) for i in range(60)], y


def objects():
    rows = np.empty(60, object)
    rows[:] = [np.ones(1 + i % 2) for i in range(60)]
    return rows, y


def other_test():
    return (x, y), (x[:, :3], y)


def other_inputs():
    return (x, y), ({"a": x}, y)


def once():
    return ((x[i : i + 8], y[i : i + 8]) for i in range(0, 60, 8))


def a_generator_of():
    return {"train": once, "test": once}


def no_pairs():
    return {"train": lambda: [x[:8]], "test": lambda: [x[:8]]}


def pipeline_with_nan():
    wrong = not_a_number()[0]
    return {"train": lambda: [(wrong[:8], y[:8])] * 4, "test": lambda: [(x[:8], y[:8])]}


def empty_pipeline():
    return {"train": lambda: [], "test": lambda: []}


def raises_on_reading():
    return (x, y)[5]


def no_callbacks():
    return 3


not_a_function = 3
"""
BROKEN = "def network(keras)\n    return 3\n"
MISSING = "import a_library_that_nobody_has\n\n\ndef network(keras):\n    return 3\n"

_STUDY = "model: lenet_300_100\ndata: digits\nrecipe: snip\nnum_steps: 1\n"
#: Files by name, and what is in them.
_TEXTS = {
    "mine.py": MINE,
    "broken.py": BROKEN,
    "missing.py": MISSING,
    "text.keras": "this is no archive",
    "text.tflite": "this is no flatbuffer",
    "empty.keras": "",
    "empty.tflite": "",
    "text.txt": "something of somebody's",
    "good.yaml": "sparsity: 0.5\n",
    "broken.yaml": "sparsity: [0.5\n",
    "unknown.yaml": "sparsty: 0.5\n",
    "list.yaml": "- 0.5\n",
    "numbers.yaml": "1: 0.5\n",
    "other.yaml": "recipe: snip\nsparsity: 0.5\n",
    "empty.yaml": "",
    "grid.yaml": f"{_STUDY}grid: {{replicates: [1, 2]}}\n",
    "grid_list.yaml": f"{_STUDY}grid: [snip]\n",
    "empty_grid.yaml": f"{_STUDY}grid: {{sparsity: []}}\n",
    "one.yaml": f"{_STUDY}grid: {{sparsity: 0.5}}\n",
    "broken.json": '{"sparsity": 0.5',
    "twice.json": '{"sparsity": 0.5, "sparsity": 0.6}',
    "text.toml": "sparsity = 0.5\n",
}


def network(keras, units=3):
    """A compiled network of 4 inputs, 8 hidden units and some outputs."""
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((4,)), layers.Dense(8, name="first"), layers.Dense(units, name="last")]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss, metrics=["accuracy"])
    return model


def make(folder: Path) -> Path:
    """Fills a folder.

    Args:
        folder: an empty one.

    Returns:
        The folder.
    """
    import keras

    from tfticket import prune
    from tfticket.schedules import OneShot

    model = network(keras)
    model.save(folder / "good.keras")
    whole = (folder / "good.keras").read_bytes()
    flipped = bytearray(whole)
    for place in range(len(whole) // 3, len(whole) // 3 + 200):
        flipped[place] ^= 0xFF
    ticket = prune(model, schedule=OneShot(0.5))
    ticket.save(folder / "ticket")
    ticket.save(folder / "damaged_ticket")
    manifest = folder / "damaged_ticket" / "manifest.json"
    manifest.write_text(manifest.read_text().replace("0", "1", 1))
    for name, text in _TEXTS.items():
        (folder / name).write_text(text)
    (folder / "flipped.keras").write_bytes(flipped)
    (folder / "half.keras").write_bytes(whole[: len(whole) // 2])
    (folder / "binary.yaml").write_bytes(bytes(range(128, 256)))
    (folder / "full").mkdir()
    (folder / "full" / "text.txt").write_text("somebody's")
    (folder / "nothing").mkdir()
    os.symlink(folder / "nowhere", folder / "dangling")
    os.symlink(folder / "nowhere.keras", folder / "dangling.keras")
    np.savez(folder / "arrays.npz", x=np.zeros(3))
    return folder
