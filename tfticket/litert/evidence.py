"""Whether a comparison can see anything: what proves nothing is refused, or said to prove little.

Of values that are not finite every file makes the same ones; of examples that are all alike, a file
that ignores its inputs passes.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tfticket.errors import ExportError

__all__ = ["require_finite", "require_seeing", "require_telling", "weaknesses"]

Arrays = Mapping[str, np.ndarray]
NOTE_ONE = (
    "compared on one example only: a file that ignores its inputs would pass. Give more of `inputs`"
)
NOTE_CONSTANT = (
    "compared on outputs that are the same for every example ({names}): a file that ignores its"
    " inputs would pass. Give `inputs` that the model tells apart"
)


def require_telling(inputs: Arrays, argument: str) -> None:
    """Makes sure that examples from a user can show a difference.

    Args:
        inputs: by name, `[examples, ...]`.
        argument: what the caller calls them.

    Raises:
        ValueError: if a number is not finite, if all examples are the same, or if the only one
            holds one number over and over.
    """
    strange = [name for name, array in inputs.items() if not _is_finite(array)]
    if strange:
        raise ValueError(
            f"`{argument}` must be finite: of NaN and infinity every file makes the same. Received:"
            f" {_spoilt(inputs[strange[0]])} in {strange[0]!r}"
        )
    if all(_is_repeated(array) for array in inputs.values()):
        count = len(next(iter(inputs.values())))
        alike = f"{count} examples that are all the same" if count > 1 else "one constant example"
        raise ValueError(
            f"`{argument}` must differ: on examples that are all alike a file that ignores its"
            f" inputs would pass. Received: {alike}"
        )


def require_finite(outputs: Arrays, argument: str) -> None:
    """Makes sure that outputs to compare with are numbers.

    Args:
        outputs: by name.
        argument: what the caller calls them.

    Raises:
        ValueError: if one is NaN, or all of one are infinite.
    """
    name = _unseeing(outputs)
    if name:
        raise ValueError(
            f"`{argument}` must be finite: NaN would pass for NaN. Received:"
            f" {_spoilt(outputs[name])} in {name!r}"
        )


def require_seeing(outputs: Arrays) -> None:
    """Makes sure that what Keras computes on the examples is fit to be compared with.

    Args:
        outputs: of the Keras model, by name.

    Raises:
        ExportError: if one is NaN, or all of one are infinite.
    """
    name = _unseeing(outputs)
    if name:
        raise ExportError(
            "the Keras model itself gives values that are not finite, of which every file makes the"
            f" same, nothing was written: {_spoilt(outputs[name])} in output {name!r}. Give"
            " `inputs` on which it is finite, or mend its weights"
        )


def weaknesses(outputs: Arrays) -> tuple[str, ...]:
    """Says what a comparison with these outputs would not see, in words for a report.

    Args:
        outputs: of the Keras model, by name, `[examples, ...]`.
    """
    if all(len(array) == 1 for array in outputs.values()):
        return (NOTE_ONE,)
    blind = sorted(name for name, array in outputs.items() if _is_same(array))
    return (NOTE_CONSTANT.format(names=", ".join(blind)),) if blind else ()


def _unseeing(outputs: Arrays) -> str:
    return next((name for name, array in outputs.items() if not _can_be_compared(array)), "")


def _can_be_compared(array: np.ndarray) -> bool:
    if array.dtype.kind not in "fc" or not array.size:
        return True
    return bool(np.isfinite(array).any()) and not np.isnan(array).any()


def _is_finite(array: np.ndarray) -> bool:
    return array.dtype.kind not in "fc" or bool(np.isfinite(array).all())


def _is_repeated(array: np.ndarray) -> bool:
    if len(array) > 1:
        return _is_same(array)
    return array.size > 1 and bool((array == array.flat[0]).all())


def _is_same(array: np.ndarray) -> bool:
    return bool((array == array[:1]).all())


def _spoilt(array: np.ndarray) -> str:
    number = array.size - int(np.isfinite(array).sum())
    return f"{number} of {array.size} values are not finite"
