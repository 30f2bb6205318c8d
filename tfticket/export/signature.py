"""What goes into a model and what comes out, under names that a file can carry."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfticket import _keras

__all__ = ["Signature", "output_names", "reference", "signature", "tables", "variables"]

# Names that Keras counts up itself, so that they differ from one session to the next.
_AUTOMATIC = re.compile(r"(keras_tensor|input|input_layer)(_\d+)?")
REFERENCE_BATCH = 64


@dataclass(frozen=True)
class Signature:
    """The flat inputs of a model.

    Args:
        names: of the inputs, in flat order.
        specs: their `tf.TensorSpec`s, under the same names; the batch dimension is dynamic
            unless the model fixes it.
        structure: how the model takes them: one, a list, a dict, …
    """

    names: tuple[str, ...]
    specs: tuple[Any, ...]
    structure: Any

    @property
    def fixed_batch_size(self) -> int | None:
        """The batch size the model insists on, if any."""
        return self.specs[0].shape[0]

    def pack(self, tensors: Any) -> Any:
        """Gives flat inputs the form the model takes."""
        import tensorflow as tf

        return tf.nest.pack_sequence_as(self.structure, list(tensors))

    def take(self, inputs: Any, num_samples: int | None) -> dict[str, np.ndarray]:
        """Takes the first examples of given inputs, or all, by name, in the types of the model.

        Raises:
            ValueError: if `inputs` do not have the form or shapes of the model's inputs.
        """
        import tensorflow as tf

        forms = (self.structure, inputs)
        keys = [sorted(form) if isinstance(form, Mapping) else None for form in forms]
        flat = [np.asarray(array)[:num_samples] for array in tf.nest.flatten(inputs)]
        self._require_fit(flat, has_keys=keys[0] == keys[1])
        types = [spec.dtype.as_numpy_dtype for spec in self.specs]
        cast = [array.astype(t) for array, t in zip(flat, types, strict=True)]
        return dict(zip(self.names, cast, strict=True))

    def sample(self, num_samples: int, seed: int) -> dict[str, np.ndarray]:
        """Draws inputs: standard normal, or 0 and 1 where the model takes integers.

        Raises:
            ValueError: if the shape of an input is open or it takes no numbers.
        """
        generator = np.random.default_rng(seed)
        return {
            name: _draw(generator, spec, num_samples)
            for name, spec in zip(self.names, self.specs, strict=True)
        }

    def _require_fit(self, flat: list[np.ndarray], has_keys: bool) -> None:
        shapes = [tuple(array.shape) for array in flat]
        wanted = [tuple(spec.shape) for spec in self.specs]
        lengths = {shape[0] if shape else 0 for shape in shapes}
        fits = len(shapes) == len(wanted) and all(
            spec.shape[1:].is_compatible_with(shape[1:])
            for spec, shape in zip(self.specs, shapes, strict=True)
        )
        if not (has_keys and fits and len(lengths) == 1 and min(lengths) > 0):
            raise ValueError(
                f"`inputs` must be at least one example for each of the model's inputs"
                f" {dict(zip(self.names, wanted, strict=True))}. Received: shapes={shapes}"
            )


def signature(model: Any, inputs: Any = None) -> Signature:
    """Describes a model's inputs.

    Args:
        model: a built model of either Keras.
        inputs: example inputs, `[examples, ...]`; needed for subclassed models only, which do
            not say what they take.

    Raises:
        ValueError: if a subclassed model comes without `inputs`.
    """
    import tensorflow as tf

    structure = _structure(model)
    if structure is None:
        if inputs is None:
            raise ValueError(
                "`inputs` must be given: a subclassed model does not say what it takes."
                f" Received: inputs=None, model={model.name!r}"
            )
        structure = tf.nest.map_structure(_spec_like, inputs)
    flat = tf.nest.flatten(structure)
    names = _names([getattr(tensor, "name", "") or "" for tensor in flat])
    specs = [tf.TensorSpec(t.shape, t.dtype, name) for t, name in zip(flat, names, strict=True)]
    return Signature(tuple(names), tuple(specs), structure)


def reference(
    model: Any, given: Signature, inputs: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Computes a model's outputs with Keras itself, by the names of `output_names`.

    Args:
        model: of either Keras; nothing in it changes.
        given: its signature.
        inputs: by name, `[examples, ...]`.
    """
    import tensorflow as tf

    size = given.fixed_batch_size or REFERENCE_BATCH
    flat = [inputs[name] for name in given.names]
    num_examples = len(flat[0])
    batches = []
    for start in range(0, num_examples, size):
        rows = np.arange(start, start + size) % num_examples
        rows = rows if given.fixed_batch_size else rows[: num_examples - start]
        called = model(given.pack(tf.constant(array[rows]) for array in flat), training=False)
        batches.append([np.asarray(tensor) for tensor in tf.nest.flatten(called)])
    joined = [np.concatenate(parts)[:num_examples] for parts in zip(*batches, strict=True)]
    return dict(zip(output_names(model, len(joined)), joined, strict=True))


def output_names(model: Any, num_outputs: int) -> list[str]:
    """Names a model's outputs: `output_0`, or after its layers where it has several.

    Args:
        model: of either Keras.
        num_outputs: how many it has.
    """
    known = getattr(model, "output_names", None) or []
    if num_outputs == 1 or len(known) != num_outputs:
        return [f"output_{i}" for i in range(num_outputs)]
    return _names(list(known), prefix="output")


def _structure(model: Any) -> Any:
    try:
        return model.input
    except AttributeError:  # a subclassed model, or a Sequential one of Keras 3
        found = getattr(model, "inputs", None)
        return found[0] if found and len(found) == 1 else found


def _spec_like(example: Any) -> Any:
    import tensorflow as tf

    array = np.asarray(example)
    kind = np.dtype(np.float32) if array.dtype.kind == "f" else array.dtype
    return tf.TensorSpec((None, *array.shape[1:]), kind)


def _names(wanted: list[str], prefix: str = "input") -> list[str]:
    names: list[str] = []
    for number, name in enumerate(wanted):
        clean = re.sub(r"\W", "_", name.partition(":")[0])
        if not clean or _AUTOMATIC.fullmatch(clean) or clean in names:
            clean = f"{prefix}_{number}"
        names.append(clean)
    return names


def _draw(generator: np.random.Generator, spec: Any, num_samples: int) -> np.ndarray:
    shape, kind = list(spec.shape)[1:], spec.dtype
    if None in shape or not (kind.is_floating or kind.is_integer or kind.is_bool):
        raise ValueError(
            "`inputs` must be given: examples of an open shape or of a type other than numbers"
            f" cannot be drawn. Received: inputs=None, {spec.name}={tuple(spec.shape)} {kind.name}"
        )
    size = (num_samples, *shape)
    drawn = generator.normal(size=size) if kind.is_floating else generator.integers(0, 2, size)
    return drawn.astype(kind.as_numpy_dtype)


def variables(model: Any) -> list[Any]:
    """Returns the `tf.Variable`s behind a model's variables."""
    return [_keras.native(variable) for variable in _keras.variables(model)]


def tables(model: Any) -> list[Any]:
    """Returns the tables that a model's layers look things up in: a SavedModel must know of them.

    Args:
        model: of either Keras.
    """
    import tensorflow as tf

    kind: Any = tf.saved_model.experimental.TrackableResource
    held = [v for _, layer, _ in _keras.walk(model) for v in vars(layer).values()]
    return [value for value in held if isinstance(value, kind)]
