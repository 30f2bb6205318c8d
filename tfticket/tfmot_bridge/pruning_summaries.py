"""PruningSummaries: what pruning does to a model, for TensorBoard."""

from __future__ import annotations

import importlib
import importlib.util
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tfticket import _keras, _optimizers, masks, weights
from tfticket.callbacks.base import Callback
from tfticket.enforcement import masks_in_force
from tfticket.layouts import Layout, layouts
from tfticket.masks import Masks

__all__ = ["PruningSummaries"]

_LONGEST = 256


class PruningSummaries(Callback):
    """Writes sparsities, thresholds, mask distances and mask images where TensorBoard finds them.

    It stands where tfmot's callback of this name stood and reads the masks in force, whichever
    callback enforces them. For every masked weight, and every time it writes:

    - `<path>/sparsity`, and `sparsity` of all together;
    - `<path>/threshold`: the smallest magnitude among the kept weights;
    - `<path>/mask_distance`: the fraction of the mask that differs from the one written before;
    - `<path>/mask`, an image of [inputs, outputs]: white is kept, grey where pixels are shared.

    These go to `log_dir/metrics` and need no library. Losses and metrics are written by Keras' own
    TensorBoard callback, if the `tensorboard` library is installed; it is needed to look at
    anything in any case.

    Args:
        log_dir: where to write.
        update_freq: `"epoch"`, `"batch"`, or every so many batches.
        images: whether to write images of the masks.
        **kwargs: settings of Keras' TensorBoard callback.

    Raises:
        ValueError: if `log_dir` or `update_freq` is none of these.
        ImportError: if there are `kwargs` and `tensorboard` is not installed.
    """

    _of_model = ("_theirs", "_writer")

    def __init__(self, log_dir: Any, update_freq: Any = "epoch", *, images: bool = True, **kwargs):
        if not isinstance(log_dir, (str, os.PathLike)) or not str(log_dir):
            raise ValueError(f"`log_dir` must be a non-empty string. Received: log_dir={log_dir!r}")
        every = {"epoch": 0, "batch": 1}.get(update_freq, update_freq)
        if not isinstance(every, int) or every < 0:
            raise ValueError(
                "`update_freq` must be 'epoch', 'batch' or a number of batches."
                f" Received: update_freq={update_freq!r}"
            )
        self._folder, self._every, self._images = Path(log_dir), every, images
        self._settings = {"log_dir": str(log_dir), "update_freq": update_freq, **kwargs}
        self._has_library = importlib.util.find_spec("tensorboard") is not None
        if kwargs and not self._has_library:
            raise ImportError(
                f"`tensorboard` is needed for {', '.join(kwargs)} and is not installed. Install it"
                " with: pip install tensorboard"
            )
        self._theirs: Any = None
        self._writer: Any = None
        self._before: Masks | None = None

    def set_model(self, model: Any) -> None:
        super().set_model(model)
        if self._has_library and self._theirs is None:
            keras: Any = _keras.module(model)
            self._theirs = keras.callbacks.TensorBoard(**self._settings)
        self._forward("set_model", model)

    def set_params(self, params: dict[str, Any]) -> None:
        super().set_params(params)
        self._forward("set_params", params)

    def _forget(self) -> None:
        self._before = None

    def on_train_begin(self, logs: Any = None) -> None:
        self._begin_afresh_if_new()
        self._batches = 0
        self._forward("on_train_begin", logs)

    def on_train_end(self, logs: Any = None) -> None:
        self._write()
        self._forward("on_train_end", logs)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._write()
        self._forward("on_epoch_begin", epoch, logs)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._forward("on_epoch_end", epoch, logs)

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self._forward("on_train_batch_begin", batch, logs)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._forward("on_train_batch_end", batch, logs)
        self._batches += 1
        if self._every and self._batches % self._every == 0:
            self._write()

    def on_test_begin(self, logs: Any = None) -> None:
        self._forward("on_test_begin", logs)

    def on_test_end(self, logs: Any = None) -> None:
        self._forward("on_test_end", logs)

    def _forward(self, event: str, *args: Any) -> None:
        if self._theirs is not None:
            getattr(self._theirs, event)(*args)

    def _write(self) -> None:
        import tensorflow as tf

        present = masks_in_force(self.model)
        if present is None or getattr(self.model, "optimizer", None) is None:
            return
        if self._writer is None:
            self._writer = tf.summary.create_file_writer(str(self._folder / "metrics"))
        step = _optimizers.steps_done(self.model.optimizer)
        values = weights.variables(self.model)
        with self._writer.as_default():
            for tag, value in _figures(present, self._before, values):
                tf.summary.write(tag, np.float32(value), step, _metadata("scalars"))
            if self._images:
                for path, picture in _pictures(self.model, present, self._before):
                    tf.summary.write(f"{path}/mask", picture, step, _metadata("images"))
        self._writer.flush()
        self._before = present


