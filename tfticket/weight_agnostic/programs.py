"""A population as one list of steps that computes all of it, each different node once.

The value of a node is f(w · sum of what feeds it), with the shared weight w. Values are rows of one
array; a step computes the rows of one depth. What a row holds does not depend, to the last bit, on
what else is computed: sums have an order of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from tfticket.weight_agnostic.activations import LINEAR, activate
from tfticket.weight_agnostic.depths import Edges
from tfticket.weight_agnostic.fingerprints import Analysis, analyzed
from tfticket.weight_agnostic.genomes import Genomes

__all__ = ["Program", "compiled"]


class _Run(NamedTuple):
    """Rows that have one activation."""

    activation: int
    start: int
    stop: int


@dataclass(frozen=True, eq=False)
class _Step:
    """The rows of one depth.

    Args:
        start: the first row.
        stop: the one after the last.
        fed: those of the rows that others feed, the one with most feeders first.
        feeders: the k-th feeder of the first of them, as many as have more than k.
        runs: what activation which rows have.
    """

    start: int
    stop: int
    fed: np.ndarray
    feeders: list[np.ndarray]
    runs: list[_Run]

    def __call__(self, values: np.ndarray, weights: np.ndarray) -> None:
        """Computes the rows; they hold their sums over shared inputs, or 0.

        Args:
            values: `[rows, weights, columns]`.
            weights: shared ones, `[weights, 1]`.
        """
        if self.feeders:
            sums = values[self.feeders[0]]
            for sources in self.feeders[1:]:
                sums[: len(sources)] += values[sources]
            values[self.fed] += sums
        values[self.start : self.stop] *= weights
        for run in self.runs:
            if run.activation != LINEAR:
                activate(run.activation, values[run.start : run.stop])


@dataclass(frozen=True, eq=False)
class Program:
    """Computes a population.

    Args:
        num_rows: of the array of values.
        num_own_inputs: rows that hold inputs of single individuals, the first ones; 0 where all
            individuals see the same.
        input_sets: where all see the same, which of the bias and the inputs are summed up:
            float64 `[sets, 1 + I]` of zeros and ones.
        set_of_row: which of the sets a row begins with, `[num_rows]`.
        steps: in order.
        outputs: the rows of the outputs, `[K, O]`, of K individuals that compute different things.
        individuals: which of those each individual is, `[P]`.
        first: the first individual of the population that is each of those, `[K]`.
    """

    num_rows: int
    num_own_inputs: int
    input_sets: np.ndarray
    set_of_row: np.ndarray
    steps: list[_Step] = field(repr=False)
    outputs: np.ndarray
    individuals: np.ndarray
    first: np.ndarray

    def run(self, values: np.ndarray, weights: np.ndarray) -> None:
        """Computes every row from those of own inputs or the sums over shared ones.

        Args:
            values: float32 `[rows, weights, columns]`, overwritten.
            weights: the shared weights, float32 `[weights]`.
        """
        for step in self.steps:
            step(values, weights[:, None])


def compiled(genomes: Genomes, *, own_inputs: bool) -> Program:
    """Makes the program of a population.

    Args:
        genomes: the population.
        own_inputs: whether each individual sees inputs of its own, as in control, or all the same.
    """
    found = analyzed(genomes)
    _, first, individuals = np.unique(found.individuals, return_index=True, return_inverse=True)
    chosen = np.zeros((len(genomes), genomes.num_nodes), np.bool_)
    chosen[first, genomes.first_output :] = True
    nodes = np.flatnonzero(chosen.reshape(-1) & found.is_live)
    num_own = len(first) * genomes.first_output if own_inputs else 0
    rows = _Rows(genomes, found, nodes, num_own, first)
    outputs = first[:, None] * genomes.num_nodes + np.arange(
        genomes.first_output, genomes.first_hidden
    )
    input_sets, set_of_row = rows.input_sets()
    return Program(
        rows.stop,
        num_own,
        input_sets,
        set_of_row,
        rows.steps(),
        rows.of_node[outputs],
        individuals.reshape(-1),
        first,
    )


class _Rows:
    """Which node is which row: by depth, then by activation.

    Args:
        genomes: the population.
        found: about it.
        nodes: that are to be computed.
        num_own: rows before them, of inputs.
        first: individuals that compute different things.
    """

    def __init__(
        self, genomes: Genomes, found: Analysis, nodes: np.ndarray, num_own: int, first: np.ndarray
    ):
        self.genomes, self.found, self.num_own = genomes, found, num_own
        kinds = np.full((len(genomes), genomes.num_nodes), LINEAR, np.int8)
        kinds[:, genomes.first_hidden :] = genomes.activations
        self.kinds = kinds.reshape(-1)
        self.of_node = np.full(len(found.depths), -1, np.int64)
        same = np.arange(len(nodes))
        self.nodes = nodes
        if not num_own:
            _, at, same = np.unique(found.nodes[nodes], return_index=True, return_inverse=True)
            self.nodes, same = nodes[at], same.reshape(-1)
        order = np.lexsort((self.kinds[self.nodes], found.depths[self.nodes]))
        places = np.empty_like(order)
        places[order] = num_own + np.arange(len(order))
        self.of_node[nodes] = places[same]
        self.nodes = self.nodes[order]
        self.stop = num_own + len(self.nodes)
        if num_own:
            inputs = first[:, None] * genomes.num_nodes + np.arange(genomes.first_output)
            self.of_node[inputs.reshape(-1)] = np.arange(num_own)
        self.is_mine = np.zeros(len(found.depths), np.bool_)
        self.is_mine[self.nodes] = True

    def input_sets(self) -> list[np.ndarray]:
        """Returns the different sets of inputs, and which of them each row has."""
        width = self.genomes.first_output
        if self.num_own:
            return [np.zeros((0, width)), np.empty(0, np.int64)]
        _, at, of_row = np.unique(
            self.found.inputs[self.nodes], return_index=True, return_inverse=True
        )
        set_of_node = np.full(len(self.is_mine), -1, np.int64)
        set_of_node[self.nodes[at]] = np.arange(len(at))
        edges, sets = self.found.edges, np.zeros((len(at), width))
        places = edges.sources % self.genomes.num_nodes
        chosen = (set_of_node[edges.targets] >= 0) & (places < width)
        sets[set_of_node[edges.targets[chosen]], places[chosen]] = 1
        return [sets, of_row.reshape(-1)]

    def steps(self) -> list[_Step]:
        """Returns the steps, from the inputs on."""
        edges = self._inner()
        targets, sources = edges.targets, edges.sources
        depths = self.found.depths[self.nodes]
        starts = (self.num_own + np.flatnonzero(np.diff(depths, prepend=-1))).tolist()
        made = []
        for start, stop in zip(starts, [*starts[1:], self.stop], strict=True):
            low, high = np.searchsorted(targets, np.array([start, stop]))
            counts = np.bincount(targets[low:high] - start, minlength=stop - start)
            begins = low + np.cumsum(counts) - counts
            order = np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)]
            feeders = [
                sources[begins[order[: np.count_nonzero(counts > k)]] + k]
                for k in range(int(counts.max()))
            ]
            made.append(_Step(start, stop, start + order, feeders, self._runs(start, stop)))
        return made

    def _inner(self) -> Edges:
        """Connections from rows to rows, those of a row in the order of their fingerprints."""
        edges = self.found.edges
        edges = edges[self.is_mine[edges.targets]]
        if not self.num_own:
            edges = edges[edges.sources % self.genomes.num_nodes >= self.genomes.first_hidden]
        targets = self.of_node[edges.targets]
        order = np.lexsort((self.found.nodes[edges.sources], targets))
        return Edges(self.of_node[edges.sources][order], targets[order])

    def _runs(self, start: int, stop: int) -> list[_Run]:
        kinds = self.kinds[self.nodes[start - self.num_own : stop - self.num_own]]
        begins = np.flatnonzero(np.diff(kinds, prepend=-2))
        ends = [*begins[1:], len(kinds)]
        return [
            _Run(int(kinds[b]), start + int(b), start + int(e))
            for b, e in zip(begins, ends, strict=True)
        ]
