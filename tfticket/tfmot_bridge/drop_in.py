"""tfmot's functions, for models of either Keras and without its wrappers."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from tfticket import _keras, schedules, weights
from tfticket.enforcement import enforce
from tfticket.kinds import kinds
from tfticket.selection import Unstructured
from tfticket.tfmot_bridge.copying import copied_layer, copied_model
from tfticket.tfmot_bridge.followed_schedule import clocked
from tfticket.tfmot_bridge.granularities import granularity_of
from tfticket.tfmot_bridge.policies import allowed
from tfticket.tfmot_bridge.pruned_models import classes, to_plain, to_pruned
from tfticket.tfmot_bridge.pruning_marks import PruningMark, mark, mark_of, planned
from tfticket.tfmot_bridge.update_pruning_step import PruningProgress
from tfticket.weights import Prunable

__all__ = ["prunable", "prune_low_magnitude", "prune_scope", "strip_pruning"]

#: As in tfmot, which however prunes nothing by it before step 100.
DEFAULT_SCHEDULE = schedules.Constant(0.5, begin_step=0)


def prune_low_magnitude(
    to_prune: Any,
    pruning_schedule: Any = DEFAULT_SCHEDULE,
    block_size: tuple[int, int] = (1, 1),
    block_pooling_type: str = "AVG",
    pruning_policy: Any = None,
    sparsity_m_by_n: tuple[int, int] | None = None,
    **kwargs: Any,
) -> Any:
    """Returns a copy of a layer or model that will be pruned by magnitude while it trains.

    It takes what `tfmot.sparsity.keras.prune_low_magnitude` takes, of Keras 3 too. The copy has
    the weights of what was given and nothing is wrapped: compile it, pass
    `callbacks.UpdatePruningStep()` to `fit`, and it is a plain Keras model with zeros. What was
    given is left as it is. Kernels of any layer and embeddings are pruned; those that are not, for
    their layer is frozen or depthwise, are told by `tfmot_bridge.prunable`.

    Args:
        to_prune: a Sequential, functional or (built) subclassed model, a layer, or a list of
            layers.
        pruning_schedule: a tfmot or tfticket schedule: how sparse by when.
        block_size: `(height, width)`, inputs and outputs of the blocks that are masked together.
        block_pooling_type: how the magnitudes in a block are pooled, `"AVG"` or `"MAX"`.
        pruning_policy: which layers of a model may be pruned: a tfmot policy, or anything with
            `allow_pruning(layer)`.
        sparsity_m_by_n: `(m, n)`: m of every n consecutive inputs are masked out, `(2, 4)` say. It
            decides on the sparsity; of the schedule, the steps count.
        **kwargs: settings of a single layer, such as `input_shape`; ignored for models and lists.

    Returns:
        The copy, not compiled; of a list, a list.

    Raises:
        ValueError: if an argument is out of range, or `to_prune` is nothing of the kind.
        TypeError: if a layer or subclassed model cannot be made from its configuration.

    References:
        https://www.tensorflow.org/model_optimization/api_docs/python/tfmot/sparsity/keras/prune_low_magnitude
        Zhu and Gupta 2017, To prune, or not to prune, https://arxiv.org/abs/1710.01878
    """
    granularity = granularity_of(block_size, block_pooling_type, sparsity_m_by_n)
    wanted = PruningMark(clocked(pruning_schedule), granularity or Unstructured())
    if isinstance(to_prune, list):
        return [_pruned_layer(layer, wanted, {}) for layer in to_prune]
    if not _keras.is_layer(to_prune):
        raise ValueError(
            "`prune_low_magnitude` can only prune an object of the following types:"
            " keras.models.Sequential, keras functional model, keras.layers.Layer, list of"
            f" keras.layers.Layer. You passed an object of type: {type(to_prune).__name__}."
        )
    keras: Any = _keras.module(to_prune)
    if isinstance(to_prune, keras.Model):
        return _pruned_model(to_prune, wanted, pruning_policy)
    return _pruned_layer(to_prune, wanted, kwargs)


def strip_pruning(model: Any) -> Any:
    """Returns a plain copy of a model made by `prune_low_magnitude`, with its zeros.

    Its masks are in force, so that a few more steps of training do not fill the zeros; its
    configuration and its files say nothing of them. The model itself can be trained on.

    Args:
        model: a model of either Keras, not necessarily marked.

    Returns:
        The copy, not compiled.

    Raises:
        ValueError: if it is no model.
        TypeError: if it cannot be copied.

    Warns:
        UserWarning: if it was to be pruned and has no zeros, for no callback was in its training.
    """
    if not _keras.is_layer(model) or not isinstance(model, _keras.module(model).Model):
        raise ValueError(f"`model` must be a Keras model. Received: model={model!r}")
    stripped = copied_model(model, lambda layer, copy: None)
    to_plain(stripped)
    progress = PruningProgress.find(model)
    if progress is None:
        _tell_if_dense(model)
    if progress is not None and progress.has_masks:
        renamed = weights.align(weights.variables(model), weights.variables(stripped))
        found = progress.masks
        enforce(stripped, type(found)({renamed[p]: m for p, m in found.items()}))
    return stripped


def prune_scope(custom_objects: dict[str, Any] | None = None) -> Any:
    """Returns a scope in which Keras finds everything in files of models that are being pruned.

    It is needed in a program that has not used `prune_low_magnitude` before, or that has schedules
    or layers of its own.

    Args:
        custom_objects: further classes by name.
    """
    return _Scope(custom_objects or {})


def prunable(model: Any) -> Prunable:
    """Tells which weights of a marked model will be pruned, and why each other one will not.

    Args:
        model: what `prune_low_magnitude` returned, or a model with such layers in it; built.
    """
    return planned(model)[1]


class _Scope:
    """Both Kerases' `custom_object_scope` at once."""

    def __init__(self, custom_objects: dict[str, Any]):
        self._scopes = []
        for name in _keras.FLAVOURS:
            keras: Any = _keras.module(name)
            known = {**classes(name), **custom_objects}
            self._scopes.append(keras.utils.custom_object_scope(known))

    def __enter__(self) -> _Scope:
        for scope in self._scopes:
            scope.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        for scope in reversed(self._scopes):
            scope.__exit__(*error)


