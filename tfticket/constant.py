"""Arrays that nobody can write to: they are held as they are, and others are copied."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["constant"]

#: What NumPy's arrays of TensorFlow's numbers stand on; an operation that would change them while
#: somebody looks makes others, with and without XLA.
_OF_TENSORFLOW = "tensorflow_wrapper"


def constant(array: Any) -> np.ndarray:
    """Returns an array that stays as it is: the very one if nobody can write to it, else a copy.

    What looks at the memory of a TensorFlow variable, as `np.asarray` of its value does, stays too:
    TensorFlow gives the variable other memory at its next update.

    Args:
        array: of any type and shape, or what can be made one.

    Returns:
        A read-only array.
    """
    array = np.asarray(array)
    if not _stays(array):
        array = np.array(array)
        array.setflags(write=False)
    return array


def _stays(array: np.ndarray) -> bool:
    if array.flags.writeable:
        return False
    below = array.base
    if isinstance(below, memoryview):
        own = getattr(below.obj, "base", None)
        return below.readonly and type(own).__name__ == _OF_TENSORFLOW
    return below is None or (isinstance(below, np.ndarray) and _stays(below))
