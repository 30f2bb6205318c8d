"""Whether a function treats every value by itself: shown by the operations it is made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

__all__ = ["is_elementwise", "is_plain_activation", "operations_of"]

#: Activations of either Keras that need no proof.
_ACTIVATIONS = frozenset(
    """celu elu exponential gelu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu
    linear log_sigmoid mish relu relu6 selu sigmoid silu soft_shrink softplus softsign
    sparse_plus sparse_sigmoid squareplus swish tanh tanh_shrink threshold""".split()  # noqa: SIM905
)
_OPERATIONS = frozenset(
    """Abs AddV2 AddN Atan Cast Ceil ClipByValue Const Cos Cosh Div DivNoNan Elu Equal Erf Erfc Exp
    Expm1 Floor Greater GreaterEqual Identity IdentityN Inv LeakyRelu Less LessEqual Log Log1p
    LogicalAnd LogicalNot LogicalOr Maximum Minimum Mul MulNoNan Neg NoOp NotEqual OnesLike
    Placeholder Pow RealDiv Reciprocal Relu Relu6 Rint Round Rsqrt Select SelectV2 Selu Sigmoid
    Sign Sin Sinh Softplus Softsign Sqrt Square SquaredDifference StopGradient Sub Tan Tanh
    ZerosLike""".split()  # noqa: SIM905
)


def is_plain_activation(function: Callable) -> bool:
    """Tells whether a `function` is one of Keras' own elementwise activations."""
    home = getattr(function, "__module__", "") or ""
    name = getattr(function, "__name__", "")
    return home.startswith(("keras.src.", "tf_keras.src.")) and name in _ACTIVATIONS


def is_elementwise(
    function: Callable, shapes: Sequence[tuple[int | None, ...]], dtype: Any = tf.float32
) -> bool:
    """Shows that a function of tensors works on each value by itself, up to broadcasting.

    It is traced; every operation must be on a list of elementwise ones and every constant a single
    number. It is traced again with one more channel, and must come out the same: numbers that were
    computed from the shape would differ.

    Args:
        function: of as many tensors as there are shapes.
        shapes: with the batch first.
        dtype: of the tensors.

    Returns:
        Whether that could be shown.
    """
    longest = max((s[-1] or 1 for s in shapes), default=1)
    fixed = (None,) if longest == 1 else (None, 1)  # what is broadcast stays so
    wider = [(*s[:-1], s[-1] if s[-1] in fixed else longest + 1) for s in shapes]
    descriptions = [_described(function, some, dtype) for some in (shapes, wider)]
    return descriptions[0] is not None and descriptions[0] == descriptions[1]


def operations_of(function: Callable, shapes: Sequence, dtype: Any = tf.float32) -> list | None:
    """Traces a function of tensors.

    Args:
        function: of as many tensors as there are shapes.
        shapes: with the batch first.
        dtype: of the tensors.

    Returns:
        The operations that it is made of; `None` if it cannot be traced.
    """
    specs = [tf.TensorSpec(s, dtype) for s in shapes]
    try:
        traced = tf.function(function, autograph=False).get_concrete_function(*specs)
    except Exception:  # what cannot even be traced is not shown to be anything
        return None
    return traced.graph.get_operations()


def _described(function: Callable, shapes: Sequence, dtype: Any) -> list | None:
    """Lists the operations of a function; `None` if one is not elementwise."""
    found, operations = [], operations_of(function, shapes, dtype)
    if operations is None:
        return None
    for operation in operations:
        if operation.type not in _OPERATIONS:
            return None
        value = _number(operation) if operation.type == "Const" else None
        if operation.type == "Const" and value is None:
            return None
        found.append((operation.type, value, [i.name for i in operation.inputs]))
    return found


def _number(operation: Any) -> float | None:
    array = tf.make_ndarray(operation.get_attr("value"))
    return float(np.ravel(array)[0]) if array.size == 1 and array.dtype.kind in "fiub" else None
