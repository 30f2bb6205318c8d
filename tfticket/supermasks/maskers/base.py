"""What a masker is: the step from trainable scores to the mask in a layer's forward pass."""

from __future__ import annotations

import abc
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

__all__ = ["Masker"]


class Masker(abc.ABC):
    """Maps a layer's scores to the mask of its kernel.

    A layer hands itself over: it has `scores`, a `name`, and in `masker_state` the variables that
    `state` asked for.

    Attributes:
        name: the masker's name in configurations.
        initial_scores: the initialiser of scores: one of this package or of Keras.
        trains_weights: whether the layer's weights are trained with the scores; if not, they stay
            as they were drawn.
    """

    name: ClassVar[str]
    trains_weights: ClassVar[bool] = False
    initial_scores: Any = "zeros"

    def state(self, layer: Any) -> dict[str, np.ndarray]:
        """Returns the first values of variables that a layer must keep for this masker."""
        return {}

    def join(self, layer: Any) -> None:  # noqa: B027  # most do not mind
        """Called by a layer when it is made."""

    def scores_shape(self, kernel_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Returns the shape of the scores of a kernel; as a rule there is one for each weight."""
        return kernel_shape

    def regularizer(self, layer: Any) -> Callable[[Any], Any] | None:
        """Returns what the masker adds to the loss as a function of a layer's scores, if anything.

        Args:
            layer: whose `masker_state` is there when the function is called.
        """
        return None

    def unattended(self, layer: Any) -> str | None:
        """Returns a warning if a callback must move something in training; `None` if not."""
        return None

    @abc.abstractmethod
    def forward(self, layer: Any, kernel: Any, scores: Any, training: bool) -> Any:
        """Returns the kernel under the mask, with the gradients of what is trained.

        Args:
            layer: the supermask layer.
            kernel: its kernel, a tensor.
            scores: its scores, a float32 tensor.
            training: whether the layer is in training mode.
        """

    @abc.abstractmethod
    def mask(self, layer: Any) -> np.ndarray:
        """Returns the mask of a layer at evaluation: int8, 1 = kept, 0 = masked, -1 = inverted."""

    def scale(self, mask: np.ndarray) -> np.float32:
        """Returns by what kept weights are multiplied under an evaluation mask."""
        return np.float32(1.0)

    def plain_kernel(self, layer: Any, kernel: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Returns the kernel with kept weights as they act, but for inversion and scale.

        Args:
            layer: the supermask layer.
            kernel: its kernel.
            mask: int8 array, as `mask` returns it.
        """
        return kernel

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
