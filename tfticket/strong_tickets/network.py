"""The random network: for each layer of a target, one with many random neurons and one of sums.

The first has `candidates` neurons for each input that gives them a random weight `v`, with ReLU;
the second has a random weight `u` from each of them to each output. What a mask leaves of both is
`Σ u · relu(v · x)` over some candidates of each input, and so a weight times `x`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tfticket import _keras
from tfticket.cloning import can_clone, clone, remade
from tfticket.kinds import is_altered, kind
from tfticket.seeds import generator
from tfticket.strong_tickets.signs import signed_layers

__all__ = ["KINDS", "Gadget", "gadgets", "own_neurons", "random_network", "random_weights"]

#: Layers of which a random network can have an approximation.
KINDS = ("Dense", "Conv1D", "Conv2D")
#: More weights than this are refused: 1 GB.
_MAX_WEIGHTS = 250_000_000


@dataclass(frozen=True)
class Gadget:
    """The two random layers for a layer of the target.

    Args:
        path: of the target's layer.
        name: of the target's layer.
        shape: of its kernel, `[…, in, out]`.
        has_bias: whether it has a bias.
        candidates: random neurons for each weight.
        num_signs: 2 where inputs may be negative, which need neurons of their own; else 1.
        tap: of a convolution's positions, counted flat, the one that is never outside the image.
    """

    path: str
    name: str
    shape: tuple[int, ...]
    has_bias: bool
    candidates: int
    num_signs: int
    tap: int

    @property
    def first(self) -> str:
        """Path of the layer of candidates."""
        return f"{self.path}/{self.name}_candidates"

    @property
    def second(self) -> str:
        """Path of the layer of sums."""
        return f"{self.path}/{self.name}_sums"

    @property
    def num_neurons(self) -> int:
        """Candidates of all inputs, and last those of a constant input for the bias."""
        own = self.shape[-2] * self.num_signs * self.candidates
        return own + (self.candidates if self.has_bias else 0)

    @property
    def num_weights(self) -> int:
        """Random weights."""
        inputs, outputs = self.shape[-2:]
        positions = int(np.prod(self.shape[:-2], dtype=np.int64))
        return self.num_neurons * (inputs + self.has_bias + positions * outputs)


def gadgets(model: Any, candidates: int, *, nonnegative_inputs: bool) -> dict[str, Gadget]:
    """Returns what the random network has for each layer of a target.

    Args:
        model: the target.
        candidates: random neurons for each weight, at least 1.
        nonnegative_inputs: whether the model's own inputs are never negative.

    Raises:
        ValueError: if the model is not built or is a subclassed one, has a layer with weights that
            cannot be approximated, or would need too large a random network.
    """
    if not can_clone(model) or not model.built:
        raise ValueError(
            "`model` must be a built Sequential or functional model: the connections of others"
            f" cannot be read. Received: model={getattr(model, 'name', model)!r}"
        )
    signed = signed_layers(model, nonnegative_inputs=nonnegative_inputs)
    walked = list(_keras.walk(model))
    inside = {id(c) for _, m, _ in walked if can_clone(m) for _, c in _keras.children(m)}
    owners = [(p, layer) for p, layer, own in walked if any("seed" not in n for n, _ in own)]
    wrong = {p: why for p, layer in owners if (why := _obstacle(layer, id(layer) in inside))}
    if wrong or not owners:
        raise ValueError(
            f"`model` must have weights in {', '.join(KINDS)} layers alone, and some: others cannot"
            f" be approximated by pruning. Received: {_by_reason(wrong) or 'no weights'}"
        )
    found = {}
    for path, layer in owners:
        shape = tuple(int(n) for n in layer.kernel.shape)
        num_signs = 1 + (path in signed)
        tap = _inner_tap(layer, shape)
        found[path] = Gadget(path, layer.name, shape, layer.use_bias, candidates, num_signs, tap)
    total = sum(g.num_weights for g in found.values())
    if total > _MAX_WEIGHTS:
        raise ValueError(
            f"`candidates` must be fewer for this network: with {candidates} the random one would"
            f" have {total:,} weights, more than {_MAX_WEIGHTS:,}."
            f" Received: { ({p: g.num_weights for p, g in found.items()}) }"
        )
    return found


def random_network(model: Any, found: dict[str, Gadget]) -> Any:
    """Builds the random network's architecture, in plain Keras layers; not compiled.

    Args:
        model: the target.
        found: the gadgets of its layers.
    """
    paths = {id(layer): path for path, layer, _ in _keras.walk(model)}

    def copy(layer: Any) -> Any:
        path = paths.get(id(layer), "")
        return _pair(layer, found[path]) if path in found else remade(layer)

    return clone(model, copy)


def random_weights(gadget: Gadget, seed: int, scale: float) -> dict[str, np.ndarray]:
    """Draws the weights of a gadget, by path: uniform in [-1, 1], sums within the scale.

    Of the weights that lead from an input to its own candidates, as many are positive as negative
    where inputs may be negative, and all are positive where not: the other half would be dead.
    Likewise for the constants.

    Args:
        gadget: which.
        seed: of the random network.
        scale: of the weights that lead to the sums.
    """
    draw = generator(seed, "strong ticket", gadget.path)
    inputs, count = gadget.shape[-2], gadget.num_neurons
    first = draw.uniform(-1, 1, (inputs, count)).astype(np.float32)
    rows, columns = own_neurons(gadget)
    signs = np.where(np.arange(columns.shape[1]) < gadget.candidates, 1, -1)
    first[rows, columns] = np.abs(first[rows, columns]) * signs
    shape = (*gadget.shape[:-2], count, gadget.shape[-1])
    second = draw.uniform(-scale, scale, shape).astype(np.float32)
    point = (*(1 for _ in gadget.shape[:-2]), inputs, count)
    found = {f"{gadget.first}/kernel": first.reshape(point), f"{gadget.second}/kernel": second}
    if gadget.has_bias:
        bias = draw.uniform(-1, 1, count).astype(np.float32)
        bias[-gadget.candidates :] = np.abs(bias[-gadget.candidates :])
        found[f"{gadget.first}/bias"] = bias
    return found


def own_neurons(gadget: Gadget) -> tuple[np.ndarray, np.ndarray]:
    """Returns which neurons are the candidates of each input: rows and columns, `[in, own]`."""
    own = gadget.num_signs * gadget.candidates
    columns = np.arange(gadget.shape[-2] * own).reshape(-1, own)
    return np.broadcast_to(np.arange(len(columns))[:, None], columns.shape), columns


def _obstacle(layer: Any, is_inside: bool) -> str:
    if kind(layer) not in KINDS:
        return type(layer).__name__
    if getattr(layer, "groups", 1) > 1 or is_altered(layer):
        return "its kernel is not one product"
    if not is_inside:
        return "it is inside a layer that is no model"
    strided = max(getattr(layer, "dilation_rate", (1,)))
    is_even = any(n % 2 == 0 for n in getattr(layer, "kernel_size", ()))
    if layer.use_bias and strided > 1 and is_even and layer.padding == "same":
        return "a dilated kernel of even length has no position that is never outside the image"
    return ""


def _by_reason(wrong: dict[str, str]) -> str:
    """One layer of each kind of obstacle, and how many more there are."""
    paths: dict[str, list[str]] = {}
    for path, why in wrong.items():
        paths.setdefault(why, []).append(path)
    more = {why: f" and {len(some) - 1} more" if some[1:] else "" for why, some in paths.items()}
    return "; ".join(f"{some[0]}{more[why]} ({why})" for why, some in paths.items())


def _inner_tap(layer: Any, shape: tuple[int, ...]) -> int:
    """The middle of a kernel; the last position where nothing after an input may be seen."""
    size = shape[:-2]
    is_causal = getattr(layer, "padding", "") == "causal"
    place = [n - 1 if is_causal else (n - 1) // 2 for n in size]
    return int(np.ravel_multi_index(place, size)) if size else 0


def _pair(layer: Any, gadget: Gadget) -> Any:
    is_conv, initializers = len(gadget.shape) > 2, _keras.module(layer).initializers

    def plain(config: dict[str, Any], name: str) -> None:
        config.update(name=f"{layer.name}_{name}", kernel_regularizer=None, kernel_constraint=None)
        config.update(bias_regularizer=None, bias_constraint=None)
        for weight in ("kernel", "bias"):  # what controls draw from
            config[f"{weight}_initializer"] = initializers.RandomUniform(-1, 1)
        config.pop("batch_input_shape", None)  # tf_keras gives one to the layer that begins a model

    def first(layer: Any, config: dict[str, Any]) -> None:
        plain(config, "candidates")
        config["filters" if is_conv else "units"] = gadget.num_neurons
        config.update(activation="relu", activity_regularizer=None)
        if is_conv:
            ones = tuple(1 for _ in gadget.shape[:-2])
            config.update(kernel_size=ones, strides=ones, dilation_rate=ones, padding="valid")

    def second(layer: Any, config: dict[str, Any]) -> None:
        plain(config, "sums")
        config["use_bias"] = False

    both = [remade(layer, edit) for edit in (first, second)]
    return _keras.module(layer).Sequential(both, name=layer.name)
