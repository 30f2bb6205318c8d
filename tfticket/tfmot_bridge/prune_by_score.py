"""PruneByScore: tfmot's wrapper with any score, scope and granularity instead of magnitudes."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from tfticket import _keras, schedules, scores, selection
from tfticket._tfmot import tfmot
from tfticket.cloning import clone
from tfticket.scores import Evidence
from tfticket.tfmot_bridge.copying import copied_layer
from tfticket.tfmot_bridge.followed_schedule import clocked
from tfticket.tfmot_bridge.granularities import granularity_from_config
from tfticket.tfmot_bridge.ranked_together import RankedTogether
from tfticket.tfmot_bridge.wrapped_models import opened, wrappers

__all__ = ["PruneByScore", "connect", "prune_by_score"]

_INSIDE = "tensorflow_model_optimization.python.core.sparsity.keras"

tfmot()  # the schedules need it anyway
_Wrapper: Any = importlib.import_module(f"{_INSIDE}.pruning_wrapper").PruneLowMagnitude
_Pruning: Any = importlib.import_module(f"{_INSIDE}.pruning_impl").Pruning
_registry: Any = importlib.import_module(f"{_INSIDE}.prune_registry").PruneRegistry


@importlib.import_module("tf_keras").saving.register_keras_serializable("tfticket", "PruneByScore")
class PruneByScore(_Wrapper):
    """A wrapper of tfmot's around one tf_keras layer that prunes by a score.

    Everything else is tfmot's: its `UpdatePruningStep`, `strip_pruning`, summaries and
    quantisation that preserves sparsity take it for what it is a subclass of. Masks never grow, the
    number of survivors is exact, and schedules of ours reload from configurations.

    A score that needs more than weights, and a scope that ranks several layers together, need the
    model around the wrapper: call `connect(model, evidence)` once it is built, and again after it
    was loaded. `prune_by_score(model)` does. So does `jit_compile=True`.

    Args:
        layer: a tf_keras layer that tfmot supports.
        pruning_schedule: a tfmot or tfticket schedule.
        score: what each weight is worth; a name, configuration or `Score`.
        scope: where scores are ranked.
        granularity: the unit that is masked together.
        **kwargs: settings of the wrapper, such as `input_shape`.

    Raises:
        ValueError: if tfmot does not support the layer, or a name is unknown.
    """

    def __init__(
        self,
        layer: Any,
        pruning_schedule: Any,
        score: Any = "magnitude",
        scope: Any = "layer",
        granularity: Any = "weight",
        **kwargs: Any,
    ):
        super().__init__(layer, pruning_schedule=clocked(pruning_schedule), **kwargs)
        is_config = isinstance(granularity, dict)
        self.score = scores.get(score)
        self.scope = selection.get_scope(scope)
        get = granularity_from_config if is_config else selection.get_granularity
        self.granularity = get(granularity)
        self.ranked_with: RankedTogether | None = None

    def build(self, input_shape: Any) -> None:
        """Creates masks and thresholds, as tfmot does.

        Args:
            input_shape: shape of the inputs.
        """
        super().build(input_shape)
        self.pruning_obj = _ScoredPruning(
            wrapper=self,
            training_step_fn=lambda: self.pruning_step,
            pruning_vars=self.pruning_vars,
            pruning_schedule=self.pruning_schedule,
            block_size=(1, 1),
            block_pooling_type="AVG",
        )

    def get_config(self) -> dict[str, Any]:
        """Returns tfmot's configuration with score, scope and granularity."""
        config = super().get_config()
        del config["block_size"], config["block_pooling_type"]
        own = {n: getattr(self, n).config() for n in ("score", "scope", "granularity")}
        return {**config, **own}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> PruneByScore:
        """Makes the wrapper and its layer again.

        Args:
            config: what `get_config` returned.
        """
        config = dict(config)
        inner: Any = importlib.import_module("tf_keras").layers
        layer = inner.deserialize(config.pop("layer"))
        return cls(layer, schedules.get(config.pop("pruning_schedule")), **config)

    @property
    def is_ahead(self) -> bool:
        """Whether a step runs before which the masks were written already."""
        return self.ranked_with is not None and self.ranked_with.is_ahead

    def together(self) -> RankedTogether:
        """Returns what it is ranked with: by itself, if it may be and is not connected.

        Raises:
            ValueError: if it has to be connected first.
        """
        if self.ranked_with is None:
            if self.scope.name != "layer" or set(self.score.needs) - {"seed"}:
                raise ValueError(
                    f"connect(model) must be called before training: the scope {self.scope.name!r}"
                    f" or the score {self.score.name!r} needs the model around {self.name!r}."
                )
            self.ranked_with = RankedTogether.alone(self)
        return self.ranked_with


