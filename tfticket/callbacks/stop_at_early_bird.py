"""StopAtEarlyBird: ends training as soon as the mask it would leave has settled."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any, Literal, Protocol

import numpy as np

from tfticket import _keras, clock, scores, slimming, weights
from tfticket.callbacks.base import Callback
from tfticket.callbacks.update_clock import UpdateClock
from tfticket.early_bird import EarlyBird, open_fraction
from tfticket.filters import FilterLike
from tfticket.graph import Graph, channel_graph
from tfticket.masks import Masks, ones_like
from tfticket.scores import Evidence
from tfticket.selection import select
from tfticket.slimming import ChannelLimits
from tfticket.slimming.channel_scores import some_scores

__all__ = ["StopAtEarlyBird"]

Kept = Mapping[str, np.ndarray]


class StopAtEarlyBird(Callback):
    """Draws the mask every so often, and stops `fit` when it no longer changes.

    With granularity `"channel"` masks are of channels, by the scale of their BatchNormalization
    unless another channel score is given; with `"weight"` of single weights, by magnitude unless
    another score is given. Nothing is masked while training goes on.

    Args:
        sparsity: fraction of the channels, or weights, to remove, in (0, 1).
        epsilon: largest distance of the newest mask from the others, a fraction of the units.
        queue_length: number of masks compared.
        every: how often to look: `"1ep"`, a number of steps, or `"100it"`.
        granularity: `"channel"` or `"weight"`.
        stop: whether to stop `fit`, or only to go on looking.
        **how: `score=` and `scope=` of the units; `limits=`, the `ChannelLimits` of channels;
            `prunable=`, which weights.

    Attributes:
        early_bird: every observation, with the matrix of mask distances.
        found_at: optimizer updates done when the ticket emerged first; `None` before.

    Raises:
        ValueError: if an argument is out of range; in `fit`, if there is nothing to score.

    Example:
        early = StopAtEarlyBird(0.5)
        model.fit(x, y, epochs=160, callbacks=[early])
        small = slimming.shrink(model, early.masks, carry_optimizer=True).model

    References:
        You et al. 2020, "Drawing early-bird tickets", https://arxiv.org/abs/1909.11957
    """

    _of_model = ("_clock",)

    def __init__(
        self,
        sparsity: float = 0.5,
        *,
        epsilon: float = 0.1,
        queue_length: int = 5,
        every: int | str = "1ep",
        granularity: Literal["channel", "weight"] = "channel",
        stop: bool = True,
        **how: Any,
    ):
        if granularity not in ("channel", "weight"):
            raise ValueError(
                f"`granularity` must be 'channel' or 'weight'. Received: {granularity!r}"
            )
        if not 0 < sparsity < 1:
            raise ValueError(f"`sparsity` must be in (0, 1). Received: sparsity={sparsity}")
        if clock.steps(every, 1_000_000, name="every") < 1:
            raise ValueError(f"`every` must be at least one step. Received: every={every!r}")
        self._epochs = _whole_epochs(every)
        self._settles = (epsilon, queue_length)
        self._sparsity, self._every, self._stop = sparsity, every, stop
        self._drawn: _Drawn = _Weights(**how) if granularity == "weight" else _Channels(**how)
        self._forget()

    def _forget(self) -> None:
        self.early_bird = EarlyBird(*self._settles)
        self.found_at: int | None = None
        self._kept: Kept | None = None

    @property
    def masks(self) -> Masks:
        """The newest masks, over the weights of the model as `shrink` and `enforce` take them.

        Raises:
            ValueError: before the first look.
        """
        if self._kept is None:
            raise ValueError(
                "there are no masks yet: `fit` with this callback has not reached the first look."
                f" Received: every={self._every!r}"
            )
        return self._drawn.masks(self._kept)

    def on_train_begin(self, logs: Any = None) -> None:
        self._begin_afresh_if_new()
        self._drawn.attach(self.model)
        self._clock = UpdateClock(self.model)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._clock.sync()
        if self._epochs is None:
            known = self._clock.steps_per_epoch(self.params)
            self._period = clock.steps(self._every, known, name="every")

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self._epochs is None and self._clock.due(batch, self._is_due):
            self._look()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self._epochs is None:
            if self._clock.rest(self._is_due):
                self._look()
        elif (epoch + 1) % self._epochs == 0:
            self._clock.sync()
            self._look()

    def _is_due(self, step: int) -> bool:
        return step % self._period == 0

    def _look(self) -> None:
        kept, left_open = self._drawn.draw(self._sparsity)
        self._kept = kept
        if not self.early_bird.observe(kept, step=self._clock.step, open_fraction=left_open):
            return
        if self.found_at is None:
            self.found_at = self._clock.step
        if self._stop:
            self.model.stop_training = True


def _whole_epochs(every: int | str) -> int | None:
    """Reads `"2ep"`; `None` for everything that is counted in steps."""
    match = re.fullmatch(r"\s*(\d+)(?:\.0+)?\s*ep\s*", str(every))
    return int(match[1]) if match else None


class _Drawn(Protocol):
    """What masks are drawn of."""

    def attach(self, model: Any) -> None: ...
    def draw(self, sparsity: float) -> tuple[Kept, float]: ...
    def masks(self, kept: Kept) -> Masks: ...


class _OfModel:
    """Refers to the model that it draws from, which a deep copy does not copy."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return copy.copy(self)


class _Channels(_OfModel):
    """Masks of channels."""

    def __init__(
        self, score: Any = "scale", scope: Any = "global", limits: ChannelLimits | None = None
    ):
        self._score, self._scope, self._limits = score, scope, limits
        self._graph: Graph | None = None

    def attach(self, model: Any) -> None:
        self._model, self._graph = model, channel_graph(model)

    def draw(self, sparsity: float) -> tuple[Kept, float]:
        assert self._graph is not None
        scored = some_scores(self._model, self._graph, self._score, Evidence({}, seed=0))
        options = {"scope": self._scope, "limits": self._limits}
        kept = slimming.select_channels(self._graph, scored, sparsity, **options)
        return kept, open_fraction(scored, kept, self._scope, sparsity)

    def masks(self, kept: Kept) -> Masks:
        assert self._graph is not None
        return self._graph.masks(kept)


class _Weights(_OfModel):
    """Masks of single weights."""

    def __init__(
        self, score: Any = "magnitude", scope: Any = "global", prunable: FilterLike = None
    ):
        self._score, self._scope, self._prunable = scores.get(score), scope, prunable

    def attach(self, model: Any) -> None:
        self._model = model
        self._variables = weights.prunable_weights(model, self._prunable).variables

    def draw(self, sparsity: float) -> tuple[Kept, float]:
        held = {p: _keras.view(v) for p, v in self._variables.items()}
        scored = self._score(self._model, Evidence(held, seed=0))
        kept = select(scored, ones_like(held), sparsity, scope=self._scope, on_collapse="ignore")
        return kept, open_fraction(scored, kept, self._scope, sparsity)

    def masks(self, kept: Kept) -> Masks:
        return Masks(kept)
