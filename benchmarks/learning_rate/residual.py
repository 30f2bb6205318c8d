"""A residual network of 78 106 weights for CIFAR-10, compiled at three learning rates.

SGD with momentum 0.9; the rate falls to a tenth after half of 2 000 steps and again after three
quarters, as in the papers, and BatchNormalization averages over about ten batches, so that what is
measured at the end is not the noise of the last steps. The first convolution halves the image, then
each of three stages, of 16, 32 and 64 channels, has one residual block: what ResNet-20 has, with
one block in place of three, on images of a quarter of the pixels.
"""

from __future__ import annotations

from typing import Any

import keras

from tfticket.zoo.blocks import ConvLayers
from tfticket.zoo.initialization import initialize

_CHANNELS = (16, 32, 64)
_RISING_STEPS = 200
_FALLS = (1_000.0, 1_500.0)


class Falling(keras.optimizers.schedules.LearningRateSchedule):
    """A rate that falls to a tenth after 1 000 steps and again after 1 500.

    Args:
        first: the rate at first.
        rises: whether it rises linearly from 0 over the first 200 steps.
    """

    def __init__(self, first: float, rises: bool = False):
        self.first, self.rises = first, rises

    def __call__(self, step: Any) -> Any:
        step = keras.ops.cast(step, "float32")
        rate = self.first * keras.ops.where(step < _FALLS[0], 1.0, 0.1)
        rate = rate * keras.ops.where(step < _FALLS[1], 1.0, 0.1)
        if self.rises:
            rate = rate * keras.ops.minimum((step + 1.0) / _RISING_STEPS, 1.0)
        return rate

    def get_config(self) -> dict[str, Any]:
        """Returns what it was made with."""
        return {"first": self.first, "rises": self.rises}


def large(seed: int) -> Any:
    """From 0.1 on."""
    return _compiled(Falling(0.1), seed)


def small(seed: int) -> Any:
    """From 0.01 on."""
    return _compiled(Falling(0.01), seed)


def warm(seed: int) -> Any:
    """Up to 0.1, and from there on."""
    return _compiled(Falling(0.1, rises=True), seed)


def _compiled(rate: Any, seed: int) -> Any:
    make = ConvLayers(keras.layers)
    inputs = keras.Input((32, 32, 3), name="image")
    x = make.relu(make.conv(inputs, "conv", _CHANNELS[0], strides=2), "conv")
    for stage, channels in enumerate(_CHANNELS, 1):
        x = make.block(x, f"stage_{stage}", channels, strides=1 if stage == 1 else 2)
    averaged = keras.layers.GlobalAveragePooling2D(name="average")(x)
    model = keras.Model(inputs, make.output(averaged, 10), name="residual")
    initialize(model, seed)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.9
    model.compile(
        keras.optimizers.SGD(rate, momentum=0.9),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return model
