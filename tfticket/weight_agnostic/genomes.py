"""A population of networks as arrays: one row for each individual, no object for each gene.

Nodes are numbered: 0 is the bias, 1 to I the inputs, then come the O outputs, then the hidden nodes
in the order of their birth. Genes are never deleted: a connection that is split is disabled.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

__all__ = ["NONE", "Genomes", "first_genomes"]

#: What stands where an individual has no gene or no hidden node.
NONE = -1

_FIELDS = ("sources", "targets", "enabled", "activations")


@dataclass(frozen=True, eq=False)
class Genomes:
    """P individuals with at most C connections and H hidden nodes.

    Args:
        num_inputs: I, the bias not counted.
        num_outputs: O.
        sources: the node that each connection comes from, int32 `[P, C]`.
        targets: the node that it goes to, int32 `[P, C]`.
        enabled: 1 for a connection, 0 for a disabled one, `NONE` where there is none, int8
            `[P, C]`; an individual's genes are its first ones.
        activations: of hidden nodes by number, int8 `[P, H]`; `NONE` where there is none.
    """

    num_inputs: int
    num_outputs: int
    sources: np.ndarray
    targets: np.ndarray
    enabled: np.ndarray
    activations: np.ndarray

    def __len__(self) -> int:
        return len(self.enabled)

    @property
    def first_output(self) -> int:
        """Number of the first output."""
        return 1 + self.num_inputs

    @property
    def first_hidden(self) -> int:
        """Number of the first hidden node."""
        return 1 + self.num_inputs + self.num_outputs

    @property
    def num_nodes(self) -> int:
        """Numbers that nodes may have: of every individual as many as of the largest."""
        return self.first_hidden + self.activations.shape[1]

    @property
    def num_genes(self) -> np.ndarray:
        """Connections of each individual, disabled ones included, `[P]`."""
        return (self.enabled != NONE).sum(axis=1)

    @property
    def num_connections(self) -> np.ndarray:
        """Enabled connections of each individual, `[P]`."""
        return (self.enabled == 1).sum(axis=1)

    @property
    def num_hidden(self) -> np.ndarray:
        """Hidden nodes of each individual, `[P]`."""
        return (self.activations != NONE).sum(axis=1)

    def arrays(self) -> dict[str, np.ndarray]:
        """Returns the arrays by name, to be stored."""
        return {name: getattr(self, name) for name in _FIELDS}

    @classmethod
    def from_arrays(
        cls, num_inputs: int, num_outputs: int, arrays: Mapping[str, np.ndarray]
    ) -> Genomes:
        """Makes the population again that `arrays` was called on.

        Args:
            num_inputs: the bias not counted.
            num_outputs: how many.
            arrays: by name.
        """
        return cls(num_inputs, num_outputs, *(arrays[name] for name in _FIELDS))

    def take(self, indices: np.ndarray) -> Genomes:
        """Returns copies of individuals, without columns that none of them uses.

        Args:
            indices: of the individuals, in the order to have them in.
        """
        made = self._with({name: a[indices] for name, a in self.arrays().items()})
        genes = int(made.num_genes.max(initial=0))
        nodes = int(made.num_hidden.max(initial=0))
        widths = {"activations": nodes}
        return made._with({n: a[:, : widths.get(n, genes)] for n, a in made.arrays().items()})

    def grown(self, connections: int, hidden: int) -> Genomes:
        """Returns a copy with room for more.

        Args:
            connections: columns to add to those of connections.
            hidden: columns to add to those of hidden nodes.
        """
        more = {"activations": hidden}
        padded = {
            name: np.pad(a, ((0, 0), (0, more.get(name, connections))), constant_values=NONE)
            for name, a in self.arrays().items()
        }
        return self._with(padded)

    def beside(self, other: Genomes) -> Genomes:
        """Returns the two populations as one.

        Args:
            other: for the same inputs and outputs; comes second.
        """
        genes = max(self.enabled.shape[1], other.enabled.shape[1])
        nodes = max(self.activations.shape[1], other.activations.shape[1])
        both = [
            g.grown(genes - g.enabled.shape[1], nodes - g.activations.shape[1]).arrays()
            for g in (self, other)
        ]
        return self._with({name: np.concatenate([b[name] for b in both]) for name in _FIELDS})

    def _with(self, arrays: Mapping[str, np.ndarray]) -> Genomes:
        return dataclasses.replace(self, **arrays)


def first_genomes(
    num_individuals: int,
    num_inputs: int,
    num_outputs: int,
    *,
    initial_density: float,
    rng: np.random.Generator,
) -> Genomes:
    """Makes the first population: no hidden node, and few of the connections enabled.

    Args:
        num_individuals: how many.
        num_inputs: of each, the bias not counted.
        num_outputs: of each.
        initial_density: probability of each connection from the bias or an input to an output to
            be enabled, in [0, 1].
        rng: draws them.
    """
    sources = np.tile(np.arange(1 + num_inputs, dtype=np.int32), num_outputs)
    outputs = 1 + num_inputs + np.arange(num_outputs, dtype=np.int32)
    targets = np.repeat(outputs, 1 + num_inputs)
    shape = (num_individuals, len(sources))
    return Genomes(
        num_inputs,
        num_outputs,
        np.broadcast_to(sources, shape).copy(),
        np.broadcast_to(targets, shape).copy(),
        (rng.random(shape) < initial_density).astype(np.int8),
        np.empty((num_individuals, 0), np.int8),
    )
