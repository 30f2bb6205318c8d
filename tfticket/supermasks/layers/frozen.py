"""Weights that no optimizer ever gets to see."""

from __future__ import annotations

from typing import Any

__all__ = ["Frozen"]


class Frozen:
    """Mixed into a Keras layer: its weights are made untrainable, not switched off afterwards.

    `layer.trainable = True` does not bring them back. They have no regulariser and no constraint
    either, which would only act on them; the layer keeps both in its configuration.
    """

    def add_weight(self, *args: Any, **options: Any) -> Any:
        """Makes a weight as the parent asks for it, but frozen."""
        options.update(trainable=False, regularizer=None, constraint=None)
        return super().add_weight(*args, **options)  # type: ignore[misc]

    def add_trainable_weight(self, **options: Any) -> Any:
        """Makes a weight of another layer's kind: one that trains."""
        return super().add_weight(**options)  # type: ignore[misc]
