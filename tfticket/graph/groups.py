"""Channel groups: which weights must lose the same channel together, and which channels stay."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from tfticket import weights
from tfticket.graph.following import OF_THE_OUTPUT, follow
from tfticket.graph.record import Record
from tfticket.masks import Masks

__all__ = ["ChannelGroup", "Graph", "Member", "channel_graph", "graph_of"]

Role = Literal["out", "along", "in"]
ROLES: tuple[Role, ...] = ("out", "along", "in")


@dataclass(frozen=True, eq=False)
class Member:
    """One axis of one weight, along which a group's channels lie.

    Args:
        path: of the weight.
        axis: counted from the end.
        role: `"out"` where the weight makes the channels, `"in"` where it sums over them,
            `"along"` where it acts on each, as biases and normalisations do.
        channels: for each entry of the axis the channel of the group, -1 for another group's.
    """

    path: str
    axis: int
    role: Role
    channels: np.ndarray

    def positions(self, channel: int) -> np.ndarray:
        """Returns the entries of the axis that belong to a `channel`: several after a Flatten."""
        return np.flatnonzero(self.channels == channel)


@dataclass(frozen=True, eq=False)
class ChannelGroup:
    """Channels that the same weights make; each can be removed by itself, from all members at once.

    Args:
        name: path of the first layer that makes them.
        num_channels: how many.
        members: every axis of a weight along which they lie.
    """

    name: str
    num_channels: int
    members: tuple[Member, ...]

    @cached_property
    def width(self) -> int:
        """How many outputs of a layer a channel stands for.

        More than one where a grouped convolution must lose the same channel of every group.
        """
        made = [m for m in self.members if m.role == "out"]
        return max(int((m.channels == 0).sum()) for m in made)

    def __repr__(self) -> str:
        makers = [m.path for m in self.members if m.role == "out"]
        return f"ChannelGroup({self.name!r}, {self.num_channels} channels of {makers})"


@dataclass(frozen=True, eq=False)
class Graph:
    """The channel groups of a model, and what was left dense.

    Args:
        groups: those whose channels may be removed, by name.
        fixed: the number of channels that stay and the reason, by the layer that makes them.
        refused: why a layer was not followed, by its path.
        trainable: paths of trainable weights.
        shapes: of the weights by path.
    """

    groups: Mapping[str, ChannelGroup]
    fixed: Mapping[str, tuple[int, str]]
    refused: Mapping[str, str]
    trainable: frozenset[str]
    shapes: Mapping[str, tuple[int, ...]]

    @property
    def output_layers(self) -> list[str]:
        """Paths of the layers whose channels are outputs of the model."""
        return [layer for layer, (_, why) in self.fixed.items() if why == OF_THE_OUTPUT]

    @property
    def num_channels(self) -> int:
        """Channels that may be removed."""
        return sum(g.num_channels for g in self.groups.values())

    def masks(self, kept: Mapping[str, np.ndarray], *, roles: tuple[Role, ...] = ROLES) -> Masks:
        """Masks every trainable weight of the channels that are not kept.

        Args:
            kept: one boolean per channel by the group's name; groups left out keep all.
            roles: which of the members to mask. All of them make a removal exact always; `"out"`
                and `"along"` leave constants behind where an activation of 0 is not 0.

        Returns:
            Masks over the trainable members of all groups.

        Raises:
            ValueError: if a group is unknown or the number of its channels differs; or if the
                model has no channel that may be removed.
        """
        self.check(kept)
        self.require_groups()
        found = {
            m.path: np.ones(self.shapes[m.path], np.bool_)
            for g in self.groups.values()
            for m in g.members
            if m.path in self.trainable and m.role in roles
        }
        for name, keep in kept.items():
            for member in self.groups[name].members:
                if member.path in found:
                    gone = np.isin(member.channels, np.flatnonzero(~np.asarray(keep)))
                    np.moveaxis(found[member.path], member.axis, 0)[gone] = False
        return Masks(found)

    def require_groups(self) -> None:
        """Raises `ValueError`, with the reasons, if no channel may be removed."""
        if not self.groups:
            raise ValueError(
                f"`model` must have channels that may be removed; it has none.\n{self}"
            )

    def check(self, per_channel: Mapping[str, Any]) -> None:
        """Raises `ValueError` unless arrays are `per_channel` of groups of this model."""
        wrong = {
            name: np.shape(array)
            for name, array in per_channel.items()
            if name not in self.groups or np.shape(array) != (self.groups[name].num_channels,)
        }
        if wrong:
            known = {n: g.num_channels for n, g in self.groups.items()}
            raise ValueError(
                "there must be one entry per channel of a group of this model. Received:"
                f" {wrong}; the groups are {known}"
            )

    def __str__(self) -> str:
        lines = [f"{self.num_channels} channels in {len(self.groups)} groups:"]
        lines += [f"  {g!r}" for g in self.groups.values()]
        lines += [f"  {name}: {n} stay, {why}" for name, (n, why) in self.fixed.items()]
        lines += [f"not followed: {layer}: {why}" for layer, why in self.refused.items()]
        return "\n".join(lines)


def channel_graph(model: Any) -> Graph:
    """Finds the channel groups of a model.

    Args:
        model: a built functional or Sequential model of either Keras; models inside it, shared
            layers and several inputs and outputs are followed. The channels of its inputs and
            outputs are never removed, nor those that a layer touches which is not followed.

    Returns:
        A `Graph`.

    Raises:
        ValueError: if the model is subclassed or not built.
    """
    return graph_of(model, follow(model))


def graph_of(model: Any, record: Record) -> Graph:
    """Describes what following a model has found.

    Args:
        model: the model.
        record: what was found out about it.
    """
    variables = weights.variables(model)
    ids = {id(v) for v in model.trainable_variables}
    trainable = frozenset(p for p, v in variables.items() if id(v) in ids)
    return Graph(
        *_grouped(record),
        refused=_refusals(record, trainable),
        trainable=trainable,
        shapes={p: tuple(v.shape) for p, v in variables.items()},
    )


def _refusals(record: Record, paths: Iterable[str]) -> dict[str, str]:
    """Returns why layers were not followed, where that makes a difference."""
    marked = {path for path, _ in record.axes}
    paths = [p for p in paths if p not in marked]
    pinned, found = set(record.channel_sets.pinned().values()), {}
    for layer, reason in record.refused.items():
        has_weights = any(p.startswith(f"{layer}/") for p in paths)
        if has_weights or f"{layer}: {reason}" in pinned:
            found[layer] = reason
    return found


def _grouped(record: Record) -> tuple[dict[str, ChannelGroup], dict[str, tuple[int, str]]]:
    """Divides the channels by the weights that make them; those that stay are counted."""
    classes, pinned = record.channel_sets.classes(), record.channel_sets.pinned()
    groups: dict[tuple[str, ...], list[int]] = {}
    fixed: dict[str, tuple[int, str]] = {}
    for paths, channels in record.makers(classes).items():
        free = [one for one in channels if one not in pinned]
        if free:
            groups[paths] = free
        for one in set(channels) - set(free):
            count = fixed.get(_layer(paths[0]), (0, ""))[0] + 1
            fixed[_layer(paths[0])] = (count, pinned[one])
    return _all_of(_named(groups), record, classes), fixed


def _named(groups: dict[tuple[str, ...], list[int]]) -> dict[str, list[int]]:
    """Names each group after the first layer that makes it, numbered where that is not unique."""
    named: dict[str, list[int]] = {}
    for paths, channels in groups.items():
        name, number = _layer(paths[0]), 1
        while name in named:
            name, number = f"{_layer(paths[0])}:{number}", number + 1
        named[name] = channels
    return named


def _layer(path: str) -> str:
    return path.rpartition("/")[0] or path


def _all_of(
    named: dict[str, list[int]], record: Record, classes: np.ndarray
) -> dict[str, ChannelGroup]:
    """Lists the weights that each group runs along, in one pass over all weights."""
    owner, number = np.full(classes.size, -1), np.full(classes.size, -1)
    for index, channels in enumerate(named.values()):
        owner[channels], number[channels] = index, np.arange(len(channels))
    members: list[list[Member]] = [[] for _ in named]
    for (path, axis), found in record.axes.items():
        ones = classes[found.channels]
        owners = owner[ones]
        for index in np.unique(owners[owners >= 0]):
            channels = np.where(owners == index, number[ones], -1)
            members[index].append(Member(path, axis, found.role, channels))
    zipped = zip(named.items(), members, strict=True)
    return {n: ChannelGroup(n, len(channels), tuple(own)) for (n, channels), own in zipped}
