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

__all__ = ["ACTIONS", "PRUNED_ACTIONS", "get", "get_pruned"]

#: Every action on kept weights by its name.
ACTIONS: dict[str, type[Action]] = {
    a.name: a
    for a in (
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
}
#: Every action on pruned weights by its name.
PRUNED_ACTIONS: dict[str, type[PrunedAction]] = {
    a.name: a for a in (Zero, FreezeAtInit, ZeroIfTowardZero)
}


def get(action: str | Mapping[str, Any] | Action) -> Action:
    """Returns an action by name, by configuration, or the object itself.

    >>> get("rewind")
    Rewind(step=0)
    >>> get({"name": "rescale", "action": "signed_constant"})
    Rescale(action=SignedConstant(random_sign=False, seed=0))

    Raises:
        ValueError: if there is no action of that name.
    """
    if isinstance(action, Action):
        return action
    made, settings = _named(action, ACTIONS, "action")
    if "action" in settings:
        settings["action"] = get(settings["action"])
    return made(**settings)


def get_pruned(pruned: str | Mapping[str, Any] | PrunedAction) -> PrunedAction:
    """Returns what becomes of pruned weights, by name, by configuration, or the object itself.

    >>> get_pruned("freeze_at_init")
    FreezeAtInit()

    Raises:
        ValueError: if there is no such action on pruned weights.
    """
    if isinstance(pruned, PrunedAction):
        return pruned
    made, settings = _named(pruned, PRUNED_ACTIONS, "pruned")
    return made(**settings)


def _named(given: Any, known: Mapping[str, Any], argument: str) -> tuple[Any, dict[str, Any]]:
    settings = dict(given) if isinstance(given, Mapping) else {"name": given}
    name = settings.pop("name", None)
    if name not in known:
        raise ValueError(
            f"`{argument}` must be one of {sorted(known)}. Received: {argument}={given!r}"
        )
    return known[name], settings
