"""One change of topology for each child, of all children at once.

Every child has exactly one of four mutations: a connection is added, one is split by a new node, a
disabled one is enabled again, or a hidden node gets another activation. Weights are not mutated:
there are none.

References:
    Gaier & Ha 2019, section 3, https://arxiv.org/abs/1906.04358. A connection goes from a node to a
    deeper one. Disabled connections count for depth, so that enabling one never closes a circle.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tfticket.weight_agnostic.depths import edges_of, node_depths
from tfticket.weight_agnostic.genomes import NONE, Genomes

__all__ = ["MUTATIONS", "mutated"]

#: Where a node is that does not exist: deeper than any, and higher than any.
_NOWHERE_BELOW = np.iinfo(np.int32).max


def mutated(
    parents: Genomes,
    odds: Sequence[float],
    activations: np.ndarray,
    rng: np.random.Generator,
) -> Genomes:
    """Makes a child of each parent; one for which its mutation is impossible is its parent again.

    Args:
        parents: as many as there are to be children.
        odds: of each of `MUTATIONS`, in their order; they need not add up to 1.
        activations: numbers of those a node may have, `[choices]`.
        rng: draws everything.

    Returns:
        The children, in the order of their parents.
    """
    children = parents.grown(2, 1)
    shares = np.cumsum(np.asarray(odds, np.float64))
    kinds = np.searchsorted(shares / shares[-1], rng.random(len(parents)), side="right")
    for number, mutate in enumerate(MUTATIONS.values()):
        rows = np.flatnonzero(kinds == number)
        if len(rows):
            mutate(children, rows, activations, rng)
    return children.take(np.arange(len(children)))


def _add_connection(
    genomes: Genomes, rows: np.ndarray, activations: np.ndarray, rng: np.random.Generator
) -> None:
    """Joins two nodes that are not joined, first the source drawn and then the target."""
    del activations
    possible = _unconnected(genomes, rows)
    found = possible.any(axis=(1, 2))
    rows, possible = rows[found], possible[found]
    each = np.arange(len(rows))
    source = _drawn(np.any(possible, axis=2), rng)
    target = _drawn(possible[each, source], rng)
    _append(genomes, rows, source, target)


def _unconnected(genomes: Genomes, rows: np.ndarray) -> np.ndarray:
    """Tells which nodes could be joined: `[rows, nodes, nodes]`, from the first to the second."""
    chosen = genomes.take(rows)
    depths = node_depths(chosen, edges_of(chosen, disabled=True))
    hidden = depths[:, chosen.first_hidden :]
    hidden[chosen.activations == NONE] = _NOWHERE_BELOW
    outputs = slice(chosen.first_output, chosen.first_hidden)
    as_source, as_target = depths.copy(), depths
    as_source[:, outputs] = _NOWHERE_BELOW
    as_target[:, outputs] = _NOWHERE_BELOW - 1
    as_target[:, chosen.first_hidden :][chosen.activations == NONE] = NONE
    possible = as_source[:, :, None] < as_target[:, None, :]
    row, column = np.nonzero(chosen.enabled != NONE)
    possible[row, chosen.sources[row, column], chosen.targets[row, column]] = False
    return possible


def _insert_node(
    genomes: Genomes, rows: np.ndarray, activations: np.ndarray, rng: np.random.Generator
) -> None:
    """Splits an enabled connection: it is disabled, and its ends are joined by a new node."""
    rows, gene = _drawn_gene(genomes, rows, 1, rng)
    place = genomes.num_hidden[rows]
    node = genomes.first_hidden + place
    genomes.enabled[rows, gene] = 0
    genomes.activations[rows, place] = rng.choice(activations, len(rows))
    source, target = genomes.sources[rows, gene], genomes.targets[rows, gene]
    _append(genomes, rows, source, node)
    _append(genomes, rows, node, target)


def _enable(
    genomes: Genomes, rows: np.ndarray, activations: np.ndarray, rng: np.random.Generator
) -> None:
    """Enables a disabled connection."""
    del activations
    rows, gene = _drawn_gene(genomes, rows, 0, rng)
    genomes.enabled[rows, gene] = 1


def _change_activation(
    genomes: Genomes, rows: np.ndarray, activations: np.ndarray, rng: np.random.Generator
) -> None:
    """Gives a hidden node another activation."""
    rows = rows[genomes.num_hidden[rows] > 0]
    node = rng.integers(genomes.num_hidden[rows])
    others = activations[None, :] != genomes.activations[rows, node][:, None]
    rows, node, others = (a[others.any(axis=1)] for a in (rows, node, others))
    genomes.activations[rows, node] = activations[_drawn(others, rng)]


_Mutation = Callable[[Genomes, np.ndarray, np.ndarray, np.random.Generator], None]

#: Every mutation by its name.
MUTATIONS: dict[str, _Mutation] = {
    "add_connection": _add_connection,
    "insert_node": _insert_node,
    "enable": _enable,
    "change_activation": _change_activation,
}


def _drawn_gene(
    genomes: Genomes, rows: np.ndarray, state: int, rng: np.random.Generator
) -> list[np.ndarray]:
    """Draws a connection of this state of each row that has one: those rows, and its columns."""
    there = genomes.enabled[rows] == state
    found = there.any(axis=1)
    return [rows[found], _drawn(there[found], rng)]


def _drawn(possible: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draws one of the possible columns of each row, all alike."""
    counts = np.cumsum(possible, axis=1)
    wanted = rng.integers(counts[:, -1]) if len(counts) else np.empty(0, np.int64)
    return (counts <= wanted[:, None]).sum(axis=1)


def _append(genomes: Genomes, rows: np.ndarray, source: np.ndarray, target: np.ndarray) -> None:
    place = genomes.num_genes[rows]
    genomes.sources[rows, place] = source
    genomes.targets[rows, place] = target
    genomes.enabled[rows, place] = 1
