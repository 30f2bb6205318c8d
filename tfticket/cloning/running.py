"""Makes sure that a copy of a model runs before anybody gets it."""

from __future__ import annotations

from typing import Any

from tfticket._lazy import tf
from tfticket.errors import MismatchError

__all__ = ["not_running", "require_running"]


def require_running(made: Any, model: Any) -> None:
    """Runs the code of every layer of a copy once, on symbolic inputs; no state changes.

    Building a model does not: Keras believes a layer that says what shape it returns.

    Args:
        made: the copy, built, functional or Sequential.
        model: what it is a copy of; where that does not run in a graph either, nothing is said.

    Raises:
        MismatchError: if the copy does not run and the model does.
    """
    try:
        _run(made)
    except Exception as error:
        try:
            _run(model)
        except Exception:
            return
        raise not_running(model, error) from error


def not_running(layer: Any, error: Exception) -> MismatchError:
    """Says that the copy of a layer, or of a model, does not run.

    Args:
        layer: what it is a copy of.
        error: what was raised.
    """
    said = " ".join(str(error).split())[:300]
    return MismatchError(
        f"the copy of {layer.name!r} does not run as it does: what was made from a configuration"
        f" lacks something. Received: {type(error).__name__}: {said}"
    )


def _run(model: Any) -> None:
    graph = getattr(model, "_functional", None) or model  # of a Sequential of Keras 3
    specs = tf.nest.map_structure(_spec, graph.input)
    function = tf.function(lambda inputs: model(inputs, training=False), autograph=False)
    function.get_concrete_function(specs)


def _spec(tensor: Any) -> Any:
    spec = getattr(tensor, "type_spec", None)  # of tf_keras: it may be sparse or ragged
    return tf.TensorSpec(tensor.shape, tensor.dtype) if spec is None else spec
