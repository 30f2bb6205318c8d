"""Networks for runs in tests: small enough that tracing them takes no time."""

from __future__ import annotations

from typing import Any

#: `file.py:function`, as a run's `model` takes it.
SMALL_CONV = f"{__file__}:small_conv"


def small_conv(keras: Any) -> Any:
    """Two convolutions with BatchNormalization, 8 and 12 channels, for the digits."""
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Conv2D(8, 3, use_bias=False, name="conv_1"),
            keras.layers.BatchNormalization(name="norm_1"),
            keras.layers.ReLU(name="relu_1"),
            keras.layers.Conv2D(12, 3, use_bias=False, name="conv_2"),
            keras.layers.BatchNormalization(name="norm_2"),
            keras.layers.ReLU(name="relu_2"),
            keras.layers.GlobalAveragePooling2D(name="average"),
            keras.layers.Dense(10, name="output"),
        ]
    )
