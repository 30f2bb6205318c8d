"""Runs under MirroredStrategy on two logical CPUs; a process of its own must be cut in two so."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import tensorflow as tf

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `tests` lies

from tests.experiments.test_runner import contents
from tfticket.experiments.opening import open_run
from tfticket.experiments.runner import run
from tfticket.experiments.spec import Spec

COMMON = {
    "data": "digits",
    "distribution": "mirrored",
    "num_steps": 8,
    "eval_every": 4,
    "controls": ("reinitialize",),
    "export": ("keras",),
}
REWOUND = {"recipe": "late_rewinding", "rewind_to": 4, "pruning_rate": 0.5, "rounds": 1}
SPECS = {
    "keras": {"model": "lenet_300_100", **REWOUND},
    "tf_keras": {"model": "lenet_300_100", "recipe": "gradual", "sparsity": 0.5, "controls": ()},
}


class Stop(Exception):
    pass


def stop_after_the_first_level(event):
    if event.kind == "result":
        raise Stop


def main(out: Path) -> None:
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    for keras, settings in SPECS.items():
        spec = Spec(**{**COMMON, **settings, "keras": keras})
        outcome = run(spec, out / keras)
        assert not outcome.skipped, outcome.skipped
        level = open_run(out / keras).level()
        for path, mask in level.masks.items():
            assert (level.trained.weights[path][~mask] == 0).all(), path
        assert np.isfinite([r.metrics["test_loss"] for r in outcome.results]).all()
    spec = Spec(**{**COMMON, **SPECS["keras"]})
    try:
        run(spec, out / "stopped", on_event=stop_after_the_first_level)
    except Stop:
        run(spec, out / "stopped")
    one, other = contents(out / "keras"), contents(out / "stopped")
    stamped = "model.keras"  # and what has a digest of it
    assert {n: b for n, b in one.items() if n not in (stamped, "report.json")} == {
        n: b for n, b in other.items() if n not in (stamped, "report.json")
    }


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(Path(folder))
