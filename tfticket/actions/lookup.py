"""Actions by name, by configuration or as objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tfticket.actions.base import Action, PrunedAction
from tfticket.actions.pruned import FreezeAtInit, Zero, ZeroIfTowardZero
from tfticket.actions.redraw import (
    Reinitialize,
    ReinitializeFromKept,
    ReinitializeSparse,
    Reshuffle,
    SignedConstant,
)
from tfticket.actions.rescale import Rescale
from tfticket.actions.rewind import FineTune, Rewind, RewindLearningRate
from tfticket.registry import by_name, look_up

__all__ = ["ACTIONS", "PRUNED_ACTIONS", "get", "get_pruned"]

#: Every action on kept weights by its name.
ACTIONS: dict[str, type[Action]] = by_name(
    (
        Rewind,
        RewindLearningRate,
        FineTune,
        Reinitialize,
        ReinitializeFromKept,
        ReinitializeSparse,
        Reshuffle,
        SignedConstant,
        Rescale,
    )
)
#: Every action on pruned weights by its name.
PRUNED_ACTIONS: dict[str, type[PrunedAction]] = by_name((Zero, FreezeAtInit, ZeroIfTowardZero))


def get(action: str | Mapping[str, Any] | Action) -> Action:
    """Returns an action by name, by configuration, or the object itself.

    >>> get("rewind")
    Rewind(step=0)
    >>> get({"name": "rescale", "action": "signed_constant"})
    Rescale(action=SignedConstant(random_sign=False, seed=0))

    Raises:
        ValueError: if there is no action of that name.
        TypeError: if it is of another kind, or a setting is unknown.
    """
    if isinstance(action, Mapping) and "action" in action:
        action = {**action, "action": get(action["action"])}
    return look_up(action, ACTIONS, "action", Action)


def get_pruned(pruned: str | Mapping[str, Any] | PrunedAction) -> PrunedAction:
    """Returns what becomes of pruned weights, by name, by configuration, or the object itself.

    >>> get_pruned("freeze_at_init")
    FreezeAtInit()

    Raises:
        ValueError: if there is no such action on pruned weights.
        TypeError: if it is of another kind, or a setting is unknown.
    """
    return look_up(pruned, PRUNED_ACTIONS, "pruned", PrunedAction)
