"""A split of tensorflow-datasets that lies in one TFRecord file, read many examples at a time.

`as_dataset` hands every single example from one thread to the next, which costs more than reading
it. Here records are parsed in batches, and decoded by the data set's own features.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from tfticket.errors import CorruptFileError

__all__ = ["read_whole_file"]

_BATCH = 1_024
#: What records hold as it is; other types are stored as one of these and cast.
_STORED = ("string", "int64", "float32")


def read_whole_file(info: Any, name: str, keys: tuple[str, str]) -> tuple[Any, ...] | None:
    """Reads a split, in the order and with the values of `as_dataset`.

    Args:
        info: a `tfds.core.DatasetInfo`.
        name: of the split.
        keys: of the features wanted.

    Returns:
        An array for each key; `None` if the split is in several files or another format, or a
        feature is more than one value in a record.

    Raises:
        CorruptFileError: if the file is damaged, or has not as many examples as it should.
    """
    import tensorflow as tf

    split = info.splits[name]
    if len(split.filepaths) != 1 or getattr(info.file_format, "value", "") != "tfrecord":
        return None
    stored = _stored(info, keys)
    if stored is None or not split.num_examples:
        return None

    @tf.autograph.experimental.do_not_convert
    def decoded(records: Any) -> tuple[Any, ...]:
        example = tf.io.parse_example(records, stored)
        return tuple(_decoded(info.features[key], example[key]) for key in keys)

    path = os.fspath(split.filepaths[0])
    records = tf.data.TFRecordDataset(path)
    counted = records.apply(tf.data.experimental.assert_cardinality(split.num_examples))
    batches: Any = counted.batch(_BATCH).map(decoded)
    try:
        return tuple(map(np.concatenate, zip(*batches.as_numpy_iterator(), strict=True)))
    except tf.errors.OpError as error:
        said = (error.message or str(error)).rpartition("}} ")[2].partition("\n")[0]
        raise CorruptFileError(
            f"{path} must hold the {split.num_examples} examples of {name!r}: {said} Prepare the"
            " data set again with tensorflow-datasets."
        ) from error


def _decoded(feature: Any, stored: Any) -> Any:
    import tensorflow as tf

    if stored.dtype != tf.string:
        return feature.decode_batch_example(stored)
    made = feature.get_tensor_info().tf_dtype  # what the feature itself asks for is deprecated
    return tf.map_fn(feature.decode_example, stored, fn_output_signature=made)


def _stored(info: Any, keys: tuple[str, str]) -> dict[str, Any] | None:
    """How records hold the features; `None` unless each is one value of one of the types."""
    import tensorflow as tf

    found = {key: info.features[key].get_serialized_info() for key in keys}
    if any(getattr(stored, "shape", None) != () for stored in found.values()):
        return None  # several in a mapping, or a sequence
    if not all(hasattr(info.features[key].get_tensor_info(), "tf_dtype") for key in keys):
        return None  # several are made of one
    types = {key: stored.tf_dtype for key, stored in found.items()}
    if any(kind.name not in _STORED for kind in types.values()):
        return None
    return {key: tf.io.FixedLenFeature((), kind) for key, kind in types.items()}
