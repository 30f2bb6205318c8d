"""Which scores of a layer, or of several layers together, are among the largest by magnitude."""

from __future__ import annotations

import uuid
import weakref
from typing import Any

import numpy as np
import tensorflow as tf

from tfticket import _keras, schedules
from tfticket.supermasks.threshold import Threshold, kth_largest, magnitude_bits, marked

__all__ = ["SCOPES", "Ranking", "same_or_new"]

SCOPES = ("layer", "global")

#: The maskers of global rankings last made from a configuration, by group.
_LATEST: weakref.WeakValueDictionary[str, Any] = weakref.WeakValueDictionary()


class Ranking:
    """Keeps exactly `round(density · n)` scores: of each layer, or of all that joined together.

    Args:
        density: fraction kept, in (0, 1], or a schedule of sparsities.
        scope: `"layer"` or `"global"`.
        group: token of layers that are ranked together, kept in configurations; made if not given.
        num_members: how many layers belong to a global ranking; `None` if not known.

    Raises:
        ValueError: if a value is out of its range.
    """

    def __init__(
        self,
        density: Any,
        scope: str,
        group: str | None = None,
        num_members: int | None = None,
    ):
        if scope not in SCOPES:
            raise ValueError(f"`scope` must be one of {SCOPES}. Received: scope={scope!r}")
        is_number = isinstance(density, (int, float, np.number)) and not isinstance(density, bool)
        if is_number and not 0.0 < density <= 1.0:
            raise ValueError(
                "`density` must be in (0, 1]: it is the fraction of the weights that is kept, never"
                f" a percent. Received: density={density!r}"
            )
        self.density = float(density) if is_number else schedules.get(density)
        self.scope = scope
        self.group = group or (uuid.uuid4().hex if scope == "global" else None)
        self.num_members = num_members
        self._members: list[weakref.ref[Any]] = []

    @property
    def schedule(self) -> schedules.Schedule | None:
        """The schedule of sparsities, if the density follows one."""
        return None if isinstance(self.density, float) else self.density

    @property
    def members(self) -> list[Any]:
        """The layers that joined and still exist, in the order in which they did."""
        return [layer for ref in self._members if (layer := ref()) is not None]

    @property
    def is_complete(self) -> bool:
        """Whether as many layers have joined as belong to the ranking."""
        return self.num_members is None or len(self.members) >= self.num_members

    def config(self) -> dict[str, Any]:
        """Returns the settings as plain JSON values."""
        density = self.density if self.schedule is None else self.schedule.get_config()
        config = {"density": density, "scope": self.scope}
        if self.scope == "global":
            config |= {"group": self.group, "num_members": len(self.members) or self.num_members}
        return config

    def state(self) -> dict[str, np.ndarray]:
        """Returns the first value of the variable in which a scheduled density is kept."""
        if self.schedule is None:
            return {}
        return {"density": np.asarray(1.0 - self.schedule.curve(0.0), np.float64)}

    def join(self, layer: Any) -> None:
        """Ranks a layer's scores together with those of the others, if the scope is global."""
        if all(layer is not member for member in self.members):
            self._members.append(weakref.ref(layer))

    def kept(self, layer: Any, scores: Any) -> Any:
        """Returns a boolean tensor: which of a layer's scores are kept."""
        bits = magnitude_bits(scores)
        if self.scope == "layer":
            return marked(bits, kth_largest([bits], self._num_kept(layer, scores.shape)))
        members = self._built()
        everything = [magnitude_bits(_keras.value_of(m.scores)) for m in members]
        place = next(i for i, member in enumerate(members) if member is layer)
        return marked(bits, self._shared(layer, members, everything), everything[:place])

    def _shared(self, layer: Any, members: list[Any], everything: list[Any]) -> Threshold:
        """Finds the threshold of all layers once per graph, not once per layer of it."""

        def find() -> Threshold:
            return kth_largest(
                everything, self._num_kept(layer, *(m.scores.shape for m in members))
            )

        if tf.executing_eagerly() or tf.distribute.has_strategy():
            return find()
        graph = tf.compat.v1.get_default_graph()
        # Scores that an earlier step in the same graph has changed are ranked anew.
        now = _num_other_uses(graph, members)
        known = graph.get_collection_ref("tfticket_thresholds")
        for ranking, then, found in known:
            if ranking is self and then == now and found.value.graph is graph:
                return found
        known.append((self, now, find()))
        return known[-1][2]

    def _num_kept(self, layer: Any, *shapes: Any) -> Any:
        total = sum(int(np.prod(shape, dtype=np.int64)) for shape in shapes)
        if self.schedule is None:
            return round(self.density * total)
        density = _keras.value_of(layer.masker_state["density"])
        return tf.cast(tf.round(density * total), tf.int32)

    def _built(self) -> list[Any]:
        if not self.is_complete and not _is_sketch():
            raise ValueError(
                "the layers that are ranked together must be made or loaded together: they were"
                f" {self.num_members}, and {len(self.members)} are known to each other here."
            )
        return [m for m in self.members if getattr(m, "scores", None) is not None]


def same_or_new(cls: Any, config: dict[str, Any]) -> Any:
    """Makes a masker of a configuration, one for all layers of a model that is being loaded.

    Keras asks for one masker per layer. Until as many have joined as belong together, layers of
    the same group get the same one; the next layer of that group then is another model's.

    Args:
        cls: class of the masker.
        config: what its `get_config` returned.
    """
    group = config.get("group")
    latest = _LATEST.get(group) if group is not None else None
    if latest is not None and not latest.ranking.is_complete:
        return latest
    made = cls(**config)
    if group is not None:
        _LATEST[group] = made
    return made


def _num_other_uses(graph: Any, members: list[Any]) -> int:
    """Counts what else than reading is done with the scores, so far, in a graph."""
    handles = [graph.capture(_keras.native(m.scores).handle) for m in members]
    return sum(op.type != "ReadVariableOp" for h in handles for op in h.consumers())


def _is_sketch() -> bool:
    """Whether Keras only asks for shapes while a model is being put together."""
    if tf.executing_eagerly():
        return False
    return "scratch_graph" in getattr(tf.compat.v1.get_default_graph(), "name", "")
