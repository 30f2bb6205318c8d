"""Seeded initial weights, the same in both Kerases."""

from __future__ import annotations

from typing import Any

from tfticket import initializers, weights
from tfticket.seeds import derived_seed

__all__ = ["initialize"]


def initialize(model: Any, seed: int) -> None:
    """Draws every weight anew from its layer's own initialiser, with a seed.

    Both Kerases draw the same numbers from the same seed, so models built in either start from
    bit-equal weights. The seed is not kept in the layers, and it is not the one that
    reinitialisation draws from: a control with the same seed still gets other weights.

    Args:
        model: a built model.
        seed: a non-negative integer.
    """
    own = derived_seed(seed, "initial weights")
    drawn = initializers.draws(model, weights.variables(model))
    weights.write(model, {path: draw(own) for path, draw in drawn.items()})
