"""Where a search stands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfticket.weight_agnostic.genomes import Genomes

__all__ = ["HISTORY", "State"]

#: What is kept of each generation: the best mean over the weights, the best reward of any weight,
#: the champion's validated mean, and the medians of connections and hidden nodes.
HISTORY = ("best_mean", "best", "champion", "median_connections", "median_hidden")


@dataclass(frozen=True, eq=False)
class State:
    """A search after some generations.

    Args:
        generation: how many are behind it.
        genomes: the population to be judged next.
        champion: one individual, the best that was validated so far.
        champion_rewards: its validated rewards, `[weights]`; -inf while there is none.
        history: `[generation, 5]`, the columns as in `HISTORY`.
    """

    generation: int
    genomes: Genomes
    champion: Genomes
    champion_rewards: np.ndarray
    history: np.ndarray
