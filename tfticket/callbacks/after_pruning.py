"""AfterPruning: lets another callback judge epochs only once the pruning is done."""

from __future__ import annotations

from typing import Any, Protocol

from tfticket.callbacks.base import Callback

__all__ = ["AfterPruning"]


class _Pruning(Protocol):
    """A callback with masks that knows when they have come to their last."""

    @property
    def is_done(self) -> bool: ...


class AfterPruning(Callback):
    """Hands the ends of epochs to a callback from the one on at which pruning is done.

    `EarlyStopping`, `ModelCheckpoint(save_best_only=True)` and `ReduceLROnPlateau` compare epochs.
    The densest epochs are often the best ones, so that what they stop at, save or put back has not
    been pruned to the end. Inside this they see the epochs of the final sparsity only. Every other
    event is passed on as it comes.

    Args:
        callback: a callback of the Keras of the model.
        pruning: the `PruneOnSchedule`, `DynamicSparse` (done when its masks no longer move) or
            `UpdatePruningStep` of the same `fit`.

    Example:
        pruning = PruneOnSchedule(schedule)
        stop = keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)
        model.fit(x, y, validation_split=0.1, callbacks=[pruning, AfterPruning(stop, pruning)])
    """

    def __init__(self, callback: Any, pruning: _Pruning):
        if not hasattr(pruning, "is_done"):
            raise TypeError(
                "`pruning` must be the PruneOnSchedule, DynamicSparse or UpdatePruningStep of the"
                " same `fit`."
                f" Received: pruning={pruning!r}"
            )
        self.callback, self.pruning = callback, pruning
        self._supports_tf_logs = getattr(callback, "_supports_tf_logs", False)

    def set_model(self, model: Any) -> None:
        super().set_model(model)
        self.callback.set_model(model)

    def set_params(self, params: dict[str, Any]) -> None:
        super().set_params(params)
        self.callback.set_params(params)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self.pruning.is_done:
            self.callback.on_epoch_end(epoch, logs)

    def _implements_train_batch_hooks(self) -> bool:
        return self.callback._implements_train_batch_hooks()

    def _implements_test_batch_hooks(self) -> bool:
        return self.callback._implements_test_batch_hooks()

    def _implements_predict_batch_hooks(self) -> bool:
        return self.callback._implements_predict_batch_hooks()


def _passed_on(event: str) -> Any:
    def pass_on(self: AfterPruning, *args: Any, **options: Any) -> None:
        getattr(self.callback, event)(*args, **options)

    pass_on.__name__ = event
    pass_on.__doc__ = f"Passes `{event}` on."
    return pass_on


for _event in (
    *("on_train_begin", "on_train_end", "on_epoch_begin", "on_batch_begin", "on_batch_end"),
    *("on_train_batch_begin", "on_train_batch_end", "on_test_begin", "on_test_end"),
    *("on_test_batch_begin", "on_test_batch_end", "on_predict_begin", "on_predict_end"),
    *("on_predict_batch_begin", "on_predict_batch_end"),
):
    setattr(AfterPruning, _event, _passed_on(_event))
