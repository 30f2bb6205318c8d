"""SupermaskLog: how dense the mask is after each epoch, and how much of it has changed."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfticket import _keras
from tfticket.callbacks.base import Callback

__all__ = ["SupermaskLog"]


class SupermaskLog(Callback):
    """Adds `density` and `mask_change` of a supermask model to the logs of each epoch.

    `density` is the fraction of weights that the masks keep, or invert, at evaluation, all layers
    taken together; `mask_change` the fraction of mask entries that differ from the epoch before,
    of the first epoch from the start of `fit`. Both are in `History` too.

    Attributes:
        density: of every epoch that the model was trained with it.
        mask_change: as many.

    Raises:
        ValueError: in `fit`, if the model has no supermask layer.

    Example:
        history = supermask.fit(x, y, epochs=5, callbacks=[SupermaskLog()]).history
        history["mask_change"]
    """

    _of_model = ("_layers",)

    def __init__(self) -> None:
        self._forget()

    def _forget(self) -> None:
        self.density: list[float] = []
        self.mask_change: list[float] = []

    def on_train_begin(self, logs: Any = None) -> None:
        self._begin_afresh_if_new()
        self._layers = {
            path: layer
            for path, layer, _ in _keras.walk(self.model)
            if hasattr(layer, "current_mask")
        }
        if not self._layers:
            raise ValueError(
                "`model` must have supermask layers; it has none."
                f" Received: model={self.model.name!r}"
            )
        self._last = self._masks()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        now = self._masks()
        size = sum(m.size for m in now.values())
        changed = sum(int(np.count_nonzero(m != self._last[p])) for p, m in now.items())
        self.density.append(sum(int(np.count_nonzero(m)) for m in now.values()) / size)
        self.mask_change.append(changed / size)
        if isinstance(logs, dict):
            logs |= {"density": self.density[-1], "mask_change": self.mask_change[-1]}
        self._last = now

    def _masks(self) -> dict[str, np.ndarray]:
        return {path: layer.current_mask() for path, layer in self._layers.items()}
