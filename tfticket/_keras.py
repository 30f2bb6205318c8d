"""The one file that knows there are two Kerases: Keras 3 (TensorFlow backend) and tf_keras.

Neither is imported here. Which of them an object belongs to is read off its own classes, so a
program that uses one Keras never pays for the other. `tf.keras` is not touched at all.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import re
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any, Literal

import numpy as np

from tfticket import trust as trust_
from tfticket._archives import read_in_memory, stated_version
from tfticket.errors import MissingDependencyError

__all__ = [
    "FLAVOURS",
    "Flavour",
    "assign",
    "children",
    "flavour",
    "flavour_or_none",
    "installed",
    "is_layer",
    "load_model",
    "local_name",
    "module",
    "native",
    "own_trainable",
    "own_variables",
    "path_below",
    "saved_by",
    "steps_per_execution",
    "to_numpy",
    "value_of",
    "variables",
    "view",
    "walk",
]

Flavour = Literal["keras", "tf_keras"]
FLAVOURS: tuple[Flavour, ...] = ("keras", "tf_keras")

# tf_keras calls this kernel `depthwise_kernel`, Keras 3 `kernel`; paths must agree.
_RENAMED = {"DepthwiseConv1D": "depthwise_kernel", "DepthwiseConv2D": "depthwise_kernel"}


def flavour(obj: Any) -> Flavour:
    """Tells which Keras made a model, layer, optimizer or variable.

    Args:
        obj: any Keras object.

    Returns:
        `"keras"` for Keras 3, `"tf_keras"` for legacy Keras.

    Raises:
        TypeError: if none of the object's classes comes from either.
        RuntimeError: if it comes from Keras 3 on a backend other than TensorFlow.
    """
    for cls in type(obj).__mro__:
        root = cls.__module__.partition(".")[0]
        if root == "keras":
            _require_tensorflow(sys.modules["keras"])
        if root in FLAVOURS:
            return root  # type: ignore[return-value]
    raise TypeError(
        "the object must come from `keras` (Keras 3) or `tf_keras`: its classes come from neither."
        f" Received: {type(obj).__module__}.{type(obj).__qualname__}"
    )


def module(which: Any) -> ModuleType:
    """Returns the Keras module of a name, a module or a Keras object.

    Raises:
        ValueError: for a name other than `"keras"` and `"tf_keras"`.
        RuntimeError: if Keras 3 runs on a backend other than TensorFlow.
        MissingDependencyError: if tf_keras is wanted and not installed.
    """
    if isinstance(which, ModuleType):
        which = which.__name__.partition(".")[0]
    name = which if isinstance(which, str) else flavour(which)
    if name not in FLAVOURS:
        raise ValueError(f"`keras` must be one of {FLAVOURS}. Received: keras={name!r}")
    try:
        found = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != "tf_keras":
            raise
        raise MissingDependencyError(name, purpose="for its models", packages=name) from error
    if name == "keras":
        _require_tensorflow(found)
    return found


@functools.cache
def installed() -> tuple[ModuleType, ...]:
    """Returns those of the Kerases that can be imported: tf_keras may be missing."""
    found = []
    for name in FLAVOURS:
        with contextlib.suppress(Exception):  # under a newer TensorFlow, tf_keras may raise any
            found.append(importlib.import_module(name))
    return tuple(found)


def _require_tensorflow(keras: Any) -> None:
    backend = keras.backend.backend()
    if backend != "tensorflow":
        raise RuntimeError(
            "Keras 3 must run on its TensorFlow backend: tfticket trains through TensorFlow."
            f" Received: backend={backend!r}. Set KERAS_BACKEND=tensorflow before importing keras."
        )


def load_model(which: Any, path: Any, *, trust: bool = False, **options: Any) -> Any:
    """Loads a model as `keras.models.load_model` does, tf_keras' archives from memory.

    Args:
        which: the Keras, as for `module`.
        path: of any file that this Keras can load.
        trust: whether the file is known to be harmless; asked for before Keras 3.11.
        **options: of `load_model`.

    Raises:
        ValueError: before Keras 3.11, unless the file is trusted.
    """
    keras: Any = module(which)
    if keras.__name__ != "tf_keras":
        if not trust:
            trust_.require(path, keras.__version__)
        return keras.models.load_model(str(path), **options)
    with read_in_memory():
        return keras.models.load_model(str(path), **options)


def saved_by(path: Any) -> Flavour:
    """Tells which Keras saved a `.keras` file, by the version that it states.

    Raises:
        ValueError: if it is not a `.keras` file.
    """
    return "keras" if stated_version(path) >= 3 else "tf_keras"


def is_layer(obj: Any) -> bool:
    """Tells whether an object is a layer or model of either Keras, importing neither."""
    loaded = (sys.modules.get(name) for name in FLAVOURS)
    return any(k is not None and isinstance(obj, k.layers.Layer) for k in loaded)


def children(layer: Any) -> list[tuple[str, Any]]:
    """Lists the layers directly inside a layer with names that are unique among siblings."""
    named: list[tuple[str, Any]] = []
    taken: set[str] = set()
    for child in layer._flatten_layers(include_self=False, recursive=False):
        if _is_metric(child):
            continue
        name = _unique(child.name, taken)
        named.append((name, child))
    return named


def own_trainable(layer: Any) -> list[Any]:
    """Lists the variables that a layer itself made to be trained, frozen or not."""
    is_keras3 = flavour(layer) == "keras"
    return [*(layer._trainable_variables if is_keras3 else layer._trainable_weights)]


def own_variables(layer: Any) -> list[tuple[str, Any]]:
    """Lists the variables a layer owns itself, not its sublayers', with local names."""
    found = own_trainable(layer)
    if flavour(layer) == "keras":
        found += layer._non_trainable_variables
        found += [g.state for g in layer._seed_generators if g.state is not None]
    else:
        found += filter(_is_variable, layer._non_trainable_weights)
    taken: set[str] = set()
    return [(_unique(local_name(layer, v), taken), v) for v in found]


