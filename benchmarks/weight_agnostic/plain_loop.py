"""The same population one individual after the other, node by node, and how much longer it takes.

The loop is written as one would: NumPy, one matrix of weights for each individual and weight, all
examples of a node at once; in control all weights and episodes of an individual at once.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

SEED = 0


class Individual:
    """One network, its nodes in an order in which they can be computed."""

    def __init__(self, genomes, row: int):
        from tfticket.weight_agnostic.depths import edges_of, node_depths

        one = genomes.take(np.array([row]))
        depths = node_depths(one, edges_of(one, disabled=False))[0]
        is_on = one.enabled[0] == 1
        self.matrix = np.zeros((one.num_nodes, one.num_nodes), np.float32)
        self.matrix[one.sources[0][is_on], one.targets[0][is_on]] = 1
        kinds = np.zeros(one.num_nodes, int)
        kinds[one.first_hidden :] = one.activations[0]
        order = np.argsort(depths, kind="stable")
        self.nodes = [(int(n), int(kinds[n])) for n in order if n >= one.first_output]
        self.num_nodes, self.num_inputs = one.num_nodes, one.num_inputs
        self.outputs = slice(one.first_output, one.first_hidden)

    def outputs_of(self, x: np.ndarray, weight) -> np.ndarray:
        """Computes `[rows, inputs]` with a weight for all rows, or one for each."""
        from tfticket.weight_agnostic.activations import activate

        values = np.zeros((len(x), self.num_nodes), np.float32)
        values[:, 0], values[:, 1 : 1 + self.num_inputs] = 1, x
        for node, kind in self.nodes:
            sums = (values @ self.matrix[:, node]) * weight
            activate(kind, sums)
            values[:, node] = sums
        return values[:, self.outputs]


def classified(genomes, x, y, weights) -> np.ndarray:
    """Mean log-likelihoods `[individuals, weights]`."""
    found = np.zeros((len(genomes), len(weights)))
    for row in range(len(genomes)):
        network = Individual(genomes, row)
        for k, weight in enumerate(weights):
            outputs = network.outputs_of(x, np.float32(weight))
            outputs -= outputs.max(axis=1, keepdims=True)
            shares = np.exp(outputs).sum(axis=1)
            found[row, k] = (outputs[np.arange(len(y)), y] - np.log(shares)).mean()
    return found


class One:
    """Stands where a population of one stands."""

    def __len__(self) -> int:
        return 1

    def actors(self):
        return self

    def only(self, chosen):
        return self

    def spread(self, values):
        return values


class Alone(One):
    """Computes with the loop."""

    def __init__(self, genomes, row: int, weights):
        self._network, self.weights = Individual(genomes, row), weights

    def act(self, seen):
        _, inputs, num_weights, episodes = seen.shape
        rows = np.moveaxis(seen[0], 0, -1).reshape(-1, inputs)
        weights = np.repeat(np.asarray(self.weights, np.float32), episodes)
        found = self._network.outputs_of(rows, weights)
        return found.T.reshape(1, -1, num_weights, episodes)


def compared(work: Path, settings: dict[str, Any], task_of) -> dict[str, Any]:
    """Times a generation of both tasks both ways, on populations that a search had come to."""
    found = {}
    for part in ("mnist_16", "swing_up"):
        genomes, task, given = _population(part, settings[part], task_of)
        weights = np.asarray(given.shared_weights, np.float32)
        found[part] = {
            "individuals": len(genomes),
            "median_connections": float(np.median(genomes.num_connections)),
            "median_hidden": float(np.median(genomes.num_hidden)),
            **_timed(part, genomes, task, weights, given),
        }
        print(part, found[part], flush=True)
    return found


def _population(part: str, changed: dict[str, Any], task_of):
    """A population of 192 after 200 generations, searched here so that it is always the same."""
    from tfticket.weight_agnostic import EvolutionSettings, evolve

    generations = 200 if part == "mnist_16" else 60
    given = {**changed, "population_size": 192, "generations": generations}
    task, _ = task_of(part)
    settings = EvolutionSettings(**given)
    return evolve(task, settings, seed=SEED).genomes, task, settings


def _timed(part: str, genomes, task, weights, settings) -> dict[str, Any]:
    from tfticket.weight_agnostic.evolution import judged, next_genomes

    seconds, whole, several = [], None, 5
    for number in range(several):
        start = time.perf_counter()
        whole = judged(task, genomes, weights, SEED)
        next_genomes(genomes, whole, settings, np.random.default_rng(number))
        seconds.append(time.perf_counter() - start)
    start = time.perf_counter()
    if part == "swing_up":
        alone = [task.rewards(Alone(genomes, r, weights), SEED)[0] for r in range(len(genomes))]
        plain = np.array(alone)
    else:
        x, y = task.examples(SEED)
        plain = classified(genomes, x, y, weights)
    loop = time.perf_counter() - start
    start = time.perf_counter()
    next_genomes(genomes, plain, settings, np.random.default_rng(0))
    loop += time.perf_counter() - start
    return {
        "seconds_per_generation": round(float(np.median(seconds)), 3),
        "seconds_of_plain_loop": round(loop, 2),
        "times_faster": round(loop / float(np.median(seconds)), 1),
        "largest_difference_of_medians": float(
            np.abs(np.median(whole, axis=0) - np.median(plain, axis=0)).max()
        ),
    }
