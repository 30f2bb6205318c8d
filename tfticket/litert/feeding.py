"""What any file is fed with: shapes for what it leaves open, and numbers drawn from a seed.

Nothing but numpy is imported here: this runs in processes of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

__all__ = ["drawn", "fill", "resize"]


def resize(
    interpreter: Any, batch_size: int, input_shapes: Mapping[str, Sequence[int]]
) -> dict[int, tuple[int, ...]]:
    """Gives every input of a file a whole shape, and makes room for its tensors.

    Args:
        interpreter: of the file.
        batch_size: examples per call, where a file leaves its first axis open.
        input_shapes: by the name of an input, in its signature or its tensor; under the name "" for
            a file of one input.

    Returns:
        The shapes by number of the tensor.

    Raises:
        ValueError: if a shape is open and not given, or no input has a name that is given.
    """
    details = interpreter.get_input_details()
    called = _names(interpreter, details)
    wanted: dict[int, list[int]] = {}
    for name, shape in input_shapes.items():
        if name not in called and not (name == "" and len(details) == 1):
            raise ValueError(f"there is no input {name!r}: there are {sorted(called)}")
        wanted[called.get(name, int(details[0]["index"]))] = [int(n) for n in shape]
    for detail in details:
        shape = wanted.get(int(detail["index"])) or _default(detail, batch_size)
        if list(detail["shape"]) != shape:
            interpreter.resize_tensor_input(detail["index"], shape)
    interpreter.allocate_tensors()
    return {int(d["index"]): tuple(map(int, d["shape"])) for d in interpreter.get_input_details()}


def fill(interpreter: Any, seed: int) -> None:
    """Draws every input: normal numbers, pixels and the like over their whole range, small indices.

    Args:
        interpreter: with room for its tensors.
        seed: chooses the numbers.

    Raises:
        ValueError: for an input of another type.
    """
    generator = np.random.default_rng(seed)
    for detail in interpreter.get_input_details():
        kind, shape = np.dtype(detail["dtype"]), tuple(detail["shape"])
        if kind.kind not in "fbiu":
            raise ValueError(f"the input {detail['name']!r} is of type {kind}, which is not drawn")
        interpreter.set_tensor(detail["index"], drawn(generator, kind, shape))


def drawn(generator: np.random.Generator, kind: np.dtype[Any], shape: Sequence[int]) -> np.ndarray:
    """Draws one input: normal numbers, whole ranges of a byte, or 0 and 1.

    Args:
        generator: of the numbers.
        kind: floats, integers or truth values.
        shape: of the input.
    """
    if kind.kind == "f":
        found = generator.normal(size=shape)
    elif kind.kind == "b" or kind.itemsize > 1:
        found = generator.integers(0, 2, size=shape)  # indices that every table has
    else:
        found = generator.integers(np.iinfo(kind).min, np.iinfo(kind).max + 1, size=shape)
    return found.astype(kind)


def _names(interpreter: Any, details: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    found = {str(detail["name"]): int(detail["index"]) for detail in details}
    for key in interpreter.get_signature_list():
        inputs = interpreter.get_signature_runner(key).get_input_details()
        found |= {str(name): int(detail["index"]) for name, detail in inputs.items()}
    return found


def _default(detail: Mapping[str, Any], batch_size: int) -> list[int]:
    stated = [int(n) for n in detail.get("shape_signature", ())] or [
        int(n) for n in detail["shape"]
    ]
    shape = [batch_size if i == 0 and n < 0 else n for i, n in enumerate(stated)]
    if min(shape, default=1) < 1:
        raise ValueError(
            f"the input {detail['name']!r} leaves its shape open, {stated}: give one, such as"
            f" {','.join(str(n if n > 0 else 64) for n in shape)}"
        )
    return shape
