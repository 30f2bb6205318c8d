"""VGG, ResNet and MobileNet for small images, as the pruning literature uses them. All give logits.

Convolutions are He normal and without bias, each followed by BatchNorm; the output layer is He
normal too. Layers are named by kind and position, residual blocks by stage and position, and the
functions take the keywords of `tfticket.zoo.models`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfticket import _keras
from tfticket.zoo.blocks import ConvLayers
from tfticket.zoo.initialization import initialize

__all__ = ["mobilenet_small", "resnet_20", "resnet_56", "vgg_11_bn", "vgg_16_bn", "vgg_small"]

Shape = tuple[int, ...]
_CIFAR = (32, 32, 3)
_VGG_11 = ((64,), (128,), (256, 256), (512, 512), (512, 512))
_VGG_16 = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
_VGG_SMALL = ((16, 16), (32, 32), (64, 64))
_RESNET = (16, 32, 64)
#: Channels and strides of MobileNetV1's separable blocks, at half the width.
_MOBILENET = (
    *((32, 1), (64, 2), (64, 1), (128, 2), (128, 1), (256, 2)),
    *(((256, 1),) * 5),
    *((512, 2), (512, 1)),
)


def vgg_small(
    *, keras: Any = "keras", seed: int = 0, input_shape: Shape = (28, 28, 1), num_classes: int = 10
) -> Any:
    """Six 3 x 3 convolutions with BatchNorm and one dense layer: 77 328 weights on MNIST.

    A VGG for images of 28 x 28 pixels, small enough to be trained on a CPU.

    `keras`, `seed`, `input_shape` and `num_classes` are as for every network of `tfticket.zoo`;
    images have at least 8 pixels each way.

    References:
        Simonyan & Zisserman 2015, https://arxiv.org/abs/1409.1556
    """
    return _vgg("vgg_small", _VGG_SMALL, keras, seed, input_shape, num_classes)


def mobilenet_small(
    *, keras: Any = "keras", seed: int = 0, input_shape: Shape = _CIFAR, num_classes: int = 10
) -> Any:
    """MobileNetV1 at half its width: 812 768 weights for ten classes.

    The first convolution takes every pixel where images are smaller than 64 pixels, every other
    one where they are larger, as in the paper.

    `keras`, `seed`, `input_shape` and `num_classes` are as for every network of `tfticket.zoo`.

    References:
        Howard et al. 2017, table 1, https://arxiv.org/abs/1704.04861
    """
    flavour = _keras.module(keras)
    layers = ConvLayers(flavour.layers)
    inputs = flavour.Input(tuple(input_shape), name="image")
    first = 1 if min(input_shape[:2]) < 64 else 2
    x = layers.relu(layers.conv(inputs, "conv", _MOBILENET[0][0] // 2, strides=first), "conv")
    for number, (channels, strides) in enumerate(_MOBILENET, 1):
        name = f"block_{number}"
        x = layers.relu(layers.depthwise(x, f"{name}_depthwise", strides), f"{name}_depthwise")
        x = layers.relu(layers.conv(x, f"{name}_pointwise", channels, size=1), f"{name}_pointwise")
    x = flavour.layers.GlobalAveragePooling2D(name="average")(x)
    logits = layers.output(x, num_classes)
    return _initialized(flavour.Model(inputs, logits, name="mobilenet_small"), seed)


def vgg_11_bn(
    *, keras: Any = "keras", seed: int = 0, input_shape: Shape = _CIFAR, num_classes: int = 10
) -> Any:
    """VGG-11 with BatchNorm and one dense layer: 9 222 848 weights on CIFAR-10.

    `keras`, `seed`, `input_shape` and `num_classes` are as for every network of `tfticket.zoo`;
    images have at least 32 pixels each way.

    References:
        Simonyan & Zisserman 2015, table 1, https://arxiv.org/abs/1409.1556; in this form
        Liu et al. 2017, https://arxiv.org/abs/1708.06519
    """
    return _vgg("vgg_11_bn", _VGG_11, keras, seed, input_shape, num_classes)


def vgg_16_bn(
    *, keras: Any = "keras", seed: int = 0, input_shape: Shape = _CIFAR, num_classes: int = 10
) -> Any:
    """VGG-16 with BatchNorm and one dense layer: 14 715 584 weights on CIFAR-10.

    `keras`, `seed`, `input_shape` and `num_classes` are as for every network of `tfticket.zoo`;
    images have at least 32 pixels each way.

    References:
        Simonyan & Zisserman 2015, table 1, https://arxiv.org/abs/1409.1556; in this form
        Tanaka et al. 2020, https://arxiv.org/abs/2006.05467
    """
    return _vgg("vgg_16_bn", _VGG_16, keras, seed, input_shape, num_classes)


def resnet_20(
    *, keras: Any = "keras", seed: int = 0, input_shape: Shape = _CIFAR, num_classes: int = 10
) -> Any:
    """ResNet-20, projections where the shape changes: 270 896 weights on CIFAR-10.

    `keras`, `seed`, `input_shape` and `num_classes` are as for every network of `tfticket.zoo`.

    References:
        He et al. 2016, section 4.2, https://arxiv.org/abs/1512.03385
    """
    return _resnet("resnet_20", 3, keras, seed, input_shape, num_classes)


def resnet_56(
    *, keras: Any = "keras", seed: int = 0, input_shape: Shape = _CIFAR, num_classes: int = 10
) -> Any:
    """ResNet-56, projections where the shape changes: 851 504 weights on CIFAR-10.

    `keras`, `seed`, `input_shape` and `num_classes` are as for every network of `tfticket.zoo`.

    References:
        He et al. 2016, section 4.2, https://arxiv.org/abs/1512.03385
    """
    return _resnet("resnet_56", 9, keras, seed, input_shape, num_classes)


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
    maker = ConvLayers(flavour.layers)
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
    maker = ConvLayers(flavour.layers)
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
