"""What a masker is: the step from trainable scores to the mask in a layer's forward pass."""

from __future__ import annotations

import abc
from typing import Any, ClassVar

import numpy as np

__all__ = ["Masker"]


class Masker(abc.ABC):
    """Maps a layer's scores to the mask of its frozen kernel.

    A layer hands itself over: it has `scores`, a `name`, and in `masker_state` the variables that
    `state` asked for.

    Attributes:
        name: the masker's name in configurations.
        initial_scores: the initialiser of scores: one of this package or of Keras.
    """

    name: ClassVar[str]
    initial_scores: ClassVar[Any] = "zeros"

    def state(self, layer: Any) -> dict[str, np.ndarray]:
        """Returns the first values of variables that a layer must keep for this masker."""
        return {}

    def join(self, layer: Any) -> None:  # noqa: B027  # most do not mind
        """Called by a layer when it is made."""

    @abc.abstractmethod
    def forward(self, layer: Any, kernel: Any, scores: Any, training: bool) -> Any:
        """Returns kernel times mask, with the straight-through gradient for the scores.

        Args:
            layer: the supermask layer.
            kernel: its frozen kernel, a tensor.
            scores: its scores, a float32 tensor of the same shape.
            training: whether the layer is in training mode.
        """

    @abc.abstractmethod
    def mask(self, layer: Any) -> np.ndarray:
        """Returns the mask of a layer at evaluation: int8, 1 = kept, 0 = masked, -1 = inverted."""

    def scale(self, mask: np.ndarray) -> np.float32:
        """Returns by what kept weights are multiplied under an evaluation mask."""
        return np.float32(1.0)

    @abc.abstractmethod
    def scores_for(self, mask: np.ndarray, scores: np.ndarray) -> np.ndarray:
        """Returns scores that give a mask, as near to the present ones as can be.

        Args:
            mask: int8 array, as `mask` returns it.
            scores: the present scores.
        """

    @abc.abstractmethod
    def get_config(self) -> dict[str, Any]:
        """Returns the settings as plain JSON values."""

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Masker:
        """Makes the masker of a configuration."""
        return cls(**config)

    def __repr__(self) -> str:
        settings = ", ".join(f"{n}={v!r}" for n, v in self.get_config().items())
        return f"{type(self).__name__}({settings})"
