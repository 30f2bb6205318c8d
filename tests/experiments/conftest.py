"""A small experiment with everything that can go wrong between two processes."""

from __future__ import annotations

import dataclasses
import random
import shutil
from pathlib import Path

import numpy as np
import pytest

from tfticket.experiments.runner import run
from tfticket.experiments.spec import Spec
from tfticket.recipes.run import Event
from tfticket.reports.outcome import Outcome

# Unnamed layers, which Keras numbers through the process; normalisation; random numbers.
NETWORK = """
def network(keras):
    return keras.Sequential([
        keras.Input((8, 8, 1)),
        keras.layers.Flatten(),
        keras.layers.Dense(30, activation="relu"),
        keras.layers.BatchNormalization(),
        keras.layers.Dropout(0.2),
        keras.layers.Dense(10),
    ])
"""


@pytest.fixture(scope="package", params=["keras", "tf_keras"])
def flavour(request) -> str:
    """The name of each Keras in turn, for what is too slow to be made for every test."""
    return request.param


@pytest.fixture(scope="package")
def small(flavour, tmp_path_factory) -> Spec:
    """Two replicates of two rounds rewound to step 5, a control, no files."""
    file = tmp_path_factory.mktemp("network") / "network.py"
    file.write_text(NETWORK)
    return Spec(
        model=f"{file}:network",
        data="digits",
        keras=flavour,
        recipe="late_rewinding",
        rewind_to=5,
        sparsity=0.5,
        pruning_rate=0.3,
        num_steps=10,
        optimizer="SGD",
        learning_rate=0.1,
        steps_per_execution=1,
        eval_every=5,
        replicates=2,
        controls=("reinitialize",),
        export=(),
    )


@dataclasses.dataclass
class Whole:
    """A run that nothing disturbed; not to be written to."""

    root: Path
    outcome: Outcome
    events: list[Event]
    left_alone: bool  # the random states of the program

    def copy(self, root: Path) -> Path:
        return shutil.copytree(self.root, root)


@pytest.fixture(scope="package")
def whole(small, tmp_path_factory) -> Whole:
    """What `small` becomes."""
    root, events = tmp_path_factory.mktemp("whole"), []
    before = random_states()
    outcome = run(small, root, on_event=events.append)
    return Whole(root, outcome, events, random_states() == before)


def random_states():
    return random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
