"""Pruned weights as a constraint: what every Keras optimizer applies at the end of its step."""

from __future__ import annotations

import functools
from typing import Any

from tfticket import _keras
from tfticket.enforcement.pruned_weight import PrunedWeight

__all__ = ["constrain", "pruned_weight_of", "unconstrain"]


def constrain(weight: PrunedWeight) -> None:
    """Puts a pruned weight in the place of its variable's constraint; the user's own comes first.

    Args:
        weight: the masked variable.
    """
    is_keras3 = _keras.flavour_or_none(weight.variable) == "keras"
    _set(weight.variable, _kind(is_keras3)(weight))


def unconstrain(weight: PrunedWeight) -> None:
    """Gives a masked variable its user's own constraint back.

    Args:
        weight: the masked variable.
    """
    _set(weight.variable, weight.users_constraint)


def pruned_weight_of(variable: Any) -> PrunedWeight | None:
    """Returns the pruned weight that is in force on a variable; `None` if there is none.

    Args:
        variable: of either Keras.
    """
    return getattr(getattr(variable, "constraint", None), "pruned_weight", None)


@functools.cache
def _kind(is_keras3: bool) -> type:
    # Before 3.15, Keras 3 takes instances of its own class only; tf_keras takes what it is given.
    base: Any = _keras.module("keras").constraints.Constraint if is_keras3 else object

    class PrunedWeights(base):
        """Puts the pruned weights of one variable back to their values."""

        def __init__(self, weight: PrunedWeight):
            self.pruned_weight = weight

        def __call__(self, value: Any) -> Any:
            return self.pruned_weight(value)

        def get_config(self) -> dict[str, Any]:
            return {}  # masks are saved as tickets, never inside of models

    return PrunedWeights


def _set(variable: Any, constraint: Any) -> None:
    if _keras.flavour_or_none(variable) == "keras":
        variable.constraint = constraint
        return
    native = getattr(variable, "_variable", variable)  # tf_keras' mixed precision wraps it
    for part in getattr(native, "_values", (native,)):  # one per device of a strategy
        part._constraint = constraint
