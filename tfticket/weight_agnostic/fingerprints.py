"""What each node of a population computes, as one number: equal numbers, equal functions.

Children share most of their nodes with their parents and with each other, so a population computes
the same thing many times over. The fingerprint of a node is a hash of its activation and of the
fingerprints of what feeds it, in no order; nodes with the same one are computed once. It does not
depend on what else is in the population. Among 10⁵ different nodes, two have the same one with
probability 3e-10.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfticket.weight_agnostic.activations import LINEAR
from tfticket.weight_agnostic.depths import Edges, edges_of, node_depths
from tfticket.weight_agnostic.genomes import Genomes

__all__ = ["Analysis", "analyzed", "by_depth"]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_ACTIVATION, _OUTPUT, _HIDDEN = (np.uint64(n) for n in (0xD1B54A32D192ED03, 0x8CB92BA72F3D8DD7, 77))


@dataclass(frozen=True, eq=False)
class Analysis:
    """A population of P individuals of N nodes, its nodes numbered as in `depths.Edges`.

    Args:
        edges: the enabled connections.
        depths: of nodes `[P·N]`, by enabled connections.
        nodes: `[P·N]`, uint64, the fingerprints.
        inputs: `[P·N]`, uint64, a fingerprint of the inputs that feed a node directly.
        individuals: `[P]`, uint64, fingerprints of all outputs.
        is_live: `[P·N]`, whether anything is made of a node: outputs, and what leads to them.
    """

    edges: Edges
    depths: np.ndarray
    nodes: np.ndarray
    inputs: np.ndarray
    individuals: np.ndarray
    is_live: np.ndarray


def analyzed(genomes: Genomes) -> Analysis:
    """Finds out what computes the same in a population.

    Args:
        genomes: the population.
    """
    num_nodes, first_hidden = genomes.num_nodes, genomes.first_hidden
    edges = edges_of(genomes, disabled=False)
    depths = node_depths(genomes, edges).reshape(-1)
    place = edges.sources % num_nodes
    inner = edges[place >= first_hidden]
    from_inputs = place < genomes.first_output
    nodes = np.zeros((len(genomes), num_nodes), np.uint64)
    nodes[:, : genomes.first_output] = _mixed(np.arange(genomes.first_output) + 1)
    nodes = nodes.reshape(-1)
    inputs = np.zeros_like(nodes)
    np.add.at(inputs, edges.targets[from_inputs], nodes[edges.sources[from_inputs]])
    kinds = np.full((len(genomes), num_nodes), LINEAR, np.int64)
    kinds[:, first_hidden:] = genomes.activations
    sums = inputs * _GOLDEN + kinds.reshape(-1).astype(np.uint64) * _ACTIVATION
    members = by_depth(depths, np.arange(len(depths)))
    feeding = by_depth(depths[inner.targets], np.arange(len(inner.targets)))
    for depth in range(1, len(members)):
        if depth < len(feeding):
            at = inner[feeding[depth]]
            np.add.at(sums, at.targets, _mixed(nodes[at.sources] + _HIDDEN))
        nodes[members[depth]] = _mixed(sums[members[depth]])
    outputs = nodes.reshape(len(genomes), num_nodes)[:, genomes.first_output : first_hidden]
    salts = np.arange(genomes.num_outputs, dtype=np.uint64) * _OUTPUT
    individuals = _mixed(outputs + salts).sum(axis=1, dtype=np.uint64)
    is_live = _live(genomes, inner, feeding)
    return Analysis(edges, depths, nodes, inputs, individuals, is_live)


def by_depth(depths: np.ndarray, members: np.ndarray) -> list[np.ndarray]:
    """Returns what lies at each depth.

    >>> by_depth(np.array([2, 0, 2]), np.array([7, 8, 9]))
    [array([8]), array([], dtype=int64), array([7, 9])]

    Args:
        depths: of the members.
        members: anything, as many; they keep their order.

    Returns:
        An array for each depth from 0 to the largest.
    """
    order = np.argsort(depths, kind="stable")
    ends = np.cumsum(np.bincount(depths[order]))
    return np.split(members[order], ends[:-1])


def _live(genomes: Genomes, inner: Edges, feeding: list[np.ndarray]) -> np.ndarray:
    live = np.zeros((len(genomes), genomes.num_nodes), np.bool_)
    live[:, genomes.first_output : genomes.first_hidden] = True
    flat = live.reshape(-1)
    for at in reversed(feeding):  # what a node feeds is deeper than itself
        flat[inner.sources[at][flat[inner.targets[at]]]] = True
    return flat


def _mixed(values: np.ndarray) -> np.ndarray:
    """Splitmix64's last step: every bit depends on every one."""
    x = values.astype(np.uint64)
    x ^= x >> np.uint64(30)
    x *= np.uint64(0xBF58476D1CE4E5B9)
    x ^= x >> np.uint64(27)
    x *= np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(31)
    return x
