"""Functions that Keras has traced, traced again: those made before know how things were."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from typing import Any

__all__ = ["retrace", "without_hints"]


@contextlib.contextmanager
def without_hints() -> Iterator[None]:
    """Silences TensorFlow's hint that much is traced, where every network is another one."""
    logger = logging.getLogger("tensorflow")

    def is_no_hint(record: logging.LogRecord) -> bool:
        return "triggered tf.function retracing" not in record.getMessage()

    logger.addFilter(is_no_hint)
    try:
        yield
    finally:
        logger.removeFilter(is_no_hint)


def retrace(model: Any, *, evaluation: bool = False) -> None:
    """Makes Keras trace a model's training step again.

    Args:
        model: of either Keras.
        evaluation: whether evaluation and prediction are to be traced again too.
    """
    for name in ("train", "test", "predict") if evaluation else ("train",):
        if getattr(model, f"{name}_function", None) is not None:
            setattr(model, f"{name}_function", None)
            getattr(model, f"make_{name}_function")()  # `fit` may be running
