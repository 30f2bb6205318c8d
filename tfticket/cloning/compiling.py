"""Compiles a copy of a model as the model is; losses of the user's own are handed on."""

from __future__ import annotations

from typing import Any

from tfticket import _keras, _optimizers, _weight_decay
from tfticket._lazy import tf
from tfticket.cloning.remaking import from_configuration

__all__ = ["compile_like"]


def compile_like(made: Any, model: Any) -> None:
    """Compiles one model like another, with an optimizer and metrics of its own.

    What is excluded from weight decay is excluded by the new optimizer too, by name or by path.

    Args:
        made: the model to compile.
        model: a compiled one of the same Keras.
    """
    kind = _keras.module(model).metrics.Metric

    def own(value: Any) -> Any:
        return from_configuration(value) if isinstance(value, kind) else value

    asked = dict(model._compile_config.config)
    for name in ("metrics", "weighted_metrics"):
        if asked.get(name) is not None:
            asked[name] = tf.nest.map_structure(own, asked[name])
    made.compile(**{**asked, "optimizer": _optimizers.anew(model.optimizer)})
    _weight_decay.carry(model, made)
