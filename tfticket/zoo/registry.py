"""Networks by name: the zoo's, a function of the user's, or a saved model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tfticket import _keras, references
from tfticket.zoo import cifar, models
from tfticket.zoo.entries import Entry, OptimizerConfig

__all__ = ["MODELS", "check_model", "get_model"]

_OUTPUT = "(^|/)output/kernel$"
_DENSE = r"(^|/)dense_\d+/kernel$"
_CONV = r"(^|/)conv_\d+/kernel$"


def _conv_entry(build: Any, learning_rate: float, num_steps: int, conv_rate: float) -> Entry:
    return Entry(
        name=build.__name__,
        build=build,
        input_shape=(32, 32, 3),
        batch_size=60,
        num_steps=num_steps,
        optimizer=OptimizerConfig("Adam", learning_rate),
        pruning_rates={_CONV: conv_rate, _DENSE: 0.2, _OUTPUT: 0.1},
    )


def _mnist_entry(build: Any, num_epochs: int, optimizer: OptimizerConfig) -> Entry:
    return Entry(
        name=build.__name__,
        build=build,
        input_shape=(28, 28, 1),
        batch_size=64,
        num_steps=938 * num_epochs,  # 60 000 examples
        optimizer=optimizer,
    )


def _cifar_entry(build: Any) -> Entry:
    return Entry(
        name=build.__name__,
        build=build,
        input_shape=(32, 32, 3),
        batch_size=128,
        num_steps=62_560,  # 160 epochs of 50 000 examples, 391 batches each
        optimizer=OptimizerConfig("SGD", 0.1, {"momentum": 0.9}),
    )


_ENTRIES = (
    Entry(
        name="lenet_300_100",
        build=models.lenet_300_100,
        input_shape=(28, 28, 1),
        batch_size=60,
        num_steps=50_000,
        optimizer=OptimizerConfig("Adam", 1.2e-3),
        pruning_rates={_DENSE: 0.2, _OUTPUT: 0.1},
    ),
    _mnist_entry(models.conv_431k, 5, OptimizerConfig("SGD", 0.01)),
    _mnist_entry(models.conv_1200k, 20, OptimizerConfig("SGD", 0.01, {"momentum": 0.9})),
    _conv_entry(models.conv_2, 2e-4, 20_000, 0.10),
    _conv_entry(models.conv_4, 3e-4, 25_000, 0.10),
    _conv_entry(models.conv_6, 3e-4, 30_000, 0.15),
    *map(_cifar_entry, (cifar.vgg_11_bn, cifar.vgg_16_bn, cifar.resnet_20, cifar.resnet_56)),
    _cifar_entry(cifar.mobilenet_small),
    _mnist_entry(cifar.vgg_small, 5, OptimizerConfig("SGD", 0.05, {"momentum": 0.9})),
    Entry(
        name="regression_mlp",
        build=models.regression_mlp,
        task="regression",
        input_shape=(1_000,),
        batch_size=1_024,
        num_steps=1_600,  # 200 epochs of 8 000 examples, 8 batches each
        optimizer=OptimizerConfig("Adam", 1e-3),
    ),
)

#: The zoo's networks by name.
MODELS: Mapping[str, Entry] = {entry.name: entry for entry in _ENTRIES}


def get_model(name: str, *, trust: bool = False) -> Entry:
    """Finds a network.

    >>> get_model("lenet_300_100").num_steps
    50000

    Args:
        name: one of `MODELS`; `module:function` or `path/to/file.py:function` for an `Entry` of
            the user's or a function that returns a model, called with those of `keras`, `seed`,
            `input_shape` and `num_classes` that it has parameters for (without `seed`,
            `keras.utils.set_random_seed` is called first); or a path to a `.keras` file, which is
            loaded in safe mode, with its own weights whatever the seed. Load only files you trust.
        trust: whether a `.keras` file is known to be harmless. Up to Keras 3.10, whose safe mode
            can be got around, none is loaded without this word (on the command line, `--trust`).

    Returns:
        An `Entry`. What is not in the zoo gets the defaults of `Entry` for its training, and a loss
        for what it ends in unless it comes compiled.

    Raises:
        TypeError: if a reference is to something else.
        ValueError: if there is no such network; the message lists the names.
    """
    check_model(name)
    if name in MODELS:
        return MODELS[name]
    if name.endswith(".keras"):
        return _saved(Path(name), trust)
    found = references.resolve(name)
    if isinstance(found, Entry):
        return found
    if not callable(found):
        raise TypeError(
            "the network must be an `Entry` or a function that returns a model. Received:"
            f" {name!r}, which is {type(found).__name__}"
        )
    return Entry(name=name, build=found, has_logits=None)


def check_model(name: str) -> None:
    """Makes sure that there is a network of a name, as far as that is known without loading it.

    Args:
        name: as for `get_model`.

    Raises:
        ValueError: if there is no such network; the message lists the names.
    """
    if name in MODELS:
        return
    if name.endswith(".keras"):
        if not Path(name).is_file():
            raise ValueError(f"the network must be an existing .keras file. Received: {name!r}")
    elif ":" in name:
        references.check(name)
    else:
        raise ValueError(
            f"the network must be one of {list(MODELS)}, `module:function`,"
            f" `path/to/file.py:function` or a path to a .keras file. Received: {name!r}"
        )


def _saved(path: Path, trust: bool) -> Entry:
    def build(*, keras: Any, seed: int) -> Any:
        del seed  # the weights are in the file
        wanted, writer = _keras.module(keras).__name__, _keras.saved_by(path)
        if wanted != writer:
            raise ValueError(
                f"`keras` must be {writer!r} (--keras {writer}): that one saved {str(path)!r}."
                f" Received: keras={wanted!r}"
            )
        return _keras.load_model(keras, path, trust=trust, safe_mode=True)

    return Entry(name=path.stem, build=build, has_logits=None)
