"""One network of a population: connections and activations, without what is disabled or dead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tfticket.errors import CorruptFileError
from tfticket.weight_agnostic.activations import ACTIVATIONS
from tfticket.weight_agnostic.fingerprints import analyzed, by_depth
from tfticket.weight_agnostic.genomes import Genomes

__all__ = ["Champion"]


@dataclass(frozen=True)
class Champion:
    """A topology with activations; which weight its connections share is not part of it.

    Args:
        num_inputs: the bias not counted.
        num_outputs: how many.
        sources: the node each connection comes from, numbered as in `genomes`.
        targets: the node it goes to.
        activations: names, of the hidden nodes in order.
    """

    num_inputs: int
    num_outputs: int
    sources: list[int]
    targets: list[int]
    activations: list[str]

    @classmethod
    def of(cls, genomes: Genomes, individual: int = 0) -> Champion:
        """Takes one network out of a population.

        Args:
            genomes: the population.
            individual: which.
        """
        one = genomes.take(np.array([individual]))
        found = analyzed(one)
        live = np.flatnonzero(found.is_live[one.first_hidden :]) + one.first_hidden
        numbers = np.full(one.num_nodes, -1)
        numbers[: one.first_hidden] = np.arange(one.first_hidden)
        numbers[live] = one.first_hidden + np.arange(len(live))
        edges = found.edges[found.is_live[found.edges.targets]]
        names = list(ACTIVATIONS)
        return cls(
            one.num_inputs,
            one.num_outputs,
            numbers[edges.sources].tolist(),
            numbers[edges.targets].tolist(),
            [names[one.activations[0, n - one.first_hidden]] for n in live],
        )

    @property
    def genomes(self) -> Genomes:
        """The network as a population of one."""
        numbers = [list(ACTIVATIONS).index(name) for name in self.activations]
        return Genomes(
            self.num_inputs,
            self.num_outputs,
            np.array([self.sources], np.int32),
            np.array([self.targets], np.int32),
            np.ones((1, len(self.sources)), np.int8),
            np.array([numbers], np.int8),
        )

    @property
    def num_connections(self) -> int:
        """How many connections there are."""
        return len(self.sources)

    @property
    def levels(self) -> list[np.ndarray]:
        """Hidden nodes by depth, from 1 on; those of one activation lie together."""
        genomes = self.genomes
        hidden = np.arange(len(self.activations))
        hidden = hidden[np.argsort(genomes.activations[0], kind="stable")]
        depths = analyzed(genomes).depths[genomes.first_hidden :][hidden]
        return by_depth(depths, genomes.first_hidden + hidden)[1:]

    def to_dict(self) -> dict[str, Any]:
        """Returns the network as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Champion:
        """Makes the network that `to_dict` described.

        Raises:
            CorruptFileError: if something is missing or unknown.
        """
        try:
            made = cls(**record)
            analyzed(made.genomes)
            return made
        except (TypeError, ValueError, IndexError) as error:
            raise CorruptFileError(f"this is no weight-agnostic network: {error}") from error

    def __str__(self) -> str:
        return (
            f"{self.num_connections} connections, {len(self.activations)} hidden nodes on"
            f" {len(self.levels)} levels"
        )
