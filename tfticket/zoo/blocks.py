"""Layers as the zoo's convolutional networks with BatchNorm use them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["ConvLayers"]


@dataclass(frozen=True)
class ConvLayers:
    """Layers of one Keras, applied.

    Convolutions are He normal and without bias, each followed by BatchNorm.

    Args:
        make: `keras.layers` of either Keras.
    """

    make: Any

    def conv(self, x: Any, name: str, channels: int, size: int = 3, strides: int = 1) -> Any:
        """Applies a convolution without bias, and its BatchNorm."""
        conv = self.make.Conv2D(
            channels, size, kernel_initializer="he_normal", **self._plain(name, strides)
        )
        return self._normed(conv(x), name)

    def depthwise(self, x: Any, name: str, strides: int = 1) -> Any:
        """Applies a 3 x 3 convolution of each channel by itself, and its BatchNorm."""
        conv = self.make.DepthwiseConv2D(
            3, depthwise_initializer="he_normal", **self._plain(name, strides)
        )
        return self._normed(conv(x), name)

    def relu(self, x: Any, name: str) -> Any:
        """Applies a ReLU."""
        return self.make.ReLU(name=f"{name}_relu")(x)

    def output(self, x: Any, num_classes: int) -> Any:
        """Applies the output layer."""
        return self.make.Dense(num_classes, kernel_initializer="he_normal", name="output")(x)

    def block(self, x: Any, name: str, channels: int, strides: int) -> Any:
        """Applies two convolutions, the input added to them, projected if its shape changes."""
        inner = self.relu(self.conv(x, f"{name}_conv_1", channels, strides=strides), f"{name}_1")
        inner = self.conv(inner, f"{name}_conv_2", channels)
        if strides != 1 or x.shape[-1] != channels:
            x = self.conv(x, f"{name}_projection", channels, size=1, strides=strides)
        return self.relu(self.make.Add(name=f"{name}_add")([inner, x]), name)

    def _plain(self, name: str, strides: int) -> dict[str, Any]:
        return {"strides": strides, "padding": "same", "use_bias": False, "name": name}

    def _normed(self, x: Any, name: str) -> Any:
        return self.make.BatchNormalization(epsilon=1e-5, name=f"{name}_norm")(x)
