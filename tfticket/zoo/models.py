"""The networks of the papers and texts this package repeats. All give logits, or values.

Layers are named by kind and position, the last one `output`; weight paths are the same in both
Kerases. One seed gives bit-equal initial weights in both. Every function takes

    keras: `"keras"`, `"tf_keras"` or either module.
    seed: chooses the initial weights; a non-negative integer.
    input_shape: shape of one example.
    num_classes: number of logits.

and returns a built, uncompiled model.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfticket import _keras
from tfticket.zoo.initialization import initialize

__all__ = [
    "conv_2",
    "conv_4",
    "conv_6",
    "conv_431k",
    "conv_1200k",
    "lenet_300_100",
    "regression_mlp",
]

Shape = tuple[int, ...]


def lenet_300_100(
    *, keras: Any = "keras", seed: int = 0, input_shape: Shape = (28, 28, 1), num_classes: int = 10
) -> Any:
    """Dense 300, 100, output: 266 200 weights and 410 biases on MNIST.

    Initial weights are Glorot normal, as in the lottery-ticket paper.

    Args:
        keras: which Keras.
        seed: chooses the initial weights.
        input_shape: shape of one example; flattened.
        num_classes: number of logits.

    References:
        Frankle & Carbin 2019, "The Lottery Ticket Hypothesis", https://arxiv.org/abs/1803.03635
    """
    make = _keras.module(keras).layers
    hidden = [_dense(make, f"dense_{i}", units) for i, units in enumerate((300, 100), 1)]
    layers = [make.Flatten(name="flatten"), *hidden, _output(make, num_classes)]
    return _built(keras, "lenet_300_100", input_shape, layers, seed)


def conv_431k(
    *, keras: Any = "keras", seed: int = 0, input_shape: Shape = (28, 28, 1), num_classes: int = 10
) -> Any:
    """Two 5 x 5 convolutions of 20 and 50 channels, dense 500, output: 431 080 parameters on MNIST.

    The network of a course project on lottery tickets. Kernels and biases are drawn as PyTorch,
    in which that project is written, draws them: uniform within `±1/√fan_in`.

    `keras`, `seed`, `input_shape` and `num_classes` are as for every network of `tfticket.zoo`;
    images have at least 16 pixels each way.

    References:
        Zhou et al. 2019, "Deconstructing Lottery Tickets", https://arxiv.org/abs/1905.01067
    """
    if len(input_shape) != 3 or min(input_shape[:2]) < 16:
        raise ValueError(
            "`input_shape` must be (height, width, channels) with at least 16 pixels each way: two"
            f" valid 5 x 5 convolutions with pooling. Received: input_shape={input_shape}"
        )
    flavour = _keras.module(keras)
    make = flavour.layers
    height, width = (((side - 4) // 2 - 4) // 2 for side in input_shape[:2])
    layers = [
        make.Conv2D(
            20, 5, activation="relu", name="conv_1", **_as_torch(flavour, 25 * input_shape[2])
        ),
        make.MaxPooling2D(name="pool_1"),
        make.Conv2D(50, 5, activation="relu", name="conv_2", **_as_torch(flavour, 25 * 20)),
        make.MaxPooling2D(name="pool_2"),
        make.Flatten(name="flatten"),
        make.Dense(
            500, activation="relu", name="dense_1", **_as_torch(flavour, height * width * 50)
        ),
        make.Dense(num_classes, name="output", **_as_torch(flavour, 500)),
    ]
    return _built(keras, "conv_431k", input_shape, layers, seed)


def conv_1200k(
    *, keras: Any = "keras", seed: int = 0, input_shape: Shape = (28, 28, 1), num_classes: int = 10
) -> Any:
    """Two 3 x 3 convolutions of 32 and 64 channels, a pool, dense 128, output: 1 199 648 weights.

    The network in which edge-popup is often shown on MNIST: no biases, dropout before both dense
    layers, pixels normalised by MNIST's mean and deviation in the network itself. Kernels are He
    normal.

    `keras`, `seed`, `input_shape` and `num_classes` are as for every network of `tfticket.zoo`;
    images have at least 6 pixels each way, of values in [0, 1].

    References:
        Ramanujan et al. 2020, "What's Hidden in a Randomly Weighted Neural Network?",
        https://arxiv.org/abs/1911.13299; their example for MNIST
    """
    if len(input_shape) != 3 or min(input_shape[:2]) < 6:
        raise ValueError(
            "`input_shape` must be (height, width, channels) with at least 6 pixels each way: two"
            f" valid 3 x 3 convolutions and a pool. Received: input_shape={input_shape}"
        )
    make = _keras.module(keras).layers
    plain = {"use_bias": False, "kernel_initializer": "he_normal"}
    layers = [
        make.Rescaling(1 / 0.3081, offset=-0.1307 / 0.3081, name="normalized"),
        make.Conv2D(32, 3, activation="relu", name="conv_1", **plain),
        make.Conv2D(64, 3, name="conv_2", **plain),
        make.MaxPooling2D(name="pool"),
        make.SpatialDropout2D(0.25, name="dropout_1"),
        make.Flatten(name="flatten"),
        make.Dense(128, activation="relu", name="dense_1", **plain),
        make.Dropout(0.5, name="dropout_2"),
        make.Dense(num_classes, name="output", **plain),
    ]
    return _built(keras, "conv_1200k", input_shape, layers, seed)


def conv_2(
    *, keras: Any = "keras", seed: int = 0, input_shape: Shape = (32, 32, 3), num_classes: int = 10
) -> Any:
    """Conv-2: two 3 x 3 convolutions, dense 256, 256, output: 4 300 992 weights on CIFAR-10.

    `keras`, `seed`, `input_shape` and `num_classes` are as for every network of `tfticket.zoo`;
    images have at least 2 pixels each way.

    References:
        Frankle & Carbin 2019, "The Lottery Ticket Hypothesis", https://arxiv.org/abs/1803.03635
    """
    return _conv_net("conv_2", [64], keras, seed, input_shape, num_classes)


def conv_4(
    *, keras: Any = "keras", seed: int = 0, input_shape: Shape = (32, 32, 3), num_classes: int = 10
) -> Any:
    """Conv-4: four 3 x 3 convolutions, dense 256, 256, output: 2 425 024 weights on CIFAR-10.

    `keras`, `seed`, `input_shape` and `num_classes` are as for every network of `tfticket.zoo`;
    images have at least 4 pixels each way.

    References:
        Frankle & Carbin 2019, "The Lottery Ticket Hypothesis", https://arxiv.org/abs/1803.03635
    """
    return _conv_net("conv_4", [64, 128], keras, seed, input_shape, num_classes)


def conv_6(
    *, keras: Any = "keras", seed: int = 0, input_shape: Shape = (32, 32, 3), num_classes: int = 10
) -> Any:
    """Conv-6: six 3 x 3 convolutions, dense 256, 256, output: 2 261 184 weights on CIFAR-10.

    `keras`, `seed`, `input_shape` and `num_classes` are as for every network of `tfticket.zoo`;
    images have at least 8 pixels each way.

    References:
        Frankle & Carbin 2019, "The Lottery Ticket Hypothesis", https://arxiv.org/abs/1803.03635
    """
    return _conv_net("conv_6", [64, 128, 256], keras, seed, input_shape, num_classes)


def regression_mlp(*, keras: Any = "keras", seed: int = 0, input_shape: Shape = (1_000,)) -> Any:
    """Dense 1024, 1024, and one value: 2 073 600 weights, 2 075 649 parameters.

    The network of a tutorial on gradual pruning with tfmot: He normal in the first layer, Glorot
    uniform in the others.

    Args:
        keras: which Keras.
        seed: chooses the initial weights.
        input_shape: `(features,)`.

    References:
        Zhu & Gupta 2017, "To prune, or not to prune", https://arxiv.org/abs/1710.01878
    """
    make = _keras.module(keras).layers
    layers = [
        make.Dense(1_024, activation="relu", kernel_initializer="he_normal", name="dense_1"),
        make.Dense(1_024, activation="relu", name="dense_2"),
        make.Dense(1, name="output"),
    ]
    return _built(keras, "regression_mlp", input_shape, layers, seed)


def _conv_net(
    name: str, channels: Sequence[int], keras: Any, seed: int, input_shape: Shape, num_classes: int
) -> Any:
    """Blocks of two same-padded 3 x 3 convolutions and a pool; then dense 256, 256, output."""
    smallest = 2 ** len(channels)
    if len(input_shape) != 3 or min(input_shape[:2]) < smallest:
        raise ValueError(
            f"`input_shape` must be (height, width, channels) with at least {smallest} pixels each"
            f" way: the images are halved {len(channels)} times."
            f" Received: input_shape={input_shape}"
        )
    make = _keras.module(keras).layers
    layers: list[Any] = []
    for block, width in enumerate(channels, 1):
        layers += [
            _conv(make, f"conv_{2 * block - 1}", width),
            _conv(make, f"conv_{2 * block}", width),
        ]
        layers.append(make.MaxPooling2D(name=f"pool_{block}"))
    layers.append(make.Flatten(name="flatten"))
    layers += [_dense(make, f"dense_{i}", 256) for i in (1, 2)]
    layers.append(_output(make, num_classes))
    return _built(keras, name, input_shape, layers, seed)


def _as_torch(flavour: Any, fan_in: int) -> dict[str, Any]:
    limit = fan_in**-0.5
    uniform = flavour.initializers.RandomUniform
    return {
        "kernel_initializer": uniform(-limit, limit),
        "bias_initializer": uniform(-limit, limit),
    }


def _conv(make: Any, name: str, channels: int) -> Any:
    return make.Conv2D(
        channels,
        3,
        padding="same",
        activation="relu",
        kernel_initializer="glorot_normal",
        name=name,
    )


def _dense(make: Any, name: str, units: int) -> Any:
    return make.Dense(units, activation="relu", kernel_initializer="glorot_normal", name=name)


def _output(make: Any, num_classes: int) -> Any:
    return make.Dense(num_classes, kernel_initializer="glorot_normal", name="output")


def _built(keras: Any, name: str, input_shape: Shape, layers: Sequence[Any], seed: int) -> Any:
    flavour = _keras.module(keras)
    model = flavour.Sequential([flavour.Input(tuple(input_shape)), *layers], name=name)
    initialize(model, seed)
    return model
