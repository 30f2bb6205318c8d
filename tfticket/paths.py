"""Weight paths of two instances of one architecture, matched though Keras numbered them apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from tfticket.errors import MismatchError

__all__ = ["align", "is_random_state", "renumbered"]

#: What tf_keras calls a model without a name, by what Keras 3 calls it.
_OF_TF_KERAS = {"functional": "model"}


def align(paths: Iterable[str], targets: Iterable[str]) -> dict[str, str]:
    """Matches paths of one model instance to those of another of the same architecture.

    Keras numbers unnamed layers through the whole process, so the second instance of a model
    has `dense_3` where the first had `dense`. Paths that are not found as they are, are matched
    after renumbering every such series from its first member on; that needs the paths of all
    variables on both sides, because a part of a series does not tell which part it is. A model of
    the other Keras has other names for nested models, and only Keras 3 lists the states of random
    generators: they have no counterpart there.

    Args:
        paths: the paths to look up, in the order of their model.
        targets: the paths of the other model, in its order.

    Returns:
        `{path: target path}`, without the states of random generators where one side has none.

    Raises:
        MismatchError: if a path has no counterpart; the message names the paths on either side.
    """
    paths, targets = list(paths), list(targets)
    if set(paths) <= set(targets):
        return {p: p for p in paths}
    lasting = [[p for p in side if not is_random_state(p)] for side in (paths, targets)]
    for given, found in ((paths, targets), lasting):
        by_number = {number: target for target, number in renumbered(found).items()}
        numbers = renumbered(given)
        if len(given) == len(found) and set(by_number) == set(numbers.values()):
            return {p: by_number[number] for p, number in numbers.items()}
    missing = [p for p in paths if p not in targets]
    unused = [t for t in targets if t not in paths]
    raise MismatchError(
        f"the model has no weight for these paths: {missing}."
        f" It has these besides: {unused}. Was it built from the same architecture?"
    )


def is_random_state(path: str) -> bool:
    """Tells whether a path is of the state of a random generator, which only Keras 3 lists.

    Args:
        path: of any variable.
    """
    return path.rpartition("/")[2].startswith("seed_generator_state")


def renumbered(paths: Sequence[str]) -> dict[str, str]:
    """Maps each path to itself with auto-numbers restarted at 0 within every parent.

    >>> renumbered(["functional_3/dense_7/kernel", "functional_3/dense_9/kernel"])
    {'functional_3/dense_7/kernel': 'model:0/dense:0/kernel', ...'model:0/dense:1/kernel'}

    Args:
        paths: of all variables of a model, in its order.
    """
    numbers: dict[tuple[str, str], dict[str, int]] = {}
    result = {}
    for path in paths:
        prefix, parts = "", path.split("/")
        for part in parts[:-1]:
            base = re.sub(r"_\d+$", "", part)
            base = _OF_TF_KERAS.get(base, base)
            order = numbers.setdefault((prefix, base), {})
            prefix += f"{base}:{order.setdefault(part, len(order))}/"
        result[path] = prefix + parts[-1]
    return result
