"""What every test file may use: both Kerases, and quiet, small TensorFlow."""

from __future__ import annotations

import importlib
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import pytest


@pytest.fixture(params=["keras", "tf_keras"])
def keras(request):
    """Each Keras in turn: Keras 3, then tf_keras. Tests that take it run twice."""
    return importlib.import_module(request.param)
