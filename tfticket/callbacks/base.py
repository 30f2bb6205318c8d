"""What a callback needs so that both Kerases take it."""

from __future__ import annotations

from typing import Any

__all__ = ["Callback"]


class Callback:
    """A callback for `fit` in Keras 3 and tf_keras alike.

    Both call the methods below and ask for no base class. That of either Keras would only serve
    that Keras, and which one a callback will meet is known when `fit` hands it the model.

    Attributes:
        model: the model that `fit` runs on.
        params: what `fit` tells: `epochs`, and `steps` per epoch, `None` if unknown.
    """

    model: Any = None
    params: dict[str, Any]
    #: tf_keras: logs may be tensors; without this it waits for them after every batch.
    _supports_tf_logs = True

    def set_model(self, model: Any) -> None:
        """Called by `fit` before anything else."""
        self.model = model

    def set_params(self, params: dict[str, Any]) -> None:
        """Called by `fit` with what it knows in advance."""
        self.params = params

    def on_train_begin(self, logs: Any = None) -> None:
        """Called before the first epoch."""

    def on_train_end(self, logs: Any = None) -> None:
        """Called after the last epoch."""

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Called before each epoch, counted from 0."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Called after each epoch, and after its validation."""

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Called before each execution of `steps_per_execution` batches."""

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Called after each execution of `steps_per_execution` batches."""

    def _nothing(self, *args: Any, **options: Any) -> None:
        """Stands for every event that no callback of ours waits for."""

    on_batch_begin = on_batch_end = _nothing
    on_test_begin = on_test_end = on_test_batch_begin = on_test_batch_end = _nothing
    on_predict_begin = on_predict_end = on_predict_batch_begin = on_predict_batch_end = _nothing

    def _implements_train_batch_hooks(self) -> bool:  # asked by tf_keras, to skip idle hooks
        mine = type(self)
        return (
            mine.on_train_batch_begin is not Callback.on_train_batch_begin
            or mine.on_train_batch_end is not Callback.on_train_batch_end
        )

    def _implements_test_batch_hooks(self) -> bool:
        return False

    def _implements_predict_batch_hooks(self) -> bool:
        return False
