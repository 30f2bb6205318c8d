"""A residual network of 78 106 weights for CIFAR-10, compiled at three learning rates.

SGD with momentum 0.9. The first convolution halves the image, then each of three stages, of 16, 32
and 64 channels, has one residual block: what ResNet-20 has, with one block in place of three, on
images of a quarter of the pixels.
"""

from __future__ import annotations

from typing import Any

import keras

from tfticket.zoo.blocks import ConvLayers
from tfticket.zoo.initialization import initialize

_CHANNELS = (16, 32, 64)
_RISING_STEPS = 200


class WarmUp(keras.optimizers.schedules.LearningRateSchedule):
    """Rises linearly from 0 over 200 steps, and stays.

    Args:
        target: what it stays at.
    """

    def __init__(self, target: float):
        self.target = target

    def __call__(self, step: Any) -> Any:
        fraction = (keras.ops.cast(step, "float32") + 1.0) / _RISING_STEPS
        return self.target * keras.ops.minimum(fraction, 1.0)

    def get_config(self) -> dict[str, Any]:
        """Returns what it was made with."""
        return {"target": self.target}


def large(seed: int) -> Any:
    """At 0.1."""
    return _compiled(0.1, seed)


def small(seed: int) -> Any:
    """At 0.01."""
    return _compiled(0.01, seed)


def warm(seed: int) -> Any:
    """Up to 0.1."""
    return _compiled(WarmUp(0.1), seed)


def _compiled(rate: Any, seed: int) -> Any:
    make = ConvLayers(keras.layers)
    inputs = keras.Input((32, 32, 3), name="image")
    x = make.relu(make.conv(inputs, "conv", _CHANNELS[0], strides=2), "conv")
    for stage, channels in enumerate(_CHANNELS, 1):
        x = make.block(x, f"stage_{stage}", channels, strides=1 if stage == 1 else 2)
    averaged = keras.layers.GlobalAveragePooling2D(name="average")(x)
    model = keras.Model(inputs, make.output(averaged, 10), name="residual")
    initialize(model, seed)
    model.compile(
        keras.optimizers.SGD(rate, momentum=0.9),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return model
