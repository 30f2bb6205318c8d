"""Several inputs or targets: arrays in dicts and tuples, as Keras takes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

__all__ = ["as_structure", "leaves", "mapped"]


def mapped(function: Callable[[Any], Any], structure: Any) -> Any:
    """Returns a structure of what a function makes of each array.

    >>> mapped(len, {"image": [1, 2], "tags": ([3], [4, 5, 6])})
    {'image': 2, 'tags': (1, 3)}

    Args:
        function: of one array.
        structure: an array, or a dict or tuple of structures.
    """
    if isinstance(structure, Mapping):
        return {name: mapped(function, part) for name, part in structure.items()}
    if isinstance(structure, tuple):
        return tuple(mapped(function, part) for part in structure)
    return function(structure)


def leaves(structure: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yields every array with its place in the structure.

    >>> dict(leaves({"image": 1, "tags": (2, 3)}, "x"))
    {'x/image': 1, 'x/tags/0': 2, 'x/tags/1': 3}

    Args:
        structure: an array, or a dict or tuple of structures.
        name: of the structure.
    """
    if isinstance(structure, (Mapping, tuple)):
        is_named = isinstance(structure, Mapping)
        parts = structure.items() if is_named else enumerate(structure)  # type: ignore[union-attr]
        for key, part in parts:
            yield from leaves(part, f"{name}/{key}" if name else str(key))
    else:
        yield name, structure


def as_structure(given: Any) -> Any:
    """Makes a structure of what callers have: a list of arrays is a tuple, one of numbers an array.

    >>> as_structure([[1, 2], [3, 4]]).shape, len(as_structure([np.ones(2), np.ones(2)]))
    ((2, 2), 2)

    Args:
        given: an array or what can be one, or a dict, tuple or list of such.

    Raises:
        ValueError: if a list is no array, because its rows are of different lengths.
    """
    if isinstance(given, Mapping):
        return {name: as_structure(part) for name, part in given.items()}
    if isinstance(given, (tuple, list)) and any(np.ndim(getattr(p, "shape", 0)) for p in given):
        return tuple(as_structure(part) for part in given)
    try:
        return np.asarray(given)
    except ValueError as error:  # rows of different lengths
        raise ValueError(
            "inputs, targets and weights must be arrays, with examples of one shape: pad them, or"
            f" give batches of a pipeline, each of one shape. Received: {type(given).__name__} of"
            f" {len(given)} that differ: {error}"
        ) from None
