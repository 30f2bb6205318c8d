"""Carries weights and optimizer state over to the smaller model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tfticket import _keras, _optimizers
from tfticket.cloning import compile_like
from tfticket.errors import MismatchError
from tfticket.slimming.removal import Removal
from tfticket.weights import fits

__all__ = ["carry_optimizer", "carry_weights", "counterparts", "rescaled", "sliced"]


def sliced(removal: Removal, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns what stays of arrays that have the shapes of the weights.

    Args:
        removal: what stays.
        arrays: by weight path.
    """
    return {p: a[np.ix_(*removal.slices(p, a.shape))] if a.ndim else a for p, a in arrays.items()}


def rescaled(
    removal: Removal, weights: Mapping[str, np.ndarray], power: int = 1
) -> dict[str, np.ndarray]:
    """Returns the weights with scales that make up for channels which a mean square has lost.

    Args:
        removal: what stays.
        weights: by path; masks are left as they are.
        power: -1 for the way back.
    """
    factors = removal.factors()
    return {
        p: w * factors[p] ** power if p in factors and w.dtype != np.bool_ else w
        for p, w in weights.items()
    }


def folded(removal: Removal, weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns the weights with the constants of removed channels added to biases.

    Args:
        removal: what stays.
        weights: every variable by path, in the old shapes.

    Returns:
        The same, and biases of 0 and more where there were none; also in the old shapes.
    """
    found = rescaled(removal, weights)
    for use in removal.uses:
        fold = use.fold
        if fold is None or not (extra := removal.folded(use)).any():
            continue
        if fold.is_new:
            removal.record.mark(fold.path, -1, use.outputs, "along")
            found.setdefault(fold.path, np.zeros(use.outputs.size, found[use.path].dtype))
        bias = np.array(found[fold.path])
        part = bias if fold.row is None else bias[fold.row]
        part += extra.reshape(part.shape).astype(bias.dtype)
        found[fold.path] = bias
    return found


def unfolded(removal: Removal, masks: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns the masks with those biases kept that took up a constant.

    Args:
        removal: what stays.
        masks: by path, in the old shapes.
    """
    found = dict(masks)
    for use in removal.uses:
        if use.fold is not None and use.fold.path in found and removal.folded(use).any():
            found[use.fold.path] = np.ones_like(found[use.fold.path])
    return found


def counterparts(
    model: Any, made: Any, pairs: Sequence[tuple[Any, Any]]
) -> dict[str, tuple[str, Any]]:
    """Pairs the variables of a model with those of the one that was built after it.

    Args:
        model: the old one.
        made: the new one, which may have more biases.
        pairs: each layer of the old one with the one that was made of it.

    Returns:
        `{path in the old model: (path in the new model, variable)}`; new biases have the path
        that they would have had.

    Raises:
        MismatchError: if a layer has become one with other layers inside, or was not made at all.
    """
    partners: dict[int, int] = {}
    for pair in pairs:
        partners.update(_partners(*pair))
    new = {id(layer): (path, own) for path, layer, own in _keras.walk(made)}
    found = {}
    for path, layer, own in _keras.walk(model):
        if id(layer) not in partners:
            _require_nothing(path, own)
            continue
        new_path, others = new[partners[id(layer)]]
        names = [n for n, _ in own]
        if len(own) == len(others):  # Keras 3 numbers what a layer leaves unnamed
            matched = zip(names, others, strict=True)
        else:
            matched = ((n, (n, v)) for n, v in others)
        for name, (new_name, variable) in matched:
            found[_keras.path_below(path, name)] = (_keras.path_below(new_path, new_name), variable)
    return found


def _partners(layer: Any, made: Any) -> dict[int, int]:
    """Pairs a layer, and those inside it, with the ones that were made of them, by their ids."""
    old, new = ([one for _, one, _ in _keras.walk(each)] for each in (layer, made))
    if [type(one) for one in old] != [type(one) for one in new]:
        raise MismatchError(
            f"`model` must have layers that their configuration makes as they are: {layer.name!r}"
            f" is made with other layers inside. Received: {[one.name for one in old]}, made"
            f" {[one.name for one in new]}"
        )
    return {id(one): id(other) for one, other in zip(old, new, strict=True)}


def _require_nothing(path: str, own: Sequence[Any]) -> None:
    if own:
        raise MismatchError(
            "`model` must have its weights in layers that stand between its inputs and outputs:"
            f" those of {path or 'the model itself'!r} do not, and no smaller model would have them"
        )


def carry_weights(
    removal: Removal, weights: Mapping[str, np.ndarray], targets: Mapping[str, tuple[str, Any]]
) -> None:
    """Writes what stays of the weights into the new model.

    Args:
        removal: what stays.
        weights: every variable of the old model by path, masked entries 0.
        targets: the variables of the new one, as `counterparts` finds them.

    Raises:
        MismatchError: if a shape or path is not as expected; nothing is written then.
    """
    values = sliced(removal, folded(removal, weights))
    wrong = {
        p: (None if p not in values else values[p].shape, tuple(v.shape))
        for p, (_, v) in targets.items()
        if p not in values or not fits(values[p], v)
    }
    if wrong or set(values) - set(targets):
        raise MismatchError(
            "the smaller model does not fit what stays of the weights, which is an error of"
            f" tfticket. Of these the shapes differ: {wrong}; these are too many:"
            f" {sorted(set(values) - set(targets))}"
        )
    for path, (_, variable) in targets.items():
        _keras.assign(variable, values[path])


def carry_optimizer(
    removal: Removal, model: Any, made: Any, targets: Mapping[str, tuple[str, Any]]
) -> None:
    """Compiles the new model like the old one and writes what stays of the optimizer's state.

    Args:
        removal: what stays.
        model: the old model, compiled.
        made: the new one, with its weights.
        targets: the variables of the new one, as `counterparts` finds them.

    Raises:
        ValueError: if the old model is not compiled, or its optimizer keeps something else than
            numbers and arrays of the shapes of the weights.
    """
    old = getattr(model, "optimizer", None)
    if old is None:
        raise ValueError(
            "`model` must be compiled, for its optimizer's state to be carried along. Received:"
            f" model={model.name!r} without optimizer"
        )
    compile_like(made, model)
    new = made.optimizer
    for optimizer, variables in ((old, model), (new, made)):
        _optimizers.build(optimizer, variables.trainable_variables)
    seen_old, seen_new = set(), set()
    for path, variable in _variables(model).items():
        target = targets[path][1]
        pairs = zip(_optimizers.slots(old, variable), _optimizers.slots(new, target), strict=True)
        for before, after in pairs:
            value = sliced(removal, {path: _keras.to_numpy(before.variable)})[path]
            _keras.assign(after.variable, value)
            seen_old.add(id(before.variable))
            seen_new.add(id(after.variable))
    for path, (_, target) in targets.items():
        if path not in _variables(model):  # a bias that was added starts afresh
            seen_new |= {id(s.variable) for s in _optimizers.slots(new, target)}
    _carry_numbers(old, new, seen_old, seen_new)


def _carry_numbers(old: Any, new: Any, seen_old: set[int], seen_new: set[int]) -> None:
    """Copies what belongs to no weight: the step, the learning rate, loss scales."""
    rest = [
        [v for v in _optimizers.state(optimizer).values() if id(v) not in seen]
        for optimizer, seen in ((old, seen_old), (new, seen_new))
    ]
    shapes = [[tuple(v.shape) for v in some] for some in rest]
    if shapes[0] != shapes[1] or any(shapes[0]):
        raise ValueError(
            "`model` must have an optimizer that keeps numbers and arrays of the shapes of the"
            f" weights. Received: optimizer={type(old).__name__} with others of shapes {shapes[0]}"
        )
    for before, after in zip(*rest, strict=True):
        _keras.assign(after, _keras.to_numpy(before))


def _variables(model: Any) -> dict[str, Any]:
    return {_keras.path_below(p, n): v for p, _, own in _keras.walk(model) for n, v in own}
