"""Models that carry what is to be pruned in them through files, clones and configurations."""

from __future__ import annotations

import base64
import copy
import inspect
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from tfticket import _keras, masks, schedules
from tfticket.callbacks import EnforceMasks, PruneOnSchedule
from tfticket.kinds import kind
from tfticket.tfmot_bridge.granularities import granularity_from_config
from tfticket.tfmot_bridge.pruning_marks import PruningMark, mark, marked_layers, planned
from tfticket.tfmot_bridge.update_pruning_step import PruningProgress, UpdatePruningStep

__all__ = ["PrunedModel", "classes", "plain_class", "to_plain", "to_pruned"]

_CLASSES: dict[type, type] = {}


class PrunedModel:
    """What is added to the class of a Sequential or functional model while it is being pruned.

    The model has the layers and weights it always had. Its configuration also says how each layer
    is to be pruned, which weights are masked and how many steps were trained, so that training
    goes on where it was when the model is loaded again.
    """

    def get_config(self) -> dict[str, Any]:
        """Returns the model's configuration with a `"pruning"` in it."""
        return {**super().get_config(), "pruning": _pruning_config(self)}  # type: ignore[misc]

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Makes the model with its marks.

        Args:
            config: what `get_config` returned.
            custom_objects: classes by name, as for any model.
        """
        config = copy.copy(config)
        pruning = config.pop("pruning", None)
        model = plain_class(cls).from_config(config, custom_objects)
        to_pruned(model)
        if pruning:
            _restore(model, pruning)
        return model

    def fit(self, *args: Any, **kwargs: Any) -> Any:
        """Trains the model as Keras does, once it is certain that something will be pruned.

        Raises:
            ValueError: if no callback prunes.
        """
        parent: Any = super()
        bound = inspect.signature(parent.fit).bind(*args, **kwargs).arguments
        given = bound.get("callbacks")
        listed = getattr(given, "callbacks", given)
        kinds = (UpdatePruningStep, PruneOnSchedule, EnforceMasks)
        listed = listed if isinstance(listed, (list, tuple)) else [listed]
        if not any(isinstance(callback, kinds) for callback in listed):
            _require_begun(self)
        _build_for(self, bound.get("x"))
        return parent.fit(*args, **kwargs)

    def train_on_batch(self, *args: Any, **kwargs: Any) -> Any:
        """Trains one step as Keras does, once it is certain that something will be pruned."""
        _require_begun(self)
        parent: Any = super()
        return parent.train_on_batch(*args, **kwargs)


def classes(keras: Any) -> dict[str, type]:
    """Returns the classes of a Keras by name, for `custom_object_scope`.

    Args:
        keras: the module of either Keras, or its name.
    """
    found: Any = _keras.module(keras)
    inputs = found.Input((1,))
    bases = (found.Sequential, type(found.Model(inputs, inputs)))
    return {made.__name__: made for made in map(_class_over, bases)}


def plain_class(cls: type) -> type:
    """Returns the class that a model has when nothing is to be pruned."""
    return next((base for base, made in _CLASSES.items() if made is cls), cls)


def to_pruned(model: Any) -> None:
    """Makes a stock Sequential or functional model one that carries its marks; others stay."""
    if kind(model) in ("Sequential", "Functional"):
        # Past `__setattr__` of Keras; class and subclass differ in methods only.
        object.__setattr__(model, "__class__", _class_over(type(model)))


def to_plain(model: Any) -> None:
    """Takes back what `to_pruned` did, and all marks."""
    for _, layer, _ in list(marked_layers(model)):
        mark(layer, None)
    for _, layer, _ in list(_keras.walk(model)):
        if isinstance(layer, PrunedModel):
            object.__setattr__(layer, "__class__", plain_class(type(layer)))


def _class_over(base: type) -> type:
    if base not in _CLASSES:
        keras: Any = _keras.module(base.__module__.partition(".")[0])
        name = f"Pruned{base.__name__}"
        made = type(name, (PrunedModel, base), {"__module__": __name__})
        _CLASSES[base] = keras.saving.register_keras_serializable("tfticket", name)(made)
    return _CLASSES[base]


def _build_for(model: Any, x: Any) -> None:
    """Builds a Sequential model without an Input: Keras would after the callbacks have begun."""
    spec = getattr(x, "element_spec", x)  # of a tf.data set
    shape = getattr(spec[0] if isinstance(spec, tuple) else spec, "shape", None)
    if not model.built and shape is not None:
        model.build((None, *tuple(shape)[1:]))


def _require_begun(model: Any) -> None:
    if PruningProgress.find(model) is None and any(marked_layers(model)):
        raise ValueError(
            "`callbacks` must have tfticket.callbacks.UpdatePruningStep(): without it the model,"
            " which prune_low_magnitude has marked, would be trained and nothing pruned."
        )


def _pruning_config(model: Any) -> dict[str, Any]:
    marks = {path: _mark_config(own) for path, _, own in marked_layers(model)}
    progress = PruningProgress.find(model)
    if progress is None or not progress.has_masks:
        return {"marks": marks}
    packed = {
        path: base64.b64encode(zlib.compress(bits.tobytes())).decode()
        for path, bits in masks.pack(progress.masks).items()
    }
    return {"marks": marks, "masks": packed, "step": int(progress.step)}


def _mark_config(own: PruningMark) -> dict[str, Any]:
    return {"schedule": own.schedule.get_config(), "granularity": own.granularity.config()}


def _restore(model: Any, pruning: Mapping[str, Any]) -> None:
    layers = {path: layer for path, layer, _ in _keras.walk(model)}
    for path, config in pruning["marks"].items():
        schedule = schedules.get(config["schedule"])
        mark(layers[path], PruningMark(schedule, granularity_from_config(config["granularity"])))
    if "masks" not in pruning:
        return
    plan, report = planned(model)
    packed = {
        path: np.frombuffer(zlib.decompress(base64.b64decode(text)), np.uint8)
        for path, text in pruning["masks"].items()
    }
    shapes = {path: tuple(v.shape) for path, v in report.variables.items()}
    PruningProgress(plan, masks.unpack(packed, shapes), pruning["step"]).keep_on(model)
