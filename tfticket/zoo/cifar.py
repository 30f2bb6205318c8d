"""VGG and ResNet for small images, as the pruning literature uses them. All give logits.

Convolutions are He normal and without bias, each followed by BatchNorm; the output layer is He
normal too. Layers are named by kind and position, residual blocks by stage and position, and the
functions take the keywords of `tfticket.zoo.models`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tfticket import _keras
from tfticket.zoo.initialization import initialize

__all__ = ["resnet_20", "resnet_56", "vgg_11_bn", "vgg_16_bn"]

Shape = tuple[int, ...]
_CIFAR = (32, 32, 3)
_VGG_11 = ((64,), (128,), (256, 256), (512, 512), (512, 512))
_VGG_16 = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
_RESNET = (16, 32, 64)


def vgg_11_bn(
    *, keras: Any = "keras", seed: int = 0, input_shape: Shape = _CIFAR, num_classes: int = 10
) -> Any:
    """VGG-11 with BatchNorm and one dense layer: 9 222 848 weights on CIFAR-10.

    Args:
        keras: which Keras.
        seed: chooses the initial weights.
        input_shape: `(height, width, channels)`, at least 32 pixels each way.
        num_classes: number of logits.

    Raises:
        ValueError: if the images are too small to be halved five times.

    References:
        Simonyan & Zisserman 2015, table 1, https://arxiv.org/abs/1409.1556; in this form
        Liu et al. 2017, https://arxiv.org/abs/1708.06519
    """
    return _vgg("vgg_11_bn", _VGG_11, keras, seed, input_shape, num_classes)


def vgg_16_bn(
    *, keras: Any = "keras", seed: int = 0, input_shape: Shape = _CIFAR, num_classes: int = 10
) -> Any:
    """VGG-16 with BatchNorm and one dense layer: 14 715 584 weights on CIFAR-10.

    Args:
        keras: which Keras.
        seed: chooses the initial weights.
        input_shape: `(height, width, channels)`, at least 32 pixels each way.
        num_classes: number of logits.

    Raises:
        ValueError: if the images are too small to be halved five times.

    References:
        Simonyan & Zisserman 2015, table 1, https://arxiv.org/abs/1409.1556; in this form
        Tanaka et al. 2020, https://arxiv.org/abs/2006.05467
    """
    return _vgg("vgg_16_bn", _VGG_16, keras, seed, input_shape, num_classes)


def resnet_20(
    *, keras: Any = "keras", seed: int = 0, input_shape: Shape = _CIFAR, num_classes: int = 10
) -> Any:
    """ResNet-20, projections where the shape changes: 270 896 weights on CIFAR-10.

    Args:
        keras: which Keras.
        seed: chooses the initial weights.
        input_shape: `(height, width, channels)`.
        num_classes: number of logits.

    References:
        He et al. 2016, section 4.2, https://arxiv.org/abs/1512.03385
    """
    return _resnet("resnet_20", 3, keras, seed, input_shape, num_classes)


def resnet_56(
    *, keras: Any = "keras", seed: int = 0, input_shape: Shape = _CIFAR, num_classes: int = 10
) -> Any:
    """ResNet-56, projections where the shape changes: 851 504 weights on CIFAR-10.

    Args:
        keras: which Keras.
        seed: chooses the initial weights.
        input_shape: `(height, width, channels)`.
        num_classes: number of logits.

    References:
        He et al. 2016, section 4.2, https://arxiv.org/abs/1512.03385
    """
    return _resnet("resnet_56", 9, keras, seed, input_shape, num_classes)


@dataclass(frozen=True)
class _Maker:
    """Layers of one Keras, as these networks use them."""

    make: Any

    def conv(self, x: Any, name: str, channels: int, size: int = 3, strides: int = 1) -> Any:
        """A convolution without bias, and its BatchNorm."""
        conv = self.make.Conv2D(
            channels,
            size,
            strides=strides,
            padding="same",
            use_bias=False,
            kernel_initializer="he_normal",
            name=name,
        )
        return self.make.BatchNormalization(epsilon=1e-5, name=f"{name}_norm")(conv(x))

    def relu(self, x: Any, name: str) -> Any:
        return self.make.ReLU(name=f"{name}_relu")(x)

    def output(self, x: Any, num_classes: int) -> Any:
        return self.make.Dense(num_classes, kernel_initializer="he_normal", name="output")(x)

    def block(self, x: Any, name: str, channels: int, strides: int) -> Any:
        """Two convolutions around which the input is carried, projected if its shape changes."""
        inner = self.relu(self.conv(x, f"{name}_conv_1", channels, strides=strides), f"{name}_1")
        inner = self.conv(inner, f"{name}_conv_2", channels)
        if strides != 1 or x.shape[-1] != channels:
            x = self.conv(x, f"{name}_projection", channels, size=1, strides=strides)
        return self.relu(self.make.Add(name=f"{name}_add")([inner, x]), name)


def _vgg(
    name: str,
    blocks: Sequence[Sequence[int]],
    keras: Any,
    seed: int,
    input_shape: Shape,
    num_classes: int,
) -> Any:
    """Blocks of 3 x 3 convolutions, halved after each; then one dense layer."""
    if len(input_shape) != 3 or min(input_shape[:2]) < 2 ** len(blocks):
        raise ValueError(
            f"`input_shape` must be (height, width, channels) with at least {2 ** len(blocks)}"
            f" pixels each way: the images are halved {len(blocks)} times."
            f" Received: input_shape={input_shape}"
        )
    flavour = _keras.module(keras)
    maker = _Maker(flavour.layers)
    inputs = x = flavour.Input(tuple(input_shape), name="image")
    position = 0
    for stage, block in enumerate(blocks, 1):
        for channels in block:
            position += 1
            conv = f"conv_{position}"
            x = maker.relu(maker.conv(x, conv, channels), conv)
        x = flavour.layers.MaxPooling2D(name=f"pool_{stage}")(x)
    logits = maker.output(flavour.layers.Flatten(name="flatten")(x), num_classes)
    return _initialized(flavour.Model(inputs, logits, name=name), seed)


def _resnet(
    name: str, per_stage: int, keras: Any, seed: int, input_shape: Shape, num_classes: int
) -> Any:
    """A convolution, three stages of residual blocks, the average over the image, one dense."""
    flavour = _keras.module(keras)
    maker = _Maker(flavour.layers)
    inputs = flavour.Input(tuple(input_shape), name="image")
    x = maker.relu(maker.conv(inputs, "conv", _RESNET[0]), "conv")
    for stage, channels in enumerate(_RESNET, 1):
        for position in range(1, per_stage + 1):
            strides = 2 if stage > 1 and position == 1 else 1
            x = maker.block(x, f"stage_{stage}_block_{position}", channels, strides)
    averaged = flavour.layers.GlobalAveragePooling2D(name="average")(x)
    return _initialized(flavour.Model(inputs, maker.output(averaged, num_classes), name=name), seed)


def _initialized(model: Any, seed: int) -> Any:
    initialize(model, seed)
    return model