def _pruned_model(model: Any, wanted: PruningMark, policy: Any) -> Any:
    may_prune = allowed(policy, model)

    def on_copy(layer: Any, copy: Any) -> None:
        earlier = mark_of(layer)
        if earlier is not None or may_prune(layer):
            mark(copy, earlier or wanted)

    copy = copied_model(model, on_copy)
    to_pruned(copy)
    if copy.built and copy.weights:
        _tell_what_is_left_out(copy)
    progress = PruningProgress.find(model)
    if progress is not None and progress.has_masks:
        raise ValueError(
            "`to_prune` must not be pruned already: its masks would not be known to the copy."
            " Train on the model itself, or prune `strip_pruning(model)` with"
            " callbacks.PruneOnSchedule(schedule, masks=…)."
        )
    return copy


def _pruned_layer(layer: Any, wanted: PruningMark, settings: dict[str, Any]) -> Any:
    keras: Any = _keras.module(layer)
    if isinstance(layer, keras.Model):
        return _pruned_model(layer, wanted, None)
    try:
        copy = copied_layer(layer, **settings)
    except TypeError:
        if settings:
            raise
        copy = layer  # one that Keras cannot copy is about to be used by its owner anyway
    if copy.built and copy.weights:
        unknown = _own_matrices(copy)
        if unknown:
            raise ValueError(
                f"`to_prune` must have weights that may be pruned: nothing says that {unknown} are"
                " kernels. Give the layer a method `get_prunable_weights`."
                f" Received: to_prune={layer.name!r}"
            )
    if any("Depthwise" in k for k in kinds(layer)) and not hasattr(layer, "get_prunable_weights"):
        warnings.warn(
            f"nothing in the layer {layer.name!r} will be pruned: depthwise kernels stay dense, as"
            " in tfmot. PruneOnSchedule prunes them.",
            UserWarning,
            stacklevel=3,
        )
    mark(copy, mark_of(layer) or wanted)
    return copy


def _tell_if_dense(model: Any) -> None:
    wanted = planned(model)[1].variables if model.built and model.weights else {}
    if wanted and all(np.all(_keras.view(v)) for v in wanted.values()):
        warnings.warn(
            f"the model {model.name!r} was to be pruned and has no zeros: training had no"
            " tfticket.callbacks.UpdatePruningStep(). A loop of your own calls its methods, as"
            " tfmot's: set_model, on_train_begin, on_train_batch_begin, on_epoch_end.",
            UserWarning,
            stacklevel=3,
        )


def _tell_what_is_left_out(model: Any) -> None:
    report = planned(model)[1]
    if not report.variables:
        warnings.warn(
            f"nothing in the model {model.name!r} will be pruned: every weight is left out."
            f"\n{report}",
            UserWarning,
            stacklevel=4,
        )
    unknown = _own_matrices(model)
    if unknown:
        warnings.warn(
            f"these weights stay dense, for nothing says that they are kernels: {unknown}. Give"
            " their layers a method `get_prunable_weights`.",
            UserWarning,
            stacklevel=4,
        )


def _own_matrices(model: Any) -> list[str]:
    """Paths of matrices in layers of the user's own that nothing tells to be kernels."""
    found = []
    for path, layer, own in _keras.walk(model):
        is_known = type(layer).__module__.partition(".")[0] in _keras.FLAVOURS
        if is_known or hasattr(layer, "get_prunable_weights"):
            continue
        kernels = ("kernel", "recurrent_kernel", "depthwise_kernel", "pointwise_kernel")
        found += [
            _keras.path_below(path, name)
            for name, v in own
            if len(v.shape) > 1 and name not in kernels and getattr(layer, "kernel", None) is not v
        ]
    return found
