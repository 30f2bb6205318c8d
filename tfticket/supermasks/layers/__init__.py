"""Supermask layers: each is its Keras parent with a trained mask, and mostly frozen weights.

`of("keras")` and `of("tf_keras")` return the module with the classes of that Keras. Importing this
package makes both Kerases able to load models that contain them.
"""

from __future__ import annotations

import contextlib
import importlib
from types import ModuleType
from typing import Any

from tfticket import _keras

__all__ = ["of"]


def of(keras: Any = "keras") -> ModuleType:
    """Returns the supermask layers of one Keras.

    >>> of("keras").SupermaskDense(10, use_bias=False, name="output").name
    'output'

    Args:
        keras: `"keras"`, `"tf_keras"`, either module, or an object of one of them.

    Returns:
        A module with `SupermaskDense`, `SupermaskConv1D`, `SupermaskConv2D`, `SupermaskConv3D`,
        `SupermaskDepthwiseConv2D`, `SupermaskConv2DTranspose` and `SupermaskBatchNormalization`.
    """
    return importlib.import_module(f"{__name__}.for_{_keras.module(keras).__name__}")


for _found in _keras.installed():
    with contextlib.suppress(RuntimeError):  # Keras 3 on another backend; the other may be used
        of(_found)
