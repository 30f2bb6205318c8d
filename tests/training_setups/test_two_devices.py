"""MirroredStrategy: two logical CPUs in a process of their own."""

import os
import subprocess
import sys
from pathlib import Path

import tfticket


def test_masks_are_the_same_on_both_devices_and_as_on_one():
    script = Path(__file__).with_name("two_devices.py")
    root = str(Path(tfticket.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": root, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run([sys.executable, script], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
