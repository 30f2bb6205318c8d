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

    Raises:
        ValueError: in `fit`, if the model has no supermask layer.

    Example:
        history = supermask.fit(x, y, epochs=5, callbacks=[SupermaskLog()]).history
        history["mask_change"]
    """

    def on_train_begin(self, logs: Any = None) -> None:
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
        if isinstance(logs, dict):
            size = sum(m.size for m in now.values())
            logs["density"] = sum(int(np.count_nonzero(m)) for m in now.values()) / size
            changed = sum(int(np.count_nonzero(m != self._last[p])) for p, m in now.items())
            logs["mask_change"] = changed / size
        self._last = now

    def _masks(self) -> dict[str, np.ndarray]:
        return {path: layer.current_mask() for path, layer in self._layers.items()}
