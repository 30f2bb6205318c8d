"""EnforceMasks: train a ticket, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tfticket import _optimizers
from tfticket.callbacks.base import Callback
from tfticket.enforcement import Enforcement, enforce
from tfticket.errors import EnforcementError
from tfticket.masks import Masks
from tfticket.tickets import Ticket

__all__ = ["EnforceMasks"]


class EnforceMasks(Callback):
    """Keeps pruned weights at their values, and out of the optimizer, while `fit` runs.

    The masks stay in force after `fit`, so that a second `fit` cannot fill the zeros again, until
    `release`. Where the callback stands among others makes no difference. It follows the model
    through `compile`; a clone of the model knows nothing of masks and needs the callback in its
    own `fit`.

    Args:
        masks: the kept weights by path; or a `Ticket`, whose masks and pruned values it takes,
            whose weights it leaves to `ticket.apply(model)`.
        pruned_values: the values pruned weights hold, by path; `None` means 0.

    Raises:
        EnforcementError: in `fit`, at the end of an epoch in which a pruned weight changed.
        MismatchError: in `fit`, if the masks are not the model's.

    Example:
        ticket.apply(model)
        model.fit(x, y, callbacks=[EnforceMasks(ticket)])
    """

    def __init__(
        self, masks: Masks | Ticket, pruned_values: Mapping[str, np.ndarray] | None = None
    ):
        if isinstance(masks, Ticket):
            masks, pruned_values = masks.masks, pruned_values or masks.pruned_values or None
        self._masks = masks
        self._pruned_values = pruned_values
        self._enforcement: Enforcement | None = None

    @property
    def masks(self) -> Masks:
        """The masks it enforces."""
        return self._masks

    def update(self, masks: Masks, pruned_values: Mapping[str, np.ndarray] | None = None) -> None:
        """Puts other masks of the same paths in force: at once, or from the next `fit` on.

        Args:
            masks: the kept weights by path.
            pruned_values: other values for pruned weights to hold, from the next `fit` on; `None`
                leaves them as they are.
        """
        if pruned_values:
            self.release()
            self._enforcement, self._pruned_values = None, pruned_values
        elif self._enforcement is not None and not self._enforcement.is_released:
            self._enforcement.update(masks)
        self._masks = masks

    def check(self) -> None:
        """Raises `EnforcementError` if a pruned weight has changed or `fit` was never called."""
        if self._enforcement is None:
            raise EnforcementError(
                "the masks were never in force: `fit` must be called with this callback"
                " in `callbacks`."
            )
        self._enforcement.check()

    def release(self) -> None:
        """Gives the model back without masks in force; its weights keep their values."""
        if self._enforcement is not None:
            self._enforcement.release()

    def on_train_begin(self, logs: Any = None) -> None:
        current = self._enforcement
        if current is not None and current.model is self.model and not current.is_released:
            current.attach()  # it may have been compiled anew
        else:
            self.release()
            self._enforcement = enforce(self.model, self._masks, pruned_values=self._pruned_values)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        # Other callbacks, such as BackupAndRestore, have had their `on_train_begin` by now. What
        # tf_keras restores into slots, it does when they are created: they must be, to be cleared.
        _optimizers.build(self.model.optimizer, self.model.trainable_variables)
        if self._enforcement is not None:
            self._enforcement.project()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.check()

    def on_train_end(self, logs: Any = None) -> None:
        self.check()
