"""Blocks and n:m for weights whose shape they do not divide, as tfmot takes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfticket.layouts import Layout
from tfticket.selection import Block, Granularity, NByM, get_granularity
from tfticket.selection.units import Units

__all__ = ["Padded", "granularity_of", "granularity_from_config"]

_POOLINGS = {"AVG": "mean", "MAX": "max"}


@dataclass(frozen=True)
class Padded(Granularity):
    """Another granularity, whose last units may be cut off by the edge of the weight.

    A block at the edge is pooled over the weights it has. Of n:m, a group of fewer than m inputs
    counts what it lacks as masked already, so that it keeps at most n as well.

    Args:
        inner: `Block` or `NByM`.
    """

    name = "padded"
    inner: Block | NByM

    def units(self, score: np.ndarray, mask: np.ndarray, layout: Layout) -> Units:
        """Divides the weight as if it were filled up with masked weights.

        Args:
            score: its scores.
            mask: its present mask.
            layout: which of its axes are inputs and outputs.
        """
        parts = [layout.split(a) for a in (score, mask)]
        whole, edges = mask.shape, parts[1].shape
        scores, survivors = (np.pad(a, self._missing(edges)) for a in parts)
        units = self.inner.units(scores, survivors, Layout())

        def spread(kept: np.ndarray) -> np.ndarray:
            cut = units.spread(kept)[:, : edges[1], : edges[2]]
            return np.array(layout.join(cut, whole), np.bool_)

        return Units(units.scores, units.candidates, units.sizes, spread, units.protected)

    def sparsity_of(self, shape: tuple[int, ...], layout: Layout) -> float | None:
        """Returns the one sparsity that a finished mask of this shape has; `None` if any will do.

        Args:
            shape: shape of the weight.
            layout: which of its axes are inputs and outputs.
        """
        if not isinstance(self.inner, NByM):
            return None
        num_inputs = layout.split(np.broadcast_to(np.bool_(0), shape)).shape[1]
        groups, rest = divmod(num_inputs, self.inner.m)
        kept = groups * self.inner.n + min(rest, self.inner.n)
        return 1 - kept / num_inputs if num_inputs else None

    def config(self) -> dict[str, Any]:
        return {"name": self.name, "inner": self.inner.config()}

    def _missing(self, shape: tuple[int, ...]) -> list[tuple[int, int]]:
        high, wide = (self.inner.m, 1) if isinstance(self.inner, NByM) else self.inner.shape
        return [(0, 0), (0, -shape[1] % high), (0, -shape[2] % wide)]


def granularity_of(
    block_size: Any, block_pooling_type: str, sparsity_m_by_n: Any
) -> Granularity | None:
    """Reads tfmot's arguments; `None` means every weight by itself.

    Args:
        block_size: `(height, width)`, inputs and outputs of a block.
        block_pooling_type: `"AVG"` or `"MAX"`.
        sparsity_m_by_n: `(m, n)`: m of every n consecutive inputs are masked out.

    Raises:
        ValueError: if an argument is none of these, or both blocks and m by n are asked for.
    """
    if block_pooling_type not in _POOLINGS:
        raise ValueError(
            "`block_pooling_type` must be 'AVG' or 'MAX'."
            f" Received: block_pooling_type={block_pooling_type!r}"
        )
    shape = _two_integers(block_size, "block_size")
    if sparsity_m_by_n is None:
        pooling: Any = _POOLINGS[block_pooling_type]
        return None if shape == (1, 1) else Padded(Block(shape, pooling))
    masked, group = _two_integers(sparsity_m_by_n, "sparsity_m_by_n")
    if not masked < group or shape != (1, 1):
        raise ValueError(
            "`sparsity_m_by_n` must be two integers with m < n, for m of every n weights are"
            " masked out, and `block_size` (1, 1) with it. Received:"
            f" sparsity_m_by_n={sparsity_m_by_n!r}, block_size={block_size!r}"
        )
    return Padded(NByM(group - masked, group))


def granularity_from_config(config: Mapping[str, Any]) -> Granularity:
    """Makes a granularity from its configuration, `Padded` ones too."""
    if config["name"] == Padded.name:
        inner: Any = get_granularity(config["inner"])
        return Padded(inner)
    return get_granularity(config)


def _two_integers(value: Any, name: str) -> tuple[int, int]:
    found = tuple(value) if isinstance(value, (tuple, list)) else ()
    if len(found) != 2 or not all(isinstance(n, int) and n >= 1 for n in found):
        raise ValueError(f"`{name}` must be two integers >= 1. Received: {name}={value!r}")
    return found
