"""The per-layer table of a ticket or a model: what is there, and what is kept of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from tfticket import masks as masks_
from tfticket import weights
from tfticket.masks import Kept, Masks
from tfticket.tables import aligned
from tfticket.tickets import Ticket
from tfticket.weights import FilterLike

__all__ = ["LayerProfile", "Profile", "profile", "profile_model"]


@dataclass(frozen=True)
class LayerProfile(Kept):
    """One prunable weight.

    Args:
        path: of the weight.
        shape: of the weight.
        num_weights: its entries.
        num_kept: those that are kept.
    """

    path: str
    shape: tuple[int, ...]
    num_weights: int
    num_kept: int


@dataclass(frozen=True)
class Profile(Kept):
    """What a network consists of.

    Args:
        layers: one row per prunable weight.
        num_parameters: every number of the network, prunable or not, kept or not; counters and
            random states are none.
        num_zeros: parameters that are masked out, or for a model without masks, equal to 0.
        counted: `"masks"`, or `"zeros"` where no masks were given and zeros were counted.
        collapsed: paths of which nothing is kept while others keep something.
    """

    layers: tuple[LayerProfile, ...]
    num_parameters: int
    num_zeros: int
    counted: Literal["masks", "zeros"] = "masks"
    collapsed: tuple[str, ...] = ()

    @property
    def num_weights(self) -> int:
        """Prunable weights."""
        return sum(layer.num_weights for layer in self.layers)

    @property
    def num_kept(self) -> int:
        """Prunable weights that are kept."""
        return sum(layer.num_kept for layer in self.layers)

    @property
    def model_sparsity(self) -> float:
        """Fraction of all parameters that are zero."""
        return self.num_zeros / self.num_parameters

    def to_dict(self) -> dict[str, Any]:
        """Returns the profile as plain JSON values; an infinite ratio is `None`."""
        ratio = self.compression_ratio
        return {
            "sparsity": self.sparsity,
            "model_sparsity": self.model_sparsity,
            "compression_ratio": ratio if math.isfinite(ratio) else None,
            "num_weights": self.num_weights,
            "num_kept": self.num_kept,
            "num_parameters": self.num_parameters,
            "counted": self.counted,
            "collapsed": list(self.collapsed),
            "layers": [
                {**asdict(layer), "shape": list(layer.shape), "sparsity": layer.sparsity}
                for layer in self.layers
            ],
        }

    def __str__(self) -> str:
        rows = [
            [row.path, "x".join(map(str, row.shape)), *_counts(row)]
            for row in (
                *self.layers,
                LayerProfile("all prunable", (), self.num_weights, self.num_kept),
            )
        ]
        table = aligned(["weight", "shape", "weights", "kept", "sparsity"], rows, num_left=2)
        ending = "" if self.counted == "masks" else "; no masks given, zeros were counted"
        lines = [
            table,
            f"sparsity {self.sparsity:.4f}, model sparsity {self.model_sparsity:.4f} of"
            f" {self.num_parameters:,} parameters, compression ratio"
            f" {self.compression_ratio:.2f}{ending}",
        ]
        if self.collapsed:
            lines.append(f"nothing passes through: {', '.join(self.collapsed)}")
        return "\n".join(lines)


def profile(ticket: Ticket) -> Profile:
    """Profiles a ticket.

    Args:
        ticket: its masks say what is kept. Biases that start at 0 do not count as zeros.
    """
    return _profile(ticket.masks, ticket.weights, "masks")


def profile_model(model: Any, masks: Masks | None = None, prunable: FilterLike = None) -> Profile:
    """Profiles a built model.

    Args:
        model: of either Keras.
        masks: its masks, by its weight paths. Without them, entries equal to 0 count as masked
            out, in every parameter, and the profile says so.
        prunable: without masks, which weights count as prunable.
    """
    found = weights.read_all(model)
    if masks is not None:
        return _profile(Masks(masks), found, "masks")
    zeros = {p: found[p] != 0 for p in weights.prunable_weights(model, prunable).variables}
    return _profile(Masks(zeros), found, "zeros")


def _profile(
    masks: Masks, arrays: Mapping[str, np.ndarray], counted: Literal["masks", "zeros"]
) -> Profile:
    parameters = [a for a in arrays.values() if a.dtype.kind not in "iub"]
    kept = masks.kept_per_path()
    masked_out = masks.num_weights - masks.num_kept
    zeros = sum(int(np.count_nonzero(a == 0)) for a in parameters)
    return Profile(
        layers=tuple(LayerProfile(p, m.shape, m.size, kept[p]) for p, m in masks.items()),
        num_parameters=sum(a.size for a in parameters),
        num_zeros=masked_out if counted == "masks" else zeros,
        counted=counted,
        collapsed=tuple(masks_.collapsed_layers(masks)),
    )


def _counts(row: LayerProfile) -> list[str]:
    return [f"{row.num_weights:,}", f"{row.num_kept:,}", f"{row.sparsity:.4f}"]
