"""What every test file may use: both Kerases, and quiet, small TensorFlow."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import pytest


@pytest.fixture(params=["keras", "tf_keras"])
def keras(request):
    """Each Keras in turn: Keras 3, then tf_keras. Tests that take it run twice."""
    return importlib.import_module(request.param)


@pytest.fixture
def run_script():
    """Runs a script that needs a process of its own; what it complains of fails the test."""
    import tfticket

    def run(path):
        root = str(Path(tfticket.__file__).parents[1])
        environment = {**os.environ, "PYTHONPATH": root, "TF_CPP_MIN_LOG_LEVEL": "3"}
        done = subprocess.run(
            [sys.executable, path], env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr[-3000:]

    return run
