"""Setting pruned weights to their values and clearing their slots, wherever they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tfticket import _keras
from tfticket._optimizers import Slot
from tfticket.enforcement.pruned_weight import PrunedWeight

__all__ = ["project"]


def project(pruned: Iterable[PrunedWeight], slots: Sequence[tuple[PrunedWeight, Slot]]) -> None:
    """Writes projected weights and cleared slots.

    Args:
        pruned: the masked variables.
        slots: what optimizers keep beside them.
    """
    for weight in pruned:
        weight.variable.assign(weight.projected(_keras.value_of(weight.variable)))
    for weight, slot in slots:
        slot.variable.assign(weight.cleared(slot))