def _figures(
    present: Masks, before: Masks | None, values: Mapping[str, Any]
) -> Iterator[tuple[str, float]]:
    """Yields `(tag, value)` for every curve."""
    yield "sparsity", present.sparsity
    for path, kept in present.items():
        yield f"{path}/sparsity", 1 - np.count_nonzero(kept) / kept.size
        magnitudes = np.abs(_keras.to_numpy(values[path]).astype(np.float32))
        if kept.any():
            yield f"{path}/threshold", float(magnitudes[kept].min())
        if before is not None and path in before and before[path].shape == kept.shape:
            changed = masks.distance(Masks({path: before[path]}), Masks({path: kept}))
            yield f"{path}/mask_distance", changed


def _pictures(model: Any, present: Masks, before: Masks | None) -> Iterator[tuple[str, Any]]:
    """Yields `(path, what TensorBoard calls an image)` for every mask that is new."""
    axes = layouts(model, present)
    for path, kept in present.items():
        is_known = before is not None and path in before
        if is_known and np.array_equal(before[path], kept):  # type: ignore[index]
            continue
        picture = _shrunk(_flat(kept, axes.get(path)))
        yield path, _encoded(picture)


def _flat(kept: np.ndarray, layout: Layout | None) -> np.ndarray:
    """Lays a mask out as [positions · inputs, outputs]."""
    if kept.ndim < 2:
        return kept.reshape(1, -1)
    parts = (layout or Layout()).split(kept)
    return parts.reshape(-1, parts.shape[-1])


def _shrunk(kept: np.ndarray) -> np.ndarray:
    """Averages until no side is longer than can be looked at."""
    picture = kept.astype(np.float32)
    for axis in (0, 1):
        starts = np.arange(0, picture.shape[axis], -(-picture.shape[axis] // _LONGEST))
        sizes = np.diff(np.append(starts, picture.shape[axis]))
        summed = np.add.reduceat(picture, starts, axis=axis)
        picture = summed / sizes.reshape((-1, 1) if axis == 0 else (1, -1))
    return picture


def _encoded(picture: np.ndarray) -> Any:
    import tensorflow as tf

    height, width = picture.shape
    pixels = np.round(255 * picture).astype(np.uint8)[..., None]
    return tf.stack([str(width), str(height), tf.io.encode_png(pixels)])


def _metadata(plugin: str) -> Any:
    # What tf.summary.scalar and .image would say, which come from the tensorboard library.
    summary_pb2: Any = importlib.import_module("tensorflow.core.framework.summary_pb2")
    kinds = {
        "scalars": summary_pb2.DATA_CLASS_SCALAR,
        "images": summary_pb2.DATA_CLASS_BLOB_SEQUENCE,
    }
    data = summary_pb2.SummaryMetadata.PluginData(plugin_name=plugin)
    return summary_pb2.SummaryMetadata(plugin_data=data, data_class=kinds[plugin])
