"""What a model takes as input, and how to call it so that nothing in it is random."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from tfticket._lazy import tf

__all__ = ["evaluation", "input_specs"]


def evaluation(model: Any) -> Callable[[Any], Any]:
    """Returns the model as a function of its inputs in evaluation mode: no dropout, no updates.

    Args:
        model: a built model of either Keras.
    """
    takes = inspect.signature(model.call).parameters.values()
    takes_training = any(p.name == "training" or p.kind is p.VAR_KEYWORD for p in takes)
    return (lambda inputs: model(inputs, training=False)) if takes_training else model


def input_specs(model: Any, batch: Any = None) -> Any:
    """Returns the shapes and types of one example, in the structure the model is called with.

    Args:
        model: a built model of either Keras.
        batch: `(inputs, targets)` to learn a size from that the model leaves open, as a
            subclassed model may do with all.

    Returns:
        A structure of `tf.TensorSpec`s, `[1, …]` unless the model states another batch size.

    Raises:
        ValueError: if neither the model nor the batch tells a size.
    """
    given = None if batch is None else batch[0]
    declared = _declared(model)
    if declared is None and given is not None:
        declared = tf.nest.map_structure(
            lambda a: tf.TensorSpec([None, *a.shape[1:]], a.dtype), given
        )
    if declared is None:
        raise ValueError(
            "`evidence` must have a batch: this model does not say what it takes, and the shape is"
            f" read off the batch then. Received: batch=None, model={model!r}"
        )
    seen = tf.nest.flatten(given)
    known = tf.nest.flatten(declared)
    seen = seen if len(seen) == len(known) else [None] * len(known)
    specs = [_one_example(k, s) for k, s in zip(known, seen, strict=True)]
    return tf.nest.pack_sequence_as(declared, specs)


def _declared(model: Any) -> Any:
    """Asks the model: for its symbolic inputs, the call it remembers, how it was built."""
    try:
        return tf.nest.map_structure(lambda k: tf.TensorSpec(k.shape, k.dtype), model.input)
    except (AttributeError, ValueError):
        pass  # what a subclassed model answers
    remembered = model.save_spec() if hasattr(model, "save_spec") else None
    if remembered is not None:
        return remembered[0][0]
    shape = (model.get_build_config() or {}).get("input_shape")
    plain = shape is not None and all(n is None or isinstance(n, int) for n in shape)
    return tf.TensorSpec([None, *(shape or ())[1:]], model.compute_dtype) if plain else None


def _one_example(spec: tf.TensorSpec, seen: Any) -> tf.TensorSpec:
    """Completes the shape of one input, by that of a batch where the model leaves it open."""
    sizes = spec.shape.as_list()
    if seen is not None and len(seen.shape) == len(sizes):
        sizes[1:] = [s if k is None else k for k, s in zip(sizes[1:], seen.shape[1:], strict=True)]
    sizes[:1] = [sizes[0] or 1] if sizes else []
    if None in sizes:
        raise ValueError(
            "`evidence` must have a batch: the model leaves the size of its input open, and it is"
            f" read off the batch then. Received: batch=None, shape={spec.shape}"
        )
    return tf.TensorSpec(sizes, spec.dtype)
