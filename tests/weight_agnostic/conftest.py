"""A grown population, small data, and one node after the other in plain NumPy to compare with."""

from __future__ import annotations

import numpy as np
import pytest

from tfticket.weight_agnostic.activations import ACTIVATIONS
from tfticket.weight_agnostic.depths import edges_of, node_depths
from tfticket.weight_agnostic.genomes import first_genomes
from tfticket.weight_agnostic.mutations import mutated

WEIGHTS = np.array([-2, -1, -0.5, 0.5, 1, 2], np.float32)
FORMULAS = {
    "linear": lambda x: x,
    "step": lambda x: (x > 0) * 1.0,
    "sine": lambda x: np.sin(np.pi * x),
    "gaussian": lambda x: np.exp(-(x**2) / 2),
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "inverse": lambda x: -x,
    "absolute": np.abs,
    "relu": lambda x: np.maximum(x, 0),
    "cosine": lambda x: np.cos(np.pi * x),
    "squared": lambda x: x**2,
}


@pytest.fixture(scope="session")
def formulas():
    return FORMULAS


@pytest.fixture(scope="session")
def grown():
    """Makes a population by mutation alone, for so many inputs and outputs."""

    def make(num_inputs=6, num_outputs=3, num_individuals=40, num_generations=60, seed=0):
        rng = np.random.default_rng(seed)
        genomes = first_genomes(
            num_individuals, num_inputs, num_outputs, initial_density=0.5, rng=rng
        )
        numbers = np.array([n for n, name in enumerate(ACTIVATIONS) if name != "squared"])
        for _ in range(num_generations):
            parents = genomes.take(rng.integers(num_individuals, size=num_individuals))
            genomes = mutated(parents, [0.3, 0.3, 0.1, 0.3], numbers, rng)
        return genomes

    return make


@pytest.fixture(scope="session")
def node_by_node():
    """Computes one individual with one weight, float64, on `[examples, inputs]`."""

    def compute(genomes, individual, weight, inputs):
        one = genomes.take(np.array([individual]))
        depths = node_depths(one, edges_of(one, disabled=False))[0]
        matrix, is_on = np.zeros((one.num_nodes, one.num_nodes)), one.enabled[0] == 1
        matrix[one.sources[0][is_on], one.targets[0][is_on]] = weight
        values = np.zeros((len(inputs), one.num_nodes))
        values[:, 0], values[:, 1 : one.first_output] = 1, inputs
        names = list(ACTIVATIONS)
        for node in sorted(range(one.first_output, one.num_nodes), key=lambda n: depths[n]):
            is_hidden = node >= one.first_hidden
            number = one.activations[0, node - one.first_hidden] if is_hidden else 0
            values[:, node] = FORMULAS[names[number]](values @ matrix[:, node])
        return values[:, one.first_output : one.first_hidden]

    return compute


@pytest.fixture(scope="session")
def weights():
    return WEIGHTS
