"""MultiWorkerMirroredStrategy: two processes that talk over the loopback."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.training_setups.cluster import run_workers

SCRIPT = Path(__file__).with_name("two_workers.py")


def both(keras, how, folder):
    """Runs the two workers; returns their exit codes and what they complained of."""
    return run_workers(SCRIPT, [(keras, how, folder / f"{number}.npz") for number in range(2)])


@pytest.mark.long
def test_masks_and_weights_are_the_same_on_both_workers(tmp_path):
    codes, said = both("tf_keras", "pruned", tmp_path)
    assert codes == [0, 0], said[0][-2000:]
    first, second = (dict(np.load(tmp_path / f"{n}.npz")) for n in range(2))
    histories = [json.loads((tmp_path / f"{n}.json").read_text()) for n in range(2)]
    assert histories[0] == histories[1]
    assert [step for step, _ in histories[0]] == [2, 4, 6, 8, 10, 12]
    assert set(first) == set(second)
    for path, array in first.items():
        np.testing.assert_array_equal(array, second[path], err_msg=path)
    for path in ("hidden|kernel", "output|kernel"):
        mask = first[f"mask|{path}"]
        assert mask.sum() == mask.size // 4
        assert (first[path][~mask] == 0).all()
        assert (first[path][mask] != 0).all()


@pytest.mark.long
def test_keras_3_itself_fails_there_without_any_pruning(tmp_path):
    """So the README says, for Keras 3.15; should that change, this test says so."""
    codes, said = both("keras", "plain", tmp_path)
    assert codes != [0, 0]
    assert "PerReplica" in said[0]
