"""shrink: a masked model in, a smaller plain Keras model out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tensorflow as tf

from tfticket import masks as masks_
from tfticket import weights
from tfticket.errors import MismatchError
from tfticket.graph import ChannelGroup, State, follow, graph_of
from tfticket.masks import Masks
from tfticket.slimming import carrying
from tfticket.slimming.rebuild import rebuilt
from tfticket.slimming.removal import Removal, plan
from tfticket.slimming.report import Cost, GroupReport, ShrinkReport
from tfticket.tracing import lent

__all__ = ["Shrunk", "max_relative_difference", "shrink"]


@dataclass(frozen=True, eq=False)
class Shrunk:
    """A smaller model, and what is known about how it came to be.

    Args:
        model: plain Keras; it can be saved, loaded and trained without tfticket.
        masks: the masks of those weights that are left, by the paths of the smaller model.
        report: what was saved.
        renamed: the path in the smaller model by the path in the old one.
    """

    model: Any
    masks: Masks
    report: ShrinkReport
    renamed: Mapping[str, str] = field(repr=False)
    _removal: Removal = field(repr=False)

    def take(self, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Returns what is left of arrays of the old shapes, such as the weights at a rewind point.

        Constants that were folded into biases are not in them.

        Args:
            arrays: by weight path of the old model.
        """
        cut = carrying.sliced(self._removal, carrying.rescaled(self._removal, arrays))
        return {self.renamed[p]: a for p, a in cut.items() if p in self.renamed}

    def put(
        self, arrays: Mapping[str, np.ndarray], into: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """Returns arrays of the old shapes with those of the smaller model in their places.

        The reverse of `take`: training of the smaller model is written back to the masked one.

        Args:
            arrays: by weight path of the smaller model.
            into: by weight path of the old model; what no array has a place in stays.

        Raises:
            ValueError: if constants were folded into biases that the old model does not have.
        """
        found = {p: np.array(a) for p, a in into.items()}
        lost = [p for p, new in self.renamed.items() if new in arrays and p not in found]
        if lost:
            raise ValueError(
                f"`into` must have a place for every weight of the smaller model: {lost} have none."
            )
        for path, array in found.items():
            if path in self.renamed and self.renamed[path] in arrays:
                kept = self._removal.slices(path, array.shape)
                value = carrying.rescaled(self._removal, {path: arrays[self.renamed[path]]}, -1)
                array[np.ix_(*kept) if array.ndim else ...] = value[path]
        return found


def shrink(
    model: Any,
    masks: Mapping[str, np.ndarray],
    *,
    carry_optimizer: bool = False,
    allow_inexact: bool = False,
) -> Shrunk:
    """Removes every channel that a masked model does not need, and leaves its outputs as they are.

    A channel goes if all weights that lead on from it are masked, or if it is constant because all
    weights that lead to it are: the constant, such as the ReLU of a BatchNormalization's beta,
    is then added to the next bias. That is exact unless zeros are padded in between. Masks may be
    of whole channels, or of single weights that leave a channel without inputs or outputs.

    Args:
        model: a built functional or Sequential model of either Keras; left as it is.
        masks: the kept weights by path. Masked weights count as 0, whatever the model holds.
        carry_optimizer: whether to compile the smaller model as the old one is, with the state of
            its optimizer, so that training can go on.
        allow_inexact: whether to remove constant channels also where zero padding makes the result
            differ at the border; the report says where.

    Returns:
        A `Shrunk`: the smaller model, plain if the class is your own, its masks and a report.

    Raises:
        MismatchError: if masks do not fit the model, or what was made from its configuration.
        TypeError, ValueError: if a layer has no configuration; if the graph cannot be read.
    """
    held, masks = weights.read_all(model), Masks(masks)
    unknown = [p for p in masks if p not in held]
    if unknown:
        raise MismatchError(f"`masks` must be of weights of the model: {unknown} are not.")
    weights.check_shapes(masks, held)
    masked = masks_.apply(held, masks)
    record = follow(model, State(masked, masks))
    removal = plan(record, allow_inexact=allow_inexact)
    made, pairs = rebuilt(model, removal.numbers(), _new_biases(removal))
    targets = carrying.counterparts(model, made, pairs)
    carrying.carry_weights(removal, masked, targets)
    if carry_optimizer:
        carrying.carry_optimizer(removal, model, made, targets)
    renamed = {p: new for p, (new, _) in targets.items()}
    left = carrying.sliced(removal, carrying.unfolded(removal, masks))
    return Shrunk(
        made,
        Masks({renamed[p]: m for p, m in left.items()}),
        _report(model, made, removal),
        renamed,
        removal,
    )


def max_relative_difference(
    model: Any, masks: Mapping[str, np.ndarray], shrunk: Any, inputs: Any
) -> float:
    """Compares the outputs of a shrunk model with those of the masked one, in inference.

    Args:
        model: the old model; bit-identical afterwards.
        masks: its masks.
        shrunk: the smaller model.
        inputs: a batch.

    Returns:
        The largest difference, divided by the largest output of the masked model in magnitude.
    """
    held = weights.read_all(model)
    with lent(model, masks_.apply({p: held[p] for p in masks}, Masks(masks))):
        expected = _outputs(model, inputs)
    pairs = list(zip(expected, _outputs(shrunk, inputs), strict=True))
    return max(float(np.abs(e - f).max() / max(np.abs(e).max(), 1e-30)) for e, f in pairs)


def _outputs(model: Any, inputs: Any) -> list[np.ndarray]:
    return [np.asarray(o, np.float64) for o in tf.nest.flatten(model(inputs, training=False))]


def _new_biases(removal: Removal) -> set[str]:
    """Layers without a bias into which a constant is folded."""
    uses = [u for u in removal.uses if u.fold is not None and u.fold.is_new]
    return {u.layer for u in uses if removal.folded(u).any()}


def _report(model: Any, made: Any, removal: Removal) -> ShrinkReport:
    graph = graph_of(model, removal.record)
    classes = removal.record.channel_sets.classes()
    folded = {u.layer: n for u in removal.uses if (n := _num_folded(removal, u))}
    return ShrinkReport(
        before=Cost.of(model),
        after=Cost.of(made),
        groups=tuple(_of_group(g, removal, classes) for g in graph.groups.values()),
        not_followed=dict(graph.refused),
        folded=folded,
        inexact=dict(removal.inexact),
        silenced=removal.silenced,
    )


def _num_folded(removal: Removal, use: Any) -> int:
    if use.fold is None or not removal.folded(use).any():
        return 0
    gone = ~removal.kept[use.channels] & np.isfinite(use.constants) & (use.constants != 0)
    return int((gone & (use.fold.sums != 0).any(1)).sum())


def _of_group(group: ChannelGroup, removal: Removal, classes: np.ndarray) -> GroupReport:
    """Counts the channels of a group that stay, at the weight that makes them."""
    maker = next(m for m in group.members if m.role == "out")
    channels = removal.record.axes[maker.path, maker.axis].channels
    own = [channels[maker.positions(c)[0]] for c in range(group.num_channels)]
    kept = [a for a in own if removal.kept[a]]
    constant = [int(classes[a]) for a in kept if int(classes[a]) in removal.blocked]
    blocked = Counter(removal.blocked[a] for a in constant)
    return GroupReport(group.name, group.num_channels, len(kept), dict(blocked))
