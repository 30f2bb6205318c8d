"""A kernel times its mask, with the straight-through gradient for the scores behind the mask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

__all__ = ["masked"]


def masked(kernel: Any, mask: Any, scores: Any, slope: Callable[[], Any] | None = None) -> Any:
    """Returns `kernel · mask`; backward, the mask counts as a function of the scores.

    `∂L/∂score = ∂L/∂(kernel · mask) · kernel · slope`, where the slope is the derivative of what
    the masker is taken for: `sign(score)` if that is `|score|`, 1 if it is the score itself. The
    kernel gets no gradient.

    Args:
        kernel: tensor of frozen weights.
        mask: tensor of the kernel's shape and type.
        scores: float32 tensor of that shape, of which the mask was made.
        slope: computes the slope, of the scores' shape and type, when a gradient is asked for;
            `None` means 1.
    """

    @tf.custom_gradient
    def product(scores: Any) -> tuple[Any, Callable[[Any], Any]]:
        def backward(upstream: Any) -> Any:
            gradient = tf.cast(upstream * kernel, scores.dtype)
            return gradient if slope is None else gradient * slope()

        return kernel * mask, backward

    return product(scores)
