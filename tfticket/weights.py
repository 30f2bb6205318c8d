"""Paths of a model's weights: which may be masked, how to read, write and match them.

A weight path names a variable by the layers on the way to it, `encoder/block_1/conv/kernel`,
found by walking the model. It is unique even where variable names collide, and it is the same
in both Kerases.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tfticket import _keras
from tfticket.errors import MismatchError
from tfticket.filters import KINDS, Filter, FilterLike, matching
from tfticket.kinds import kinds
from tfticket.paths import align

__all__ = [
    "KINDS",
    "Filter",
    "Prunable",
    "align",
    "fits",
    "matching",
    "missing_option",
    "prunable_weights",
    "read",
    "read_all",
    "require_finite",
    "variables",
    "write",
]

Weights = Mapping[str, np.ndarray]

#: Why a weight is not prunable. These strings are part of the interface.
REASON_KIND = "not a kernel: it is of kind {kind!r}"
REASON_FROZEN = "frozen: its layer is not trainable"
REASON_RANK = "too few axes: a kernel has at least two"
REASON_DTYPE = "not a floating-point weight: {dtype}"
REASON_EXCLUDED = "excluded by the caller"
REASON_NOT_INCLUDED = "not included by the caller"

_KERNELS = {"kernel", "recurrent_kernel", "depthwise_kernel", "pointwise_kernel"}
_NORMALIZATION = {"gamma", "beta", "moving_mean", "moving_variance", "mean", "variance", "scale"}


@dataclass(frozen=True)
class Prunable:
    """The weights of a model that may be masked, and why the others may not.

    Attributes:
        variables: prunable variables by path, in the order of the model's layers.
        skipped: the reason by path for every other variable.
    """

    variables: dict[str, Any] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        kept = [f"  {p}  {tuple(v.shape)}" for p, v in self.variables.items()]
        left = [f"  {p}  {reason}" for p, reason in self.skipped.items()]
        return "\n".join(["prunable:", *kept, "skipped:", *left])


def variables(model: Any) -> dict[str, Any]:
    """Returns every variable of a built model by its path, each variable once.

    Args:
        model: a built Keras 3 or tf_keras model or layer.

    Returns:
        `{path: variable}` in the order of the layers.

    Raises:
        ValueError: if the model has no variables yet.
    """
    found = {path: variable for path, _, variable in _located(model)}
    if not found:
        raise ValueError(
            "`model` must be built: it has no weights yet. Call it on a batch, or"
            f" `model.build(input_shape)`. Received: model={getattr(model, 'name', model)!r}"
        )
    return found


def prunable_weights(model: Any, prunable: FilterLike = None) -> Prunable:
    """Finds the weights of a model that may be masked.

    By default these are the trainable kernels of every layer: any variable named `kernel`,
    `recurrent_kernel`, `depthwise_kernel` or `pointwise_kernel`, a layer's `kernel` attribute,
    and what a layer returns from `get_prunable_weights()` (tfmot's convention), vectors too.

    Args:
        model: a built model of either Keras.
        prunable: a `Filter`, or what its `include` takes.

    Returns:
        A `Prunable`: variables by path, and the reason for each one left out.

    Raises:
        ValueError: if a pattern matches nothing, or nothing is left to prune.
    """
    _keras.flavour(model)  # or says that it is no model
    rule = Filter.of(prunable)
    trainable = {id(v) for v in model.trainable_variables}
    result, eligible = Prunable(), {}
    for path, layer, variable in _located(model):
        reason = _reason(layer, path, variable, rule, trainable)
        if reason is None:
            eligible[path] = variable
        else:
            result.skipped[path] = reason
    if not eligible and not result.skipped:
        variables(model)  # raises: the model is not built
    included = matching(rule.include, eligible, "prunable")
    excluded = matching(rule.exclude, eligible, "exclude") if rule.exclude is not None else set()
    for path, variable in eligible.items():
        if path in excluded:
            result.skipped[path] = REASON_EXCLUDED
        elif path not in included:
            result.skipped[path] = REASON_NOT_INCLUDED
        else:
            result.variables[path] = variable
    if not result.variables:
        raise ValueError(
            "`model` must have prunable weights: all were skipped. Other kinds than kernels are"
            f" included by prunable=Filter(kinds=(…)), out of {KINDS}.\n{result}"
        )
    return result


def missing_option(reason: str) -> str | None:
    """Returns which option of `Filter` would include a weight.

    Args:
        reason: why it was skipped.

    Returns:
        A kind, `"frozen"`, or `None` if the caller's patterns left it out or nothing includes it.
    """
    if reason == REASON_FROZEN:
        return "frozen"
    return next((k for k in KINDS if reason == REASON_KIND.format(kind=k)), None)


def read(model: Any, prunable: FilterLike = None) -> dict[str, np.ndarray]:
    """Copies the prunable weights of a model to the host.

    Args:
        model: a built model of either Keras.
        prunable: which weights count, as for `prunable_weights`.

    Returns:
        `{path: array}`; the arrays are copies and stay as they are when the model trains on.
    """
    return {p: _keras.to_numpy(v) for p, v in prunable_weights(model, prunable).variables.items()}


def read_all(model: Any) -> dict[str, np.ndarray]:
    """Copies every variable of a model to the host, prunable or not.

    Returns:
        `{path: array}`: kernels, biases, normalisation statistics, seed generators.
    """
    return {p: _keras.to_numpy(v) for p, v in variables(model).items()}


def require_finite(model: Any, arrays: Weights | None = None) -> None:
    """Makes sure that no weight is NaN or infinite.

    Args:
        model: a built model of either Keras; a stand-in is not looked at.
        arrays: further weights by path, in the place of those that the model holds.

    Raises:
        ValueError: if one is, naming where.
    """
    is_model = _keras.flavour_or_none(model) is not None
    held = {**(read_all(model) if is_model else {}), **(arrays or {})}
    floats = {p: a for p, a in held.items() if "float" in a.dtype.name}
    wrong = [p for p, a in floats.items() if not np.isfinite(a).all()]
    if wrong:
        raise ValueError(
            "`model` must have finite weights: what they are worth cannot be told otherwise. Did"
            f" training diverge? Received: NaN or infinity in {wrong}"
        )


def write(model: Any, weights: Weights) -> None:
    """Writes arrays into a model's variables by path; other variables keep their values.

    Args:
        model: a built model of either Keras.
        weights: `{path: array}` with the shapes of the variables.

    Raises:
        MismatchError: if a path is unknown or a shape differs; nothing is written then.
    """
    targets = variables(model)
    renamed = align(weights, targets)
    check_shapes({target: weights[p] for p, target in renamed.items()}, targets)
    for path, target in renamed.items():
        _keras.assign(targets[target], weights[path])
    _finalize_states(model)


def check_shapes(weights: Mapping[str, Any], targets: Mapping[str, Any]) -> None:
    """Raises `MismatchError` naming every path whose shape differs from its target's."""
    wrong = [
        f"{p}: {tuple(np.shape(w))} for {tuple(targets[p].shape)}"
        for p, w in weights.items()
        if not fits(w, targets[p])
    ]
    if wrong:
        raise MismatchError(f"these weights have another shape in the model: {wrong}")


def fits(array: Any, target: Any) -> bool:
    """Tells whether an `array` has the shape of a `target`, which may leave lengths open."""
    shape, wanted = np.shape(array), tuple(target.shape)
    pairs = zip(shape, wanted, strict=False)
    return len(shape) == len(wanted) and all(w in (n, None) for n, w in pairs)


def _located(model: Any) -> Iterable[tuple[str, Any, Any]]:
    """Yields `(path, owning layer, variable)` for every variable of a model, once."""
    seen: set[int] = set()
    for path, layer, own in _keras.walk(model):
        for name, variable in own:
            seen.add(id(variable))
            yield _keras.path_below(path, name), layer, variable
    # A layer may hold variables outside what Keras tracks by layer; none may be lost.
    rest = [v for v in _keras.variables(model) if id(v) not in seen]
    for number, variable in enumerate(rest):
        name = str(getattr(variable, "path", variable.name)).partition(":")[0]
        yield f"untracked_{number}/{name}", model, variable


def _kind(layer: Any, name: str, variable: Any) -> str:
    if _is_declared(layer, variable):
        return "kernel"
    if name in _NORMALIZATION or any("Normalization" in k for k in kinds(layer)):
        return "normalization"
    if name in _KERNELS or getattr(layer, "kernel", None) is variable:
        return "kernel"
    if name == "embeddings":
        return "embedding"
    return "bias" if name.endswith("bias") else "other"


def _is_declared(layer: Any, variable: Any) -> bool:
    declared = getattr(layer, "get_prunable_weights", None)
    return declared is not None and any(v is variable for v in declared())


def _reason(layer: Any, path: str, variable: Any, rule: Filter, trainable: set[int]) -> str | None:
    kind = _kind(layer, path.rpartition("/")[2], variable)
    dtype = getattr(variable.dtype, "name", variable.dtype)
    if kind not in rule.kinds:
        return REASON_KIND.format(kind=kind)
    if "float" not in str(dtype):
        return REASON_DTYPE.format(dtype=dtype)
    needed = 1 if _is_declared(layer, variable) else 2  # layers know their own vectors
    if kind == "kernel" and len(variable.shape) < needed:
        return REASON_RANK
    if id(variable) not in trainable and not rule.frozen:
        return REASON_FROZEN
    return None


def _finalize_states(model: Any) -> None:
    """Has layers that compute with constants made of their variables, as Normalization, make them.

    Args:
        model: whose variables were written.
    """
    for _, layer, own in _keras.walk(model):
        if own and hasattr(layer, "finalize_state"):
            layer.finalize_state()
