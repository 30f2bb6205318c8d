"""Weights in several wrappers of tfmot's, scored and selected in one go."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tfticket import _keras, selection
from tfticket.layouts import layout_of_rank, layouts
from tfticket.masks import Masks
from tfticket.scores import Evidence, MaskedWeights

__all__ = ["RankedTogether"]


class RankedTogether:
    """Chooses the survivors of all its wrappers, once for each step at which they are asked for.

    Where it is known when a training step comes, in `fit` and `train_on_batch`, the masks are
    written before it, by `ahead_of`. Other loops ask in the midst of a step, by `chosen`, which
    works for scores of weights alone: those that look at data run functions of TensorFlow, and
    these would wait for threads that wait for them.

    Args:
        members: wrappers of equal score, scope, granularity and schedule.
        model: the model without wrappers, on the same variables; `None` if the score looks at
            weights alone.
        held: weight, mask and threshold by the weight paths of that model.
        evidence: what the score needs besides the weights.

    Attributes:
        is_ahead: whether a step runs before which the masks were written.
    """

    is_ahead = False

    def __init__(
        self,
        members: Sequence[Any],
        model: Any,
        held: Mapping[str, tuple[Any, Any, Any]],
        evidence: Evidence,
    ):
        mine = {id(entry[0]): (w, i) for w in members for i, entry in enumerate(w.pruning_vars)}
        self._held = {p: entry for p, entry in held.items() if id(entry[0]) in mine}
        owners = {p: mine[id(entry[0])] for p, entry in self._held.items()}
        self._paths = {(id(w), i): path for path, (w, i) in owners.items()}
        self._like, self._model, self._evidence = members[0], model, evidence
        self._layouts = (
            {p: layout_of_rank(len(entry[0].shape)) for p, entry in self._held.items()}
            if model is None
            else layouts(model, self._held)
        )
        self._step, self._unasked = -1, set[str]()
        self._lock = threading.Lock()
        self._kept: Masks
        self._thresholds: dict[str, float]

    @classmethod
    def alone(cls, wrapper: Any) -> RankedTogether:
        """Ranks the weights of one wrapper by themselves, without a model around them."""
        held = {f"{wrapper.layer.name}/{i}": e for i, e in enumerate(wrapper.pruning_vars)}
        return cls([wrapper], None, held, Evidence({}, seed=0))

    @contextlib.contextmanager
    def ahead_of(self, num_steps: int) -> Iterator[None]:
        """Writes the masks for the steps inside the context, if the schedule prunes at any.

        Args:
            num_steps: how many steps are made in one go; what is due at several is done as at the
                last.
        """
        done = int(_keras.to_numpy(self._like.pruning_step))
        schedule = self._like.pruning_schedule
        due = [s for s in range(done + 1, done + num_steps + 1) if schedule.should_prune(s)]
        if due:
            self._choose(due[-1])
            for path, (_, mask, threshold) in self._held.items():
                mask.assign(self._kept[path].astype(mask.dtype.as_numpy_dtype))
                threshold.assign(self._thresholds[path])
        self.is_ahead = True
        try:
            yield
        finally:
            self.is_ahead = False

    def chosen(self, wrapper: Any, place: int, step: int, *, in_graph: bool) -> Any:
        """Returns the mask of one weight, and the smallest score that was kept.

        Args:
            wrapper: the wrapper that asks.
            place: which of its weights is meant.
            step: tfmot's step, the same for all wrappers in one pass.
            in_graph: whether a traced training step asks.
        """
        with self._lock:  # wrappers side by side in a graph ask at the same time
            path = self._paths[id(wrapper), place]
            if step != self._step or path not in self._unasked:  # or the clock was set back
                self._require_alone(in_graph)
                self._choose(step)
                self._step, self._unasked = step, set(self._held)
            self._unasked.remove(path)
        return self._kept[path], self._thresholds[path]

    def _require_alone(self, in_graph: bool) -> None:
        if in_graph and set(self._like.score.needs) - {"seed"}:
            raise ValueError(
                f"the score {self._like.score.name!r} cannot be taken inside a traced step: train"
                " with `fit` or `train_on_batch` of the model that was connected, or eagerly."
            )

    def _choose(self, step: int) -> None:
        values = {p: _keras.to_numpy(weight) for p, (weight, _, _) in self._held.items()}
        masks = Masks({p: _keras.to_numpy(mask) > 0 for p, (_, mask, _) in self._held.items()})
        now = replace(self._evidence, weights=MaskedWeights(values, masks), masks=masks)
        scores = self._like.score(self._model, now)
        self._kept = selection.select(
            scores,
            masks,
            float(self._like.pruning_schedule(step)[1]),
            scope=self._like.scope,
            granularity=self._like.granularity,
            layouts=self._layouts,
        )
        kept = {p: scores[p][mask] for p, mask in self._kept.items()}
        self._thresholds = {p: float(s.min()) if s.size else 0.0 for p, s in kept.items()}
