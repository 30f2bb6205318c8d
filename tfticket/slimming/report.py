"""What a shrinking saved, and what it left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from tfticket import _keras, weights
from tfticket.graph import flops

__all__ = ["Cost", "GroupReport", "ShrinkReport"]


@dataclass(frozen=True)
class Cost:
    """What a model costs.

    Args:
        num_parameters: every number of the network; counters and random states are none.
        num_bytes: that these numbers take up in memory.
        flops: of one example, by layer.
    """

    num_parameters: int
    num_bytes: int
    flops: Mapping[str, int]

    @classmethod
    def of(cls, model: Any) -> Cost:
        """Counts what a built functional or Sequential model costs.

        Args:
            model: of either Keras.
        """
        arrays = [_keras.view(v) for v in weights.variables(model).values()]
        numbers = [a for a in arrays if a.dtype.kind not in "iub"]
        dense = dict(flops(model).dense)
        return cls(sum(a.size for a in numbers), sum(a.nbytes for a in numbers), dense)

    @property
    def num_flops(self) -> int:
        """FLOPs of one example."""
        return sum(self.flops.values())


@dataclass(frozen=True)
class GroupReport:
    """One channel group.

    Args:
        name: of the group.
        before: its number of channels.
        after: how many of them stay.
        blocked: how many stay though they are constant, by the reason.
    """

    name: str
    before: int
    after: int
    blocked: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class ShrinkReport:
    """What `shrink` did.

    Args:
        before: cost of the masked model.
        after: cost of the smaller one.
        groups: the channel groups.
        not_followed: why a layer was not followed, by its path; what it touches stays.
        folded: how many constant channels were folded into a bias, by the layer that has it.
        inexact: the largest constant that was folded though zero padding makes it differ at the
            border, by layer; empty unless that was allowed.
        silenced: layers all of whose channels were masked, so that one had to stay.
    """

    before: Cost
    after: Cost
    groups: tuple[GroupReport, ...]
    not_followed: Mapping[str, str] = field(default_factory=dict)
    folded: Mapping[str, int] = field(default_factory=dict)
    inexact: Mapping[str, float] = field(default_factory=dict)
    silenced: tuple[str, ...] = ()

    @property
    def is_exact(self) -> bool:
        """Whether the outputs are those of the masked model, up to rounding."""
        return not self.inexact

    @property
    def num_removed(self) -> int:
        """Channels that are gone."""
        return sum(g.before - g.after for g in self.groups)

    def to_dict(self) -> dict[str, Any]:
        """Returns the report as plain JSON values, with the totals."""
        totals = {"num_removed": self.num_removed, "is_exact": self.is_exact}
        costs = {
            name: {**asdict(cost), "num_flops": cost.num_flops}
            for name, cost in (("before", self.before), ("after", self.after))
        }
        return {**asdict(self), **costs, "silenced": list(self.silenced), **totals}

    def __str__(self) -> str:
        before, after = self.before, self.after
        total = sum(g.before for g in self.groups)
        lines = [
            f"{self.num_removed} of {total} channels removed",
            _line("parameters", before.num_parameters, after.num_parameters),
            _line("FLOPs", before.num_flops, after.num_flops),
            _line("bytes", before.num_bytes, after.num_bytes),
        ]
        for group in self.groups:
            lines.append(f"  {group.name}: {group.before} -> {group.after}")
            lines += [f"    {n} stay: {why}" for why, n in group.blocked.items()]
        lines += [f"not followed: {layer}: {why}" for layer, why in self.not_followed.items()]
        lines += [f"{n} constants folded into {layer}" for layer, n in self.folded.items()]
        lines += [f"not exact at the border of {name}: {c:.3g}" for name, c in self.inexact.items()]
        lines += [f"nothing passes through {name}: one channel stays" for name in self.silenced]
        return "\n".join(lines)


def _line(what: str, before: int, after: int) -> str:
    ratio = after / before if before else 1.0
    return f"{what}: {before:,} -> {after:,} ({ratio:.3f})"
