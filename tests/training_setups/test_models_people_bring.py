"""The networks of the benchmark `every_model`: pruned, trained a step, and still whole."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

import tfticket as tt
from tfticket import weights

FILE = Path(__file__).parents[2] / "benchmarks" / "every_model" / "networks.py"
SPEC = importlib.util.spec_from_file_location("every_model_networks", FILE)
assert SPEC is not None
assert SPEC.loader is not None
MODULE = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(MODULE)


def compiled(keras, name):
    keras.utils.set_random_seed(0)
    model, inputs, targets = MODULE.NETWORKS[name](keras)
    if getattr(model, "optimizer", None) is None:
        model.compile(keras.optimizers.SGD(0.1, momentum=0.9), "sparse_categorical_crossentropy")
    return model, inputs, targets


@pytest.mark.parametrize("name", MODULE.NETWORKS)
def test_every_kernel_is_pruned_and_stays_so_while_the_rest_is_trained(keras, name):
    model, inputs, targets = compiled(keras, name)
    before = weights.read_all(model)
    ticket = tt.prune(model, score="magnitude", scope="layer", schedule=tt.schedules.OneShot(0.8))
    masks = ticket.apply(model)
    assert set(masks) == {p for p in before if "kernel" in p.rpartition("/")[2]}
    for path, mask in masks.items():
        assert mask.sum() == round(0.2 * mask.size), path
    with tt.enforce(model, masks):
        for _ in range(2):
            loss = model.train_on_batch(inputs, targets)
    assert np.isfinite(np.asarray(loss, float)).all()
    after = weights.read_all(model)
    assert all((after[p][~m] == 0).all() for p, m in masks.items())
    moved = [p for p, m in masks.items() if not np.array_equal(after[p][m], before[p][m])]
    assert moved
