"""How deep in its network each node lies: the longest way to it from an input."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfticket.weight_agnostic.genomes import NONE, Genomes

__all__ = ["Edges", "edges_of", "node_depths"]


@dataclass(frozen=True, eq=False)
class Edges:
    """Connections of a whole population; node n of individual p has the number p·N + n.

    Args:
        sources: numbers of nodes, int64 `[edges]`.
        targets: as many.
    """

    sources: np.ndarray
    targets: np.ndarray

    def __getitem__(self, chosen: np.ndarray) -> Edges:
        return Edges(self.sources[chosen], self.targets[chosen])


def edges_of(genomes: Genomes, *, disabled: bool) -> Edges:
    """Returns the connections of all individuals, in one list.

    Args:
        genomes: the population, of N nodes each.
        disabled: whether those are in it that are disabled.
    """
    rows, columns = np.nonzero(genomes.enabled != NONE if disabled else genomes.enabled == 1)
    offsets = rows * genomes.num_nodes
    return Edges(offsets + genomes.sources[rows, columns], offsets + genomes.targets[rows, columns])


def node_depths(genomes: Genomes, edges: Edges) -> np.ndarray:
    """Returns the depth of each node.

    Args:
        genomes: the population, of N nodes each.
        edges: those to go by, without circles.

    Returns:
        int32 `[P, N]`: 0 of the bias and inputs, at least 1 of all others, one more than the
        largest among what feeds a node.

    Raises:
        ValueError: if there is a circle after all.
    """
    num_nodes = genomes.num_nodes
    depths = np.ones((len(genomes), num_nodes), np.int32)
    depths[:, : genomes.first_output] = 0
    flat = depths.reshape(-1)
    inner = edges[edges.sources % num_nodes >= genomes.first_hidden]
    if not len(inner.sources):
        return depths
    inner = inner[np.argsort(inner.targets, kind="stable")]
    starts = np.flatnonzero(np.diff(inner.targets, prepend=-1))
    nodes = inner.targets[starts]
    for _ in range(num_nodes):
        deepest = np.maximum.reduceat(flat[inner.sources], starts) + 1
        if np.array_equal(deepest, flat[nodes]):
            return depths
        flat[nodes] = deepest
    raise ValueError("connections must not lead back to where they come from")
