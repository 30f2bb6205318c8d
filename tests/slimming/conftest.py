"""The networks that the equivalence benchmark runs over, with weights as after some training."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from tfticket import weights

_FOLDER = Path(__file__).parents[2] / "benchmarks" / "shrink_equivalence"


@functools.cache
def _networks() -> dict:
    found = {}
    for name in ("connections", "images", "sequences"):
        spec = importlib.util.spec_from_file_location(name, _FOLDER / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules.setdefault(name, module)  # where tf_keras looks for a Lambda's names
        spec.loader.exec_module(module)
        found |= module.NETWORKS
    return found


@pytest.fixture(autouse=True)
def drawn_alike():
    """Networks that a test makes have the same weights whatever ran before it."""
    for name in ("keras", "tf_keras"):
        importlib.import_module(name).utils.set_random_seed(0)


def _perturb(model) -> None:
    rng = np.random.default_rng(0)
    for path, variable in weights.variables(model).items():
        name, shape = path.rpartition("/")[2], tuple(variable.shape)
        if name in ("gamma", "moving_variance"):
            variable.assign(rng.uniform(0.5, 1.5, shape))
        elif name in ("beta", "moving_mean") or name.endswith("bias"):
            variable.assign(rng.normal(0, 0.3, shape))


def pytest_generate_tests(metafunc):
    if "network" in metafunc.fixturenames:
        metafunc.parametrize("network", sorted(_networks()))


@pytest.fixture
def build(keras):
    """Makes one of the networks, by name or by a function of Keras."""

    def built(network):
        keras.utils.set_random_seed(0)
        model = (_networks()[network] if isinstance(network, str) else network)(keras)
        _perturb(model)
        return model

    return built


@pytest.fixture
def batch():
    """Makes a random batch for a model; an open length is 8."""

    def made(model, size=4):
        rng, found = np.random.default_rng(1), []
        for tensor in model.inputs:
            shape = [size, *(8 if n is None else n for n in tuple(tensor.shape)[1:])]
            is_index = "int" in str(tensor.dtype)
            drawn = rng.integers(0, 12, shape) if is_index else rng.normal(size=shape)
            found.append(drawn.astype("int32" if is_index else "float32"))
        return found[0] if len(found) == 1 else found

    return made


@pytest.fixture
def halved():
    """Drops half of the channels of every group of a graph at random."""

    def kept(graph):
        rng = np.random.default_rng(2)
        return {
            n: rng.permutation(g.num_channels) >= g.num_channels // 2
            for n, g in graph.groups.items()
        }

    return kept
