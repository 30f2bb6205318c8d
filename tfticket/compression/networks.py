"""A network treated, trained under its masks, and counted."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from tfticket import _optimizers, export, schedules, weights
from tfticket import masks as masks_
from tfticket.compression.treatment import Treatment
from tfticket.enforcement import enforce
from tfticket.errors import ExportError, MismatchError
from tfticket.graph import flops
from tfticket.masks import Masks
from tfticket.pruning import prune
from tfticket.slimming import reestimate_norms
from tfticket.weights import FilterLike

__all__ = ["blockwise", "effective_flops", "masked", "train_under"]


def masked(network: Any, treatment: Treatment, prunable: FilterLike) -> Masks | None:
    """Masks the smallest weights or blocks of a network, all ranked together, and writes the zeros.

    Args:
        network: of either Keras.
        treatment: how many, in which units.
        prunable: which weights may be masked; of blocks those alone that are faster for it.

    Returns:
        The masks; `None` if nothing is masked.

    Raises:
        MismatchError: if no layer of the network is faster for such blocks.
    """
    if not treatment.sparsity:
        return None
    if treatment.granularity != "weight":
        prunable = blockwise(network, treatment.granularity)
        if not prunable:
            raise MismatchError(f"no weight is faster for blocks of {treatment.granularity}")
    ticket = prune(
        network,
        schedule=schedules.OneShot(treatment.sparsity),
        scope="global",
        granularity=treatment.granularity,
        on_collapse="keep_one",
        prunable=prunable,
    )
    held = weights.read_all(network)
    weights.write(network, masks_.apply({p: held[p] for p in ticket.masks}, ticket.masks))
    return ticket.masks


def train_under(
    masks: Masks | None,
    network: Any,
    train: Callable[[Any], Any] | None,
    batches: Callable[[], Iterable[Any]],
) -> None:
    """Trains a network under masks, or re-estimates its normalisations if nothing trains it.

    Args:
        masks: put in force meanwhile; `None` for none.
        network: of either Keras.
        train: trains it in place; `None` for nothing.
        batches: returns batches of typical inputs.

    Raises:
        ValueError: if `train` leaves every weight as it was, or all that are trained where the
            learning rate is 0.
    """
    if train is None:
        with contextlib.suppress(ValueError):  # it has no normalisation
            reestimate_norms(network, batches())
        return
    before = weights.read_all(network)
    if masks is None:
        train(network)
    else:
        with enforce(network, masks) as enforcement:
            train(network)
            enforcement.check()
    after = weights.read_all(network)
    changed = {path for path, array in before.items() if not np.array_equal(array, after[path])}
    if _rate(network) == 0 and not changed & _trained(network):
        raise ValueError(
            "`train` must train the model that it is given: compile it anew there, or before the"
            " search. Received: an optimizer with a learning rate of 0, as that of a schedule that"
            " has come to its end"
        )
    if not changed:
        raise ValueError(
            "`train` must train the model that it is given, in place. Received: a function that"
            " left every weight as it was"
        )


def _rate(network: Any) -> float | None:
    optimizer = getattr(network, "optimizer", None)
    return None if optimizer is None else _optimizers.learning_rate(optimizer)


def _trained(network: Any) -> set[str]:
    trained = {id(variable) for variable in network.trainable_variables}
    return {p for p, variable in weights.variables(network).items() if id(variable) in trained}


def blockwise(network: Any, granularity: str) -> list[str]:
    """Returns patterns of the weights that are faster once such blocks of them are masked.

    Args:
        network: of either Keras.
        granularity: such as `"4x1"`.
    """
    try:
        advised = export.advise(network).weights
    except (ValueError, ExportError):  # a class of one's own, which does not say what it takes
        return []
    wanted = f"block ({', '.join(granularity.split('x'))})"
    return [
        f"^{re.escape(weight.path)}$"
        for weight in advised
        if any(way.granularity == wanted for way in weight.faster)
    ]


def effective_flops(network: Any) -> int | None:
    """Counts the FLOPs of one example without those of zeros; `None` where they are not known.

    Args:
        network: of either Keras.
    """
    held = weights.read_all(network)
    try:
        return int(
            flops(network, {p: a != 0 for p, a in held.items() if a.ndim > 1}).effective_total
        )
    except (ValueError, TypeError):  # a class of one's own
        return None