def variables(model: Any) -> list[Any]:
    """Lists all variables of a model."""
    return [*filter(_is_variable, model.variables)]


def local_name(layer: Any, variable: Any) -> str:
    """Returns the last part of the name of a `variable` of a `layer`, the same in both Kerases."""
    name = str(variable.name).rpartition("/")[2].partition(":")[0]
    if name == _RENAMED.get(type(layer).__name__):
        return "kernel"
    return re.sub(r"[^0-9A-Za-z_.\-]", "_", name)


def path_below(path: str, name: str) -> str:
    """Returns the path of what is called `name` in the layer at `path`; a model's own is empty."""
    return f"{path}/{name}" if path else name


def walk(model: Any) -> Iterator[tuple[str, Any, list[tuple[str, Any]]]]:
    """Visits every layer once, parents first: `(path, layer, its own variables)`.

    A layer or variable that occurs in several places is visited at the first one only.
    """
    flavour(model)  # or says that it is no model
    seen_layers: set[int] = set()
    seen_variables: set[int] = set()
    stack: list[tuple[str, Any]] = [("", model)]
    while stack:
        path, layer = stack.pop()
        if id(layer) in seen_layers:
            continue
        seen_layers.add(id(layer))
        fresh = [(n, v) for n, v in own_variables(layer) if id(v) not in seen_variables]
        seen_variables.update(id(v) for _, v in fresh)
        yield path, layer, fresh
        below = [(path_below(path, n), c) for n, c in children(layer)]
        stack.extend(reversed(below))


def to_numpy(variable: Any) -> np.ndarray:
    """Copies a variable's value to the host; never an alias of its memory."""
    return np.asarray(value_of(variable).numpy())  # `numpy` copies; bfloat16 too


def view(variable: Any) -> np.ndarray:
    """Returns a variable's value as an array to read at once and not to write or keep.

    On the CPU it is the value's own memory, which TensorFlow leaves alone while the array lives.
    """
    own = variable if (raw := getattr(variable, "_value", None)) is None else raw
    if hasattr(own, "_values") or not hasattr(own, "handle"):  # not one array in one place
        value = value_of(variable)
    else:  # what `value_of` does, in a third of the time
        read = sys.modules["tensorflow"].raw_ops.ReadVariableOp
        value = read(resource=own.handle, dtype=own.dtype)
    # The buffer protocol does not know bfloat16.
    return np.asarray(value.numpy() if value.dtype.name == "bfloat16" else memoryview(value))


def value_of(variable: Any) -> Any:
    """Returns a variable's value as a tensor of its own dtype, read once."""
    raw = getattr(variable, "_value", None)
    if raw is not None:  # a Keras 3 variable; `.value` would cast under autocast
        return raw.value() if hasattr(raw, "value") else raw
    return variable.read_value()


def assign(variable: Any, value: Any) -> None:
    """Writes a `value` of the same shape into a `variable` of either Keras."""
    variable.assign(value)


def native(variable: Any) -> Any:
    """Returns the `tf.Variable` behind a variable of either Keras."""
    return getattr(variable, "_value", None) if flavour_or_none(variable) == "keras" else variable


def flavour_or_none(obj: Any) -> Flavour | None:
    """Like `flavour`, with `None` for objects of neither Keras (plain `tf.Variable`s)."""
    try:
        return flavour(obj)
    except TypeError:
        return None


def _is_variable(obj: Any) -> bool:
    # Among its weights a lookup layer of tf_keras has one that stands for its table.
    return hasattr(obj, "shape")


def _is_metric(obj: Any) -> bool:
    # In tf_keras a metric is a layer; its variables are not part of the network.
    classes = type(obj).__mro__
    return any(c.__name__ == "Metric" and c.__module__.startswith(FLAVOURS) for c in classes)


def _unique(name: str, taken: set[str]) -> str:
    candidate, number = name, 1
    while candidate in taken:
        candidate = f"{name}_{number}"
        number += 1
    taken.add(candidate)
    return candidate


def steps_per_execution(model: Any) -> int:
    """Returns how many steps one call of a compiled model's training function makes."""
    variable = getattr(model, "_steps_per_execution", None)  # in tf_keras
    if variable is not None:
        return int(to_numpy(variable))
    return getattr(model, "steps_per_execution", None) or 1
