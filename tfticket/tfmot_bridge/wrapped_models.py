"""Tickets out of and into models that tfmot has wrapped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tfticket import _keras, weights
from tfticket._tfmot import tfmot
from tfticket.masks import Masks
from tfticket.tickets import Ticket

__all__ = ["opened", "read_ticket", "rewind", "wrappers", "write_ticket"]

#: The weight, its mask and its threshold, as a wrapper of tfmot's holds them.
PruningVariables = tuple[Any, Any, Any]


def read_ticket(wrapped_model: Any) -> Ticket:
    """Reads the masks and weights out of a model that tfmot has wrapped.

    Args:
        wrapped_model: what `tfmot.sparsity.keras.prune_low_magnitude` returned, built.

    Returns:
        A ticket under the weight paths of the model without wrappers, which it applies to; its
        provenance has tfmot's `pruning_step`.

    Raises:
        ValueError: if nothing in the model is wrapped, or it is a subclassed one.
    """
    plain, held = opened(wrapped_model)
    masks = Masks({path: _keras.to_numpy(mask) > 0 for path, (_, mask, _) in held.items()})
    steps = [int(_keras.to_numpy(w.pruning_step)) for w in wrappers(wrapped_model)]
    provenance = {"method": "tfmot", "pruning_step": max(steps)}
    return Ticket(masks, weights.read_all(plain), provenance)


def write_ticket(ticket: Ticket, wrapped_model: Any) -> None:
    """Puts a ticket's masks and start weights into a model that tfmot has wrapped.

    tfmot ranks all weights anew whenever its schedule prunes: where that asks for less sparsity
    than the ticket has, weights come back. `PruneByScore` ranks survivors only.

    Args:
        ticket: a ticket of the model without wrappers.
        wrapped_model: a built model that tfmot has wrapped.

    Raises:
        MismatchError: if the model does not fit, or a weight with a mask is not wrapped.
        ValueError: if nothing in the model is wrapped.
    """
    plain, held = opened(wrapped_model)
    masks = ticket.masks_for(plain)
    weights.align(masks, held)
    ticket.apply(plain)
    for path, kept in masks.items():
        _keras.assign(held[path][1], kept.astype(np.float32))


def rewind(wrapped_model: Any, weights_: Mapping[str, np.ndarray]) -> None:
    """Writes earlier weights into a model that tfmot has wrapped; its masks stay.

    Args:
        wrapped_model: a built model that tfmot has wrapped.
        weights_: arrays under the weight paths of the model without wrappers, as
            `weights.read_all` of it or a ticket's `weights` has them; others keep their values.

    Raises:
        MismatchError: if a path or shape is not the model's; nothing is written then.
        ValueError: if nothing in the model is wrapped.
    """
    plain, held = opened(wrapped_model)
    weights.write(plain, weights_)
    for weight, mask, _ in held.values():
        _keras.assign(weight, _keras.to_numpy(weight) * (_keras.to_numpy(mask) > 0))


def opened(wrapped_model: Any) -> tuple[Any, dict[str, PruningVariables]]:
    """Looks inside the wrappers of a model.

    Args:
        wrapped_model: a built model that tfmot has wrapped.

    Returns:
        The model without wrappers, on the very same variables, and what the wrappers hold, by the
        weight paths of that model.

    Raises:
        ValueError: if nothing is wrapped, or a wrapper is not built.
    """
    found = [entry for wrapper in wrappers(wrapped_model) for entry in wrapper.pruning_vars]
    if not found:
        raise ValueError(
            "`wrapped_model` must be a built model with tfmot's pruning wrappers in it. Received:"
            f" wrapped_model={getattr(wrapped_model, 'name', wrapped_model)!r}"
        )
    plain = tfmot().sparsity.keras.strip_pruning(wrapped_model)
    by_variable = {id(entry[0]): entry for entry in found}
    paths = weights.variables(plain)
    return plain, {p: by_variable[id(v)] for p, v in paths.items() if id(v) in by_variable}


def wrappers(model: Any) -> list[Any]:
    """Lists the pruning wrappers of tfmot's in a model, nested ones too, each once."""
    return [layer for _, layer, _ in _keras.walk(model) if hasattr(layer, "pruning_vars")]
