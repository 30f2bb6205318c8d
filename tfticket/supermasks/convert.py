"""convert: a Keras model as a supermask model."""

from __future__ import annotations

import dataclasses
import functools
import warnings
from typing import Any, Literal

from tfticket import _keras, weights
from tfticket.cloning import clone, remade
from tfticket.kinds import is_altered
from tfticket.seeds import derived_seed
from tfticket.supermasks import initializers, maskers
from tfticket.supermasks.layers import of
from tfticket.supermasks.layers.making import KINDS

__all__ = ["convert"]


def convert(
    model: Any,
    *,
    masker: Any = "edge_popup",
    initializer: Any = None,
    scores_regularizer: Any = None,
    seed: int = 0,
    on_unsupported: Literal["warn", "raise"] = "warn",
) -> Any:
    """Makes a supermask model of a Keras model: the same network, whose mask is trained.

    Dense, Conv1D, Conv2D, Conv3D, DepthwiseConv2D and Conv2DTranspose become supermask layers;
    BatchNormalization keeps its scale and offset and follows the statistics of the batches. Of the
    other layers, to which subclasses of these belong, those with trainable weights are copied,
    frozen by `trainable=False`, and named; the rest is copied as it is. What is left to train is
    the scores, also of layers that were frozen.

    With a masker that trains the weights too (`ContinuousSparsification`, `SoftThreshold`) nothing
    is frozen: every other layer is copied as it is, so are frozen ones, and those are named that
    have a trained kernel and no mask.

    Args:
        model: a built Sequential or functional model of either Keras, also with nested ones; it is
            left as it is. Weight paths stay the same.
        masker: a `Masker`, its name, or a configuration.
        initializer: draws the kernels anew: one of `supermasks.initializers`, or its name; one of
            Keras draws from its own seed. `None` keeps the model's weights.
        scores_regularizer: a Keras regulariser of the scores, its name or configuration. PyTorch's
            `weight_decay=d`, which its momentum gathers, is `L2(d / 2)`; Keras' is another.
        seed: chooses the kernels, if they are drawn, and the scores; each layer's are others.
        on_unsupported: whether to `"warn"` or to `"raise"` if layers are frozen as they are.

    Returns:
        A new model, not compiled.

    Raises:
        ValueError: if the model is not built or is a subclassed one, or no layer can be masked.

    Example:
        supermask = convert(model, masker=EdgePopup(0.5), initializer="signed_kaiming_constant")
        supermask.compile("sgd", loss)
        supermask.fit(x, y)
    """
    if on_unsupported not in ("warn", "raise"):
        raise ValueError(
            f"`on_unsupported` must be 'warn' or 'raise'. Received: {on_unsupported!r}"
        )
    conversion = _Conversion(model, masker, initializers.get(initializer), scores_regularizer, seed)
    made = clone(model, conversion.copy)
    conversion.complain(on_unsupported)
    drawn = conversion.masked if initializer is not None else []
    kept = {p: a for p, a in weights.read_all(model).items() if p not in drawn}
    weights.write(made, kept)
    return made


class _Conversion:
    """Makes the counterparts of layers and notes what became of them."""

    def __init__(self, model: Any, masker: Any, initializer: Any, regularizer: Any, seed: int):
        self._paths = {id(layer): path for path, layer, _ in _keras.walk(model)}
        self._model = model
        self._layers: Any = _keras.module(model).layers
        self._supermask = of(model)
        masker = maskers.get(masker)
        # One object for all layers, which ranks them together if it is global; and of this model's
        # own: the caller may use the masker elsewhere.
        self._masker = type(masker).from_config(_anonymous(masker.get_config()))
        self._initializer, self._regularizer, self._seed = initializer, regularizer, seed
        self.masked: list[str] = []
        self.unsupported: dict[str, str] = {}

    def copy(self, layer: Any) -> Any:
        """Returns the counterpart of a layer, without its weights."""
        kind = type(layer).__name__
        trains = self._masker.trains_weights
        if trains and not getattr(layer, "trainable", True):
            return remade(layer)
        if kind in KINDS and type(layer) is getattr(self._layers, kind) and not is_altered(layer):
            return self._with_mask(layer, getattr(self._supermask, f"Supermask{kind}"))
        if trains:
            return self._trained_whole(layer)
        if type(layer) is self._layers.BatchNormalization:
            cls = self._supermask.SupermaskBatchNormalization
            return remade(layer, _setting({"trainable": True}), cls=cls)
        copy = remade(layer)
        if getattr(layer, "trainable_weights", None):
            copy.trainable = False
            self.unsupported[self._paths[id(layer)]] = kind
        return copy

    @functools.cached_property
    def _prunable(self) -> list[str]:
        return list(weights.prunable_weights(self._model).variables)

    def _trained_whole(self, layer: Any) -> Any:
        """Copies a layer without a mask, and names it if its kernel is one that could have one."""
        path = self._paths.get(id(layer))
        if any(p.startswith(f"{path}/") for p in self._prunable):
            self.unsupported[str(path)] = type(layer).__name__
        return remade(layer)

    def complain(self, on_unsupported: str) -> None:
        """Tells which layers were frozen as they are, and raises if none has a mask."""
        if not self.masked:
            raise ValueError(
                f"`model` must have a layer of one of these kinds: {', '.join(KINDS)}."
                f" Received: layers={list(self._paths.values())}"
            )
        if not self.unsupported:
            return
        are = "stay" if self._masker.trains_weights else "are frozen and stay"
        message = (
            f"these layers have no supermask version; they {are} without a mask: {self.unsupported}"
        )
        if on_unsupported == "raise":
            raise ValueError(message)
        warnings.warn(message, UserWarning, stacklevel=3)

    def _with_mask(self, layer: Any, cls: Any) -> Any:
        path = self._paths[id(layer)]
        self.masked.append(f"{path}/kernel")
        scores = self._masker.initial_scores
        options = {
            "masker": self._masker,
            "scores_initializer": self._seeded(scores, "scores", path),
            "scores_regularizer": self._regularizer,
            "trainable": True,
        }
        if self._initializer is not None:
            drawn = self._seeded(self._initializer, "kernel", path)
            options[cls.initializer_name] = drawn
        return remade(layer, _setting(options), cls=cls)

    def _seeded(self, initializer: Any, what: str, path: str) -> Any:
        if not isinstance(initializer, initializers.Kaiming):
            return initializer
        own = self._seed if initializer.seed is None else initializer.seed
        return dataclasses.replace(initializer, seed=derived_seed(own, f"supermask {what}", path))


def _setting(options: dict[str, Any]) -> Any:
    return lambda layer, config: config.update(options)


def _anonymous(config: dict[str, Any]) -> dict[str, Any]:
    """A masker's configuration without what ties it to the layers of one model."""
    return {n: v for n, v in config.items() if n not in ("group", "num_members")}
