"""What a callback needs so that both Kerases take it."""

from __future__ import annotations

import copy
from typing import Any, ClassVar

from tfticket import _keras

__all__ = ["Callback", "supermask_layers"]


class Callback:
    """A callback for `fit` in Keras 3 and tf_keras alike.

    Both call the methods below and ask for no base class. That of either Keras would only serve
    that Keras, and which one a callback will meet is known when `fit` hands it the model.

    What a callback has found belongs to the model it was found in: in a `fit` of another model it
    begins afresh; in a further `fit` of the same one, compiled anew or not, it goes on. A deep copy
    has the settings and what was found so far, and no model yet.

    Attributes:
        model: the model that `fit` runs on.
        params: what `fit` tells: `epochs`, and `steps` per epoch, `None` if unknown.
    """

    model: Any = None
    params: dict[str, Any]
    #: tf_keras: logs may be tensors; without this it waits for them after every batch.
    _supports_tf_logs = True

    #: The attributes that hold parts of a model, which a deep copy of the callback goes without.
    _of_model: ClassVar[tuple[str, ...]] = ()
    _last_trained: Any = None

    def _begin_afresh_if_new(self) -> None:
        """Forgets what was found in another model; called when training begins."""
        if self._last_trained is not self.model:
            self._forget()
            self._last_trained = self.model

    def _forget(self) -> None:
        """Sets what was found back to what it was before the first `fit`."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        copied = object.__new__(type(self))
        memo[id(self)] = copied
        left_out = {"model", "_last_trained", *self._of_model}
        for name, value in vars(self).items():
            vars(copied)[name] = None if name in left_out else copy.deepcopy(value, memo)
        return copied

    def set_model(self, model: Any) -> None:
        """Called by `fit` before anything else.

        Raises:
            RuntimeError: if Keras 3 runs on a backend other than TensorFlow.
        """
        _keras.flavour(model)
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


def supermask_layers(model: Any, attribute: str, wanted: str) -> list[Any]:
    """Finds the supermask layers in which something can be moved while `fit` runs.

    Args:
        model: to look through.
        attribute: what such a layer has that is not `None`.
        wanted: what the message says of them.

    Raises:
        ValueError: if there is none.
    """
    found = [
        layer for _, layer, _ in _keras.walk(model) if getattr(layer, attribute, None) is not None
    ]
    if not found:
        raise ValueError(
            f"`model` must have supermask layers {wanted}; it has none."
            f" Received: model={model.name!r}"
        )
    return found