class _ScoredPruning(_Pruning):
    """tfmot's logic of when to prune and how to assign; what is kept is asked elsewhere."""

    def __init__(self, wrapper: PruneByScore, **settings: Any):
        super().__init__(**settings)
        self._wrapper = wrapper

    def conditional_mask_update(self) -> Any:
        """Returns an operation that updates the masks, where the schedule says so."""
        # Not even traced where masks are written before the step: XLA has no `py_function`.
        return tf.no_op() if self._wrapper.is_ahead else super().conditional_mask_update()

    def _maybe_update_block_mask(self, weights: Any) -> tuple[Any, Any]:
        place = next(i for i, entry in enumerate(self._pruning_vars) if entry[0] is weights)
        step, in_graph = tf.cast(self._step_fn(), tf.int64), not tf.executing_eagerly()

        def chosen(now: Any) -> Any:
            together = self._wrapper.together()
            return together.chosen(self._wrapper, place, int(now), in_graph=in_graph)

        kept, threshold = tf.py_function(chosen, [step], [tf.bool, tf.float32])
        kept = tf.ensure_shape(kept, weights.shape)
        return tf.cast(threshold, weights.dtype), tf.cast(kept, weights.dtype)


def connect(model: Any, evidence: Evidence | None = None) -> None:
    """Lets the `PruneByScore` wrappers of a model know each other and the model.

    Those of equal score, scope, granularity and schedule are ranked together.

    Args:
        model: a built tf_keras model with such wrappers.
        evidence: what the scores need besides the weights.

    Raises:
        ValueError: if there is no such wrapper.
    """
    plain, held = opened(model)
    groups: dict[Any, list[PruneByScore]] = {}
    for wrapper in wrappers(model):
        if isinstance(wrapper, PruneByScore):
            groups.setdefault(_key(wrapper), []).append(wrapper)
    if not groups:
        raise ValueError(
            "`model` must have PruneByScore wrappers; it has tfmot's own only."
            f" Received: model={model.name!r}"
        )
    ranked = []
    for members in groups.values():
        ranked.append(RankedTogether(members, plain, held, evidence or Evidence({}, seed=0)))
        for wrapper in members:
            wrapper.ranked_with = ranked[-1]
    _prune_before_steps(model, ranked)


def _prune_before_steps(model: Any, ranked: Sequence[RankedTogether]) -> None:
    """Lets masks be chosen outside of the traced training step, right before it."""

    def make_train_function(force: bool = False) -> Any:
        made = type(model).make_train_function(model, force)
        if getattr(made, "prepares", False):
            return made

        def train_function(iterator: Any) -> Any:
            with contextlib.ExitStack() as stack:
                for together in ranked:
                    stack.enter_context(together.ahead_of(_keras.steps_per_execution(model)))
                return made(iterator)

        train_function.prepares = True  # type: ignore[attr-defined]
        model.train_function = train_function
        return train_function

    vars(model)["make_train_function"] = make_train_function


def prune_by_score(
    model: Any, pruning_schedule: Any, *, evidence: Evidence | None = None, **choices: Any
) -> Any:
    """Returns a copy of a tf_keras model in which `PruneByScore` wraps what tfmot supports.

    Args:
        model: a built Sequential or functional tf_keras model; it is left as it is.
        pruning_schedule: a tfmot or tfticket schedule.
        evidence: what the score needs besides the weights.
        **choices: `score`, `scope` and `granularity`, as of `PruneByScore`.

    Returns:
        The wrapped copy, connected; compile it and train it with tfmot's `UpdatePruningStep`.
    """

    def copied(layer: Any) -> Any:
        copy = copied_layer(layer)
        is_wrapped = _registry.supports(layer) and layer.weights
        return PruneByScore(copy, pruning_schedule, **choices) if is_wrapped else copy

    wrapped = clone(model, copied)
    connect(wrapped, evidence)
    return wrapped


def _key(wrapper: PruneByScore) -> Any:
    parts = (wrapper.score, wrapper.scope, wrapper.granularity)
    return (repr([part.config() for part in parts]), repr(wrapper.pruning_schedule))
