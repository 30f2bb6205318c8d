"""Which variables the weight decay of an optimizer acts on.

Keras writes down of an optimizer everything but this, and forgets what was excluded before when
something else is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfticket import _keras
from tfticket._optimizers import members

__all__ = ["carry", "configured", "decays", "exclude"]


def exclude(optimizer: Any, variables: Sequence[Any]) -> None:
    """Turns an optimizer's own weight decay off for some variables, besides those it is off for.

    Args:
        optimizer: of either Keras, before its first step; one without weight decay stays as it is.
        variables: that it will train.
    """
    for member in members(optimizer):
        if getattr(member, "weight_decay", None):
            keys, names = _excluded(member)
            member.exclude_from_weight_decay(var_list=list(variables), var_names=names)
            held = member._exclude_from_weight_decay  # a set in Keras 3, a list in tf_keras
            whole = {*held, *keys}
            member._exclude_from_weight_decay = whole if isinstance(held, set) else list(whole)


def decays(optimizer: Any, variable: Any) -> bool:
    """Tells whether an optimizer's own weight decay acts on a variable.

    Args:
        optimizer: of either Keras.
        variable: that it trains.
    """
    own = [m for m in members(optimizer) if getattr(m, "weight_decay", None)]
    return any(m._use_weight_decay(variable) for m in own)


def carry(model: Any, made: Any) -> None:
    """Excludes from weight decay what is excluded in another model: by name, and by path.

    Args:
        model: a compiled model of either Keras.
        made: compiled like it, not yet trained.
    """
    for old, new in zip(members(model.optimizer), members(made.optimizer), strict=True):
        keys, names = _excluded(old)
        if not (keys or names):
            continue
        here, there = _by_path(model), _by_path(made)
        same = [there[p] for p, v in here.items() if p in there and old._var_key(v) in keys]
        new.exclude_from_weight_decay(var_list=same, var_names=names)


def configured(model: Any) -> dict[str, Any]:
    """Returns the configuration of a model's optimizer, with the paths that it does not decay.

    Args:
        model: a compiled model of either Keras.
    """
    config = dict(model.optimizer.get_config())
    excluding = [m for m in members(model.optimizer) if any(_excluded(m))]
    paths = [
        path
        for path, variable in (_by_path(model).items() if excluding else ())
        if not all(m._use_weight_decay(variable) for m in excluding)
    ]
    return {**config, "excluded_from_weight_decay": paths} if paths else config


def _by_path(model: Any) -> dict[str, Any]:
    walked = _keras.walk(model)
    return {_keras.path_below(path, name): v for path, _, own in walked for name, v in own}


def _excluded(optimizer: Any) -> tuple[set[Any], list[str]]:
    """What an optimizer does not decay: keys of variables, and patterns of names."""
    keys = getattr(optimizer, "_exclude_from_weight_decay", None) or ()
    pattern = getattr(optimizer, "_exclude_from_weight_decay_pattern", None)
    names = getattr(optimizer, "_exclude_from_weight_decay_names", None) or ()
    return set(keys), list(names) if pattern is None else [pattern.pattern]
