"""What becomes of a graph when XNNPACK computes parts of it channel by channel.

XNNPACK joins operators that can stay channels first into clusters, backwards from those that can
leave. A cluster is given up if one of its images comes from, or also goes to, what cannot take it,
or if too few of its weights are zero. What is not asked is whether the last operators of a cluster
can leave. Where they cannot, they read channels first and write as if these came last: garbage.

The clusters depend on the order of the operators, so they are found in the same order here.

References:
    - XNNPACK, `xnn_subgraph_rewrite_for_nchw`:
      https://github.com/google/XNNPACK/blob/master/src/subgraph.c
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass

from tfticket.tflite.channelwise import ZEROS_DENOMINATOR, ZEROS_NUMERATOR

__all__ = ["Node", "Rewriting", "rewriting"]


@dataclass(frozen=True)
class Node:
    """One operator as the rewriting sees it.

    Args:
        operator: its place in the subgraph.
        inputs: images it reads, constants left out.
        outputs: what it writes.
        roles: some of `"enter"`, `"stay"` and `"leave"`; none for an operator that stops.
        is_right_last: whether it writes channels last as it should after it read them first.
        is_right_first: whether it writes channels first as it should.
        num_weights: of a 1x1 or Dense kernel, else 0.
        num_zeros: of these.
    """

    operator: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    roles: frozenset[str] = frozenset()
    is_right_last: bool = False
    is_right_first: bool = True
    num_weights: int = 0
    num_zeros: int = 0

    @property
    def is_member(self) -> bool:
        """Whether it can be in a cluster."""
        return bool(self.roles & {"stay", "leave"})


@dataclass(frozen=True)
class Rewriting:
    """What was rewritten.

    Args:
        members: operators that read channels first.
        broken: the first operator that gets or gives an image in the wrong layout; -1 if none.
    """

    members: tuple[int, ...] = ()
    broken: int = -1


def rewriting(nodes: Sequence[Node], outside: Set[int]) -> Rewriting:
    """Finds what is rewritten in one part of a graph that XNNPACK is given.

    Args:
        nodes: in the order they run.
        outside: images that come from, or go to, other parts.

    Returns:
        A `Rewriting`; nothing is rewritten where no operator leaves.
    """
    clusters = _Clusters(nodes, outside)
    if not clusters.join():
        return Rewriting()
    clusters.give_up()
    members = clusters.rewritten()
    turned = {image for n in members for image in nodes[n].inputs}
    broken = [
        node.operator for n, node in enumerate(nodes) if _is_broken(node, n in members, turned)
    ]
    return Rewriting(tuple(nodes[n].operator for n in members), min(broken, default=-1))


class _Clusters:
    """Operators by the number of their cluster, which is the highest of its operators'."""

    def __init__(self, nodes: Sequence[Node], outside: Set[int]):
        self._nodes, self._outside = nodes, outside
        self._makers = {image: n for n, node in enumerate(nodes) for image in node.outputs}
        self._readers = Counter(image for node in nodes for image in node.inputs)
        self._leaders = list(range(len(nodes)))
        self._spoilt = [False] * len(nodes)
        self._leaves = ["leave" in node.roles for node in nodes]

    def join(self) -> bool:
        """Joins operators to clusters; tells whether there is any."""
        changed = [self._visit(n) for n in range(len(self._nodes)) if self._leaves[n]]
        if not any(changed):
            return False
        while any(changed):
            changed = [self._visit(n) for n in self._members() if not self._spoilt[n]]
        return True

    def give_up(self) -> None:
        """Marks clusters with an operator or an image that cannot be turned."""
        for n in range(len(self._nodes)):
            self._spoilt[self._leaders[n]] |= self._spoilt[n]
        kept = [n for n in self._members() if not self._is_given_up(n)]
        turned = Counter(image for n in kept for image in self._nodes[n].inputs)
        for n in kept:
            images = () if self._is_given_up(n) else self._nodes[n].inputs
            if any(turned[image] != self._readers[image] for image in images):
                self._spoilt[self._leaders[n]] = True

    def rewritten(self) -> list[int]:
        """Lists the operators of clusters that remain and have enough zeros."""
        weights: Counter[int] = Counter()
        zeros: Counter[int] = Counter()
        for n, node in enumerate(self._nodes):
            if not self._is_given_up(n):
                weights[self._leaders[n]] += node.num_weights
                zeros[self._leaders[n]] += node.num_zeros
        return [
            n
            for n in self._members()
            if not self._is_given_up(n)
            and zeros[leader := self._leaders[n]] * ZEROS_DENOMINATOR
            > weights[leader] * ZEROS_NUMERATOR
        ]

    def _members(self) -> list[int]:
        found = enumerate(self._nodes)
        return [n for n, node in found if "stay" in node.roles or self._leaves[n]]

    def _is_given_up(self, n: int) -> bool:
        return self._spoilt[self._leaders[n]]

    def _visit(self, n: int) -> bool:
        """Joins an operator with those it reads from; one that cannot take part spoils it."""
        changed = False
        for image in self._nodes[n].inputs:
            maker = -1 if image in self._outside else self._makers.get(image, -1)
            is_taken = maker >= 0 and bool(self._nodes[maker].roles & {"enter", "stay"})
            if not is_taken or self._spoilt[maker]:
                self._spoilt[n] = True
                continue
            self._leaves[maker] = False
            if self._leaders[maker] != self._leaders[n]:
                self._leaders[maker] = self._leaders[n] = max(
                    self._leaders[maker], self._leaders[n]
                )
                changed = True
        return changed


def _is_broken(node: Node, is_member: bool, turned: Set[int]) -> bool:
    is_written_first = any(image in turned for image in node.outputs)
    if not is_member:
        reads = any(image in turned for image in node.inputs)
        return reads or (is_written_first and "enter" not in node.roles)
    if is_written_first:
        return not (node.is_right_first and "stay" in node.roles)
    return not node.is_right_last
