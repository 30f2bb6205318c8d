"""What callbacks share that put masks in force on the model of a `fit`."""

from __future__ import annotations

import warnings
from typing import Any

from tfticket.callbacks.base import Callback
from tfticket.enforcement import Enforcement
from tfticket.masks import Masks
from tfticket.tickets import Ticket

__all__ = ["Masking", "check_held_at_zero"]


class Masking(Callback):
    """A callback with masks, which stay in force after `fit` until `release`."""

    _of_model = ("_enforcement",)
    _masks: Masks | None = None
    _enforcement: Enforcement | None = None

    @property
    def masks(self) -> Masks:
        """The present masks.

        Raises:
            ValueError: before the first `fit`, when there are none yet.
        """
        if self._masks is None:
            raise ValueError("there are no masks yet: `fit` has not begun with this callback.")
        return self._masks

    def release(self) -> None:
        """Gives the model back without masks in force; its weights keep their values."""
        if self._enforcement is not None:
            self._enforcement.release()

    def _put_back_at_the_end(self) -> None:
        """Projects what was written to pruned weights since the last step, and says so."""
        if self._enforcement is None or self._enforcement.is_released:
            return
        num_moved, num_pruned, _ = self._enforcement.put_back()
        if num_moved:
            warnings.warn(
                f"{num_moved} of {num_pruned} pruned weights were written to after the last step,"
                " by another callback for instance; they are put back to their values.",
                UserWarning,
                stacklevel=3,
            )


def check_held_at_zero(masks: Any) -> None:
    """Raises `ValueError` if masks are a ticket whose pruned weights hold other values than 0.

    Args:
        masks: masks, a ticket or `None`.
    """
    if isinstance(masks, Ticket) and masks.pruned_values:
        raise ValueError(
            "`masks` must be a ticket that holds pruned weights at 0, as this callback does."
            f" Received: pruned_values of {sorted(masks.pruned_values)}"
        )
