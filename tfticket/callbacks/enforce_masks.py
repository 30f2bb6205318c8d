"""EnforceMasks: train a ticket, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tfticket import _optimizers
from tfticket.callbacks.masking import Masking
from tfticket.enforcement import enforce, masks_in_force
from tfticket.errors import EnforcementError
from tfticket.masks import Masks, from_zeros
from tfticket.tickets import Ticket
from tfticket.weights import Filter

__all__ = ["EnforceMasks"]


class EnforceMasks(Masking):
    """Keeps pruned weights at their values, and out of the optimizer, while `fit` runs.

    The masks stay in force after `fit`, so that a second `fit` cannot fill the zeros again, until
    `release`. Where the callback stands among others makes no difference. It follows the model
    through `compile`; a clone of the model knows nothing of masks and needs the callback in its
    own `fit`. In a `fit` of another model it begins afresh; the first one's masks stay in force.

    Args:
        masks: the kept weights by path; or a `Ticket`, whose masks and pruned values it takes,
            whose weights it leaves to `ticket.apply(model)`. `None`, the default, means the masks
            in force on the model, and where there are none the zeros of its kernels, as a pruned
            model has them that was saved and loaded.
        pruned_values: the values pruned weights hold, by path; `None` means 0.

    Raises:
        TypeError: if masks are not boolean: a number between is no mask.
        EnforcementError: in `fit`, if a layer is under LoRA, or at the end of an epoch in which a
            pruned weight changed.
        MismatchError: in `fit`, if the masks are not the model's.
        ValueError: in `fit`, if no masks were given and the model has no zeros to keep.

    Example:
        ticket.apply(model)
        model.fit(x, y, callbacks=[EnforceMasks(ticket)])

        pruned = keras.models.load_model("pruned.keras")
        pruned.fit(x, y, callbacks=[EnforceMasks()])
    """

    def __init__(
        self,
        masks: Masks | Ticket | None = None,
        pruned_values: Mapping[str, np.ndarray] | None = None,
    ):
        self._ticket = masks if isinstance(masks, Ticket) else None
        masks = masks.masks if isinstance(masks, Ticket) else masks
        self._given = None if masks is None else Masks(masks)
        self._pruned_values = pruned_values
        self._forget()

    def _forget(self) -> None:
        self._masks = self._given
        self._enforcement = None

    @property
    def keeps_everything(self) -> bool:
        """Whether no weight is masked; not known, and so not true, before masks are."""
        return self._masks is not None and self._masks.num_kept == self._masks.num_weights

    def update(self, masks: Masks, pruned_values: Mapping[str, np.ndarray] | None = None) -> None:
        """Puts other masks of the same paths in force: at once, or from the next `fit` on.

        Args:
            masks: the kept weights by path.
            pruned_values: other values for pruned weights to hold, from the next `fit` on; `None`
                leaves them as they are.
        """
        masks = Masks(masks)
        if pruned_values:
            self.release()
            self._enforcement, self._pruned_values = None, pruned_values
        elif self._enforcement is not None and not self._enforcement.is_released:
            self._enforcement.update(masks)
        self._given = self._masks = masks
        self._ticket = None

    def check(self, model: Any = None) -> None:
        """Makes sure that the masks were in force and are obeyed.

        Args:
            model: the model that was to be trained; `None` means whichever was.

        Raises:
            EnforcementError: if a pruned weight has changed, `fit` was never called, or it was
                called for another model.
        """
        if self._enforcement is None:
            raise EnforcementError(
                "the masks were never in force: `fit` must be called with this callback"
                " in `callbacks`."
            )
        if model is not None and self._enforcement.model is not model:
            raise EnforcementError(
                "another model was trained than the one that was to be: `train(model, callbacks)`"
                " must train the `model` that it is given, not one that it makes or remembers."
                f" Received: a `fit` of {self._enforcement.model.name!r} with these callbacks,"
                f" and none of {model.name!r}"
            )
        self._enforcement.check()

    def on_train_begin(self, logs: Any = None) -> None:
        self._begin_afresh_if_new()
        current = self._enforcement
        if current is not None and not current.is_released:
            current.attach()  # it may have been compiled anew
            return
        values = self._pruned_values
        if self._ticket is not None:  # which knows the paths of the model's own instance
            self._masks = self._ticket.masks_for(self.model)
            values = values or self._ticket.pruned_values_for(self.model)
        elif self._masks is None:
            self._masks = masks_in_force(self.model) or _of_zeros(self.model)
        self._enforcement = enforce(self.model, self._masks, pruned_values=values)

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


def _of_zeros(model: Any) -> Masks:
    found = from_zeros(model, Filter(frozen=True))
    if found.num_kept == found.num_weights:
        raise ValueError(
            "`masks` must be given for a model without zeros: none of its kernels has any to keep."
            f" Received: masks=None, model={model.name!r}"
        )
    return found
