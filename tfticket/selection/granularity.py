"""Granularities: the unit that is ranked and masked together."""

from __future__ import annotations

import abc
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal

import numpy as np

from tfticket.layouts import Layout
from tfticket.selection.units import Units

__all__ = ["Block", "Channel", "Granularity", "Unstructured"]

POOLINGS = ("mean", "sum", "max")
_TOLERANCE = 1e-6


class Granularity(abc.ABC):
    """Divides a weight into units."""

    name: ClassVar[str]

    @abc.abstractmethod
    def units(self, score: np.ndarray, mask: np.ndarray, layout: Layout) -> Units:
        """Returns the units of one weight.

        Args:
            score: its scores.
            mask: its present mask; only surviving weights count.
            layout: which of its axes are inputs and outputs.
        """

    def misfit(self, shape: tuple[int, ...], layout: Layout) -> str | None:
        """Tells why a weight cannot be divided into these units; `None` if it can."""
        return None

    @property
    def only_sparsity(self) -> float | None:
        """The one sparsity that finished masks of this granularity have; `None` if any will do."""
        return None

    def check_sparsity(self, sparsity: float | Mapping[Any, float]) -> None:
        """Raises `ValueError` if finished masks cannot have this `sparsity`."""
        wanted = sparsity.values() if isinstance(sparsity, Mapping) else [sparsity]
        only = self.only_sparsity
        if only is not None and any(abs(s - only) > _TOLERANCE for s in wanted):
            raise ValueError(
                f"the final sparsity must be {only:g}, the only one of {self}."
                f" Received: sparsity={sparsity}"
            )

    def config(self) -> dict[str, Any]:
        """Returns the name and settings as plain JSON values, from which it can be made again."""
        settings = {f.name: getattr(self, f.name) for f in fields(self)}  # type: ignore[arg-type]
        lists = {k: list(v) if isinstance(v, tuple) else v for k, v in settings.items()}
        return {"name": self.name, **lists}


@dataclass(frozen=True)
class Unstructured(Granularity):
    """Every weight by itself."""

    name = "weight"

    def units(self, score: np.ndarray, mask: np.ndarray, layout: Layout) -> Units:
        return Units(score, mask, 1, lambda kept: kept)


@dataclass(frozen=True)
class Block(Granularity):
    """Rectangles of `inputs × outputs`, at every position of a convolution's kernel.

    `Block((4, 1))` on a Dense kernel [in, out] is what TFLite, whose kernels are [out, in], calls
    1×4, and `Block((16, 1))` is its 1×16; on a Conv2D kernel [h, w, in, out] the blocks lie along
    the last axis of TFLite's [out, h, w, in].

    Args:
        shape: number of inputs and outputs in a block.
        pooling: the block's score is the `"mean"`, `"sum"` or `"max"` over its surviving weights.
        on_misfit: `"raise"` an error for a weight whose shape is not divisible by the block's, or
            leave it `"unstructured"`, with a warning that names it.

    References:
        https://www.tensorflow.org/model_optimization/guide/pruning/pruning_for_on_device_inference
    """

    name = "block"
    shape: tuple[int, int]
    pooling: Literal["mean", "sum", "max"] = "mean"
    on_misfit: Literal["raise", "unstructured"] = "raise"

    def __post_init__(self) -> None:
        shape = tuple(self.shape) if isinstance(self.shape, Sequence) else (self.shape,)
        if len(shape) != 2 or not all(isinstance(n, int) and n >= 1 for n in shape):
            raise ValueError(
                "`shape` must be two integers >= 1, inputs and outputs of a block."
                f" Received: shape={self.shape}"
            )
        object.__setattr__(self, "shape", shape)
        _check_pooling(self.pooling)
        if self.on_misfit not in ("raise", "unstructured"):
            raise ValueError(
                "`on_misfit` must be 'raise' or 'unstructured'."
                f" Received: on_misfit={self.on_misfit!r}"
            )

    def misfit(self, shape: tuple[int, ...], layout: Layout) -> str | None:
        _, inputs, outputs = layout.split(np.broadcast_to(np.bool_(0), shape)).shape
        if inputs % self.shape[0] == 0 and outputs % self.shape[1] == 0:
            return None
        return f"{inputs} inputs x {outputs} outputs is not divisible by {self.shape}"

    def units(self, score: np.ndarray, mask: np.ndarray, layout: Layout) -> Units:
        blocked = [self._blocked(layout.split(a)) for a in (score, mask)]
        whole, parts = mask.shape, blocked[1].shape

        def spread(kept: np.ndarray) -> np.ndarray:
            weights = np.broadcast_to(kept[:, :, None, :, None], parts)
            return layout.join(weights.reshape(layout.split(mask).shape), whole) & mask

        return _pooled(*blocked, axes=(2, 4), pooling=self.pooling, spread=spread)

    def _blocked(self, parts: np.ndarray) -> np.ndarray:
        positions, inputs, outputs = parts.shape
        high, wide = self.shape
        return parts.reshape(positions, inputs // high, high, outputs // wide, wide)


@dataclass(frozen=True)
class Channel(Granularity):
    """Whole output channels: what can be removed from a network afterwards.

    Channels that a residual sum or a concatenation ties together are not looked for here.

    Args:
        pooling: the channel's score is the `"mean"`, `"sum"` or `"max"` over its surviving
            weights. Sums favour layers with many inputs where layers are ranked together.

    References:
        Li et al. 2017, "Pruning Filters for Efficient ConvNets", https://arxiv.org/abs/1608.08710
    """

    name = "channel"
    pooling: Literal["mean", "sum", "max"] = "mean"

    def __post_init__(self) -> None:
        _check_pooling(self.pooling)

    def units(self, score: np.ndarray, mask: np.ndarray, layout: Layout) -> Units:
        scores, survivors = layout.split(score), layout.split(mask)

        def spread(kept: np.ndarray) -> np.ndarray:
            return layout.join(np.broadcast_to(kept, survivors.shape), mask.shape) & mask

        return _pooled(scores, survivors, axes=(0, 1), pooling=self.pooling, spread=spread)


def _pooled(
    scores: np.ndarray, survivors: np.ndarray, *, axes: tuple[int, ...], pooling: str, spread: Any
) -> Units:
    """Pools the scores of the survivors over some axes; sums are taken in float64."""
    sizes = _sizes(survivors, axes)
    where: Any = True if survivors.all() else survivors
    if pooling == "max":
        pooled = np.max(scores, axis=axes, where=where, initial=-np.inf)
    else:
        pooled = np.sum(scores, axis=axes, where=where, dtype=np.float64)
    if pooling == "mean":
        pooled /= np.maximum(sizes, 1)
    return Units(np.asarray(pooled), np.asarray(survivors.any(axis=axes)), sizes, spread)


def _sizes(survivors: np.ndarray, axes: tuple[int, ...]) -> np.ndarray | int:
    """Counts the survivors in every unit; one integer where all units with any have as many."""
    if survivors.all():
        return math.prod(survivors.shape[a] for a in axes)
    counts = np.count_nonzero(survivors, axis=axes)
    most = int(counts.max())
    return counts if ((counts != most) & (counts > 0)).any() else most


def _check_pooling(pooling: str) -> None:
    if pooling not in POOLINGS:
        raise ValueError(f"`pooling` must be one of {POOLINGS}. Received: pooling={pooling!r}")
