"""to_plain: a supermask model as a plain Keras model and a ticket."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfticket import _keras, weights
from tfticket.cloning import clone, remade
from tfticket.masks import Masks
from tfticket.supermasks import initializers
from tfticket.supermasks.layers.masked_kernel import Frozen, MaskedKernel
from tfticket.tickets import Ticket

__all__ = ["Subnetwork", "subnetworks", "to_plain"]

_ADDED = ("masker", "scores_initializer", "scores_regularizer")


@dataclass(frozen=True)
class Subnetwork:
    """What a supermask layer has found.

    Attributes:
        layer: the layer.
        kernel: its kernel; under a trained threshold kept weights are shrunk by it.
        mask: int8, 1 = kept, 0 = masked, -1 = inverted.
        scale: by what kept weights are multiplied.
    """

    layer: Any
    kernel: np.ndarray
    mask: np.ndarray
    scale: np.float32

    @property
    def weight(self) -> np.ndarray:
        """The kernel a plain layer needs, masked weights at their unmasked values."""
        signed = np.where(self.mask < 0, -self.kernel, self.kernel)
        return (signed * self.scale).astype(self.kernel.dtype)


def subnetworks(model: Any) -> dict[str, Subnetwork]:
    """Returns what each supermask layer of a model has found, by the weight path of its kernel.

    Raises:
        ValueError: if the model has no supermask layer.
    """
    found = {f"{path}/kernel": _subnetwork(layer) for path, layer in _masked_layers(model)}
    if not found:
        raise ValueError(
            "`model` must have supermask layers: make it with `supermasks.convert`, or of"
            f" `supermasks.layers`. Received: model={getattr(model, 'name', model)!r}"
        )
    return found


def to_plain(model: Any) -> tuple[Any, Ticket]:
    """Makes a plain Keras model of a supermask model, and a ticket with the masks.

    The plain model has none of this package's layers: masked weights are 0 in it. It computes what
    the supermask model does at evaluation; of a Bernoulli mask that is the rounded one, even where
    the model samples. Layers that `convert` froze for want of a supermask version stay so.

    Args:
        model: a built supermask model, Sequential or functional; it is left as it is.

    Returns:
        `(plain, ticket)`: the ticket's masks are those of the kernels; its weights are all of the
        plain model's, masked ones at their unmasked values, inverted, rescaled or shrunk by a
        threshold as the masker does; where weights are trained, the trained ones. Every control,
        report and export takes them.

    Raises:
        ValueError: if the model has no supermask layers, or cannot be copied.
    """
    found = subnetworks(model)
    plain = clone(model, _plain_copy)
    values = {**weights.read_all(model), **{p: s.weight for p, s in found.items()}}
    ticket = Ticket(
        masks=Masks({p: s.mask != 0 for p, s in found.items()}),
        weights={p: values[p] for p in weights.variables(plain)},
        provenance=_provenance(found),
    )
    ticket.apply(plain)
    return plain, ticket


def _masked_layers(model: Any) -> Iterator[tuple[str, Any]]:
    return ((p, layer) for p, layer, _ in _keras.walk(model) if isinstance(layer, MaskedKernel))


def _subnetwork(layer: Any) -> Subnetwork:
    mask, masker = layer.current_mask(), layer.masker
    kernel = masker.plain_kernel(layer, _keras.to_numpy(layer.kernel), mask)
    return Subnetwork(layer, kernel, mask, masker.scale(mask))


def _plain_copy(layer: Any) -> Any:
    has_mask, is_frozen = isinstance(layer, MaskedKernel), isinstance(layer, Frozen)
    if not is_frozen:
        return remade(layer)

    def edit(layer: Any, config: dict[str, Any]) -> None:
        for name in _ADDED:
            config.pop(name, None)
        ours = getattr(layer, layer.initializer_name) if has_mask else None
        if isinstance(ours, initializers.Kaiming):
            shape = tuple(layer.kernel.shape)
            config[layer.initializer_name] = ours.plain(_keras.module(layer), shape)

    return remade(layer, edit, cls=layer.plain_class)  # type: ignore[attr-defined]


def _provenance(found: dict[str, Subnetwork]) -> dict[str, Any]:
    layers = {p: s.layer for p, s in found.items()}
    drawn = {p: getattr(layer, layer.initializer_name) for p, layer in layers.items()}
    return {
        "method": "supermask",
        "maskers": {
            p: {"name": layer.masker.name, **layer.masker.get_config()}
            for p, layer in layers.items()
        },
        "initializers": {
            p: {"name": i.name, **i.get_config()}
            for p, i in drawn.items()
            if isinstance(i, initializers.Kaiming) and not layers[p].masker.trains_weights
        },
    }
