"""A network of a population as a plain Keras model, and its connections as a ticket of that model.

Hidden nodes of one depth are one `Dense` layer, `level_1` and so on, which sees the inputs and all
levels before; outputs are the layer `output`. Only connections of the network are kept: the rest
of each kernel is masked out, and so are biases of nodes that the bias does not feed. All layers are
Keras' own, so the model is saved and loaded without this package.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from tfticket import _keras, weights
from tfticket.masks import Masks
from tfticket.tickets import Ticket
from tfticket.weight_agnostic.champions import Champion

__all__ = ["keras_model", "ticket_of"]


def keras_model(
    champion: Champion,
    weight: float,
    *,
    keras: Any,
    input_shape: Sequence[int] | None = None,
    probabilities: bool = False,
) -> Any:
    """Makes the model, each connection with the shared weight, everything else 0.

    Args:
        champion: the network.
        weight: that all connections share.
        keras: the module `keras` or `tf_keras`, or its name.
        input_shape: of one example, of as many values as the network has inputs; `None` means a
            vector.
        probabilities: whether outputs go through softmax.

    Returns:
        A built model that is not compiled.

    Raises:
        ValueError: if the shape has another number of values.
    """
    keras = _keras.module(keras)
    shape = (champion.num_inputs,) if input_shape is None else tuple(input_shape)
    if int(np.prod(shape)) != champion.num_inputs:
        raise ValueError(
            f"`input_shape` must have as many values as the network has inputs,"
            f" {champion.num_inputs}. Received: input_shape={shape}"
        )
    given = keras.Input(shape, name="inputs")
    flat = given if len(shape) == 1 else keras.layers.Flatten(name="flat")(given)
    seen = [flat]
    for number, nodes in enumerate(champion.levels, 1):
        dense = keras.layers.Dense(len(nodes), name=f"level_{number}")(_joined(keras, seen))
        seen.append(_activated(keras, champion, nodes, dense))
    outputs = keras.layers.Dense(champion.num_outputs, name="output")(_joined(keras, seen))
    if probabilities:
        outputs = keras.layers.Softmax(name="probabilities")(outputs)
    model = keras.Model(given, outputs, name="weight_agnostic")
    ticket_of(champion, model, weight).apply(model)
    return model


def ticket_of(champion: Champion, model: Any, weight: float, **provenance: Any) -> Ticket:
    """Returns a network as masks over its model, with the shared weight in every place.

    Args:
        champion: the network.
        model: that `keras_model` made of it.
        weight: of every connection, also of those that are masked out: a control of the ticket has
            other connections with the same weight.
        **provenance: how it was found, as plain JSON values.
    """
    held, masks = {}, {}
    kernels = _adjacency(champion)
    for path, array in weights.read_all(model).items():
        layer, _, name = path.rpartition("/")
        whole = kernels[layer]
        masks[path] = whole[1:] if name == "kernel" else whole[0]
        held[path] = np.full(array.shape, weight, array.dtype)
    return Ticket(Masks(masks), held, provenance)


def _adjacency(champion: Champion) -> dict[str, np.ndarray]:
    """What feeds what, by layer: `[1 + inputs, nodes]`, the bias first."""
    genomes, levels = champion.genomes, champion.levels
    matrix = np.zeros((genomes.num_nodes, genomes.num_nodes), np.bool_)
    matrix[champion.sources, champion.targets] = True
    seen, found = np.arange(genomes.first_output), {}
    for number, nodes in enumerate(levels, 1):
        found[f"level_{number}"] = matrix[np.ix_(seen, nodes)]
        seen = np.concatenate([seen, nodes])
    outputs = np.arange(genomes.first_output, genomes.first_hidden)
    return {**found, "output": matrix[np.ix_(seen, outputs)]}


def _joined(keras: Any, seen: list[Any]) -> Any:
    return seen[0] if len(seen) == 1 else keras.layers.Concatenate()(seen)


def _activated(keras: Any, champion: Champion, nodes: np.ndarray, values: Any) -> Any:
    """Applies to each column of a level the activation of its node; alike ones lie together."""
    first = 1 + champion.num_inputs + champion.num_outputs
    names = [champion.activations[n - first] for n in nodes]
    kinds = list(dict.fromkeys(names))
    if len(kinds) == 1:
        return _function(keras, kinds[0], values)
    parts, start = [], 0
    for kind in kinds:
        stop = start + names.count(kind)
        parts.append(_function(keras, kind, values[:, start:stop]))
        start = stop
    return keras.layers.Concatenate()(parts)


def _operations(keras: Any) -> Any:
    """What computes with tensors of functional models: `keras.ops`, or where there are none
    TensorFlow, whose functions have the same names.
    """
    return keras.ops if hasattr(keras, "ops") else importlib.import_module("tensorflow")


def _function(keras: Any, name: str, x: Any) -> Any:
    """One of `ACTIVATIONS`, of layers and operations that either Keras saves and loads."""
    ops = _operations(keras)
    made = {
        "linear": lambda: x,
        "step": lambda: keras.layers.ReLU()(ops.sign(x)),
        "sine": lambda: ops.sin(x * np.pi),
        "gaussian": lambda: ops.exp(ops.square(x) * -0.5),
        "tanh": lambda: keras.layers.Activation("tanh")(x),
        "sigmoid": lambda: keras.layers.Activation("sigmoid")(x),
        "inverse": lambda: x * -1.0,
        "absolute": lambda: ops.abs(x),
        "relu": lambda: keras.layers.ReLU()(x),
        "cosine": lambda: ops.cos(x * np.pi),
        "squared": lambda: ops.square(x),
    }
    return made[name]()
