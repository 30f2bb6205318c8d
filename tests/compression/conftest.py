"""A small trained model, and a search over it that several tests look at."""

from __future__ import annotations

import importlib
import tempfile
from pathlib import Path

import pytest

import tfticket as tt
from tests.compression.quick import compress, network


@pytest.fixture
def model(keras):
    return network(keras)


@pytest.fixture(scope="module")
def searched():
    """A model, the folder of a search over it, and what it found; Keras 3."""
    with tempfile.TemporaryDirectory() as folder:
        made = network(importlib.import_module("keras"))
        choices = {"weights": ("float32", "int8"), "max_trainings": 2}
        found = compress(made, folder, tt.Budget(max_drop=0.2), **choices)
        yield made, Path(folder), found
