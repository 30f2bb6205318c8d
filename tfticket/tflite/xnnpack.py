"""Which graphs XNNPACK rewrites for its sparse convolutions, on ARM and on x86 without AVX.

One DENSIFY operator makes XNNPACK look for parts of a graph to compute channel by channel. A part
that it rewrites only to its middle is right on x86 with AVX, and garbage or refused elsewhere. No
machine with AVX can see that, so it is decided on the graph, here: `channelwise` lists what each
operator is to XNNPACK, `rewriting` finds what follows for a graph.

What depends on the version of the runtime is taken either way, and only what is right in every way
is called sound.

References:
    - Elsen et al. 2020, Fast Sparse ConvNets: https://arxiv.org/abs/1911.09723
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from tfticket.tflite import channelwise
from tfticket.tflite.file import File
from tfticket.tflite.rewriting import Node, Rewriting, rewriting
from tfticket.tflite.roles import Roles, Zeros

__all__ = ["Cluster", "cluster", "densify_hazard"]


@dataclass(frozen=True)
class Cluster:
    """What XNNPACK's rewriting for sparse convolutions would find in a graph.

    Args:
        state: `"none"`: nothing to rewrite; `"sound"`: all of it can be; `"unsound"`: only a
            part, so the outputs would be wrong.
        reason: what makes it unsound.
        code: which of the known cases that is, `"G5"` or `"G6"`.
        weights: `(subgraph, tensor)` of the 1x1 kernels inside, unpacked.
        is_certain: whether an unsound one is wrong in every version of the runtime known.
    """

    state: Literal["none", "sound", "unsound"]
    reason: str = ""
    code: str = ""
    weights: tuple[tuple[int, int], ...] = ()
    is_certain: bool = True


def cluster(file: File, zeros: Zeros = "stored", *, only_sparse: bool = False) -> Cluster:
    """Says what XNNPACK would make of a graph that holds a DENSIFY operator.

    Args:
        file: any TFLite file.
        zeros: whether the zeros of the kernels are counted, or said to be enough: XNNPACK rewrites
            only where more than two thirds of the 1x1 and Dense kernels are zero.
        only_sparse: whether to look only at parts that read a weight which is sparse already.

    Returns:
        A `Cluster`: the worst that any subgraph holds.
    """
    found = [
        _of_subgraph(Roles(subgraph, zeros), number, only_sparse)
        for number, subgraph in enumerate(file.subgraphs)
    ]
    for state in ("unsound", "sound"):
        for one in found:
            if one.state == state:
                return one
    return Cluster("none")


def densify_hazard(file: File) -> str:
    """Says why a DENSIFY operator here could go wrong on other CPUs; empty if it cannot."""
    found = cluster(file)
    return f"{found.code}: {found.reason}" if found.state == "unsound" else ""


def _of_subgraph(roles: Roles, number: int, only_sparse: bool) -> Cluster:
    ways = [
        _rewritten(roles, is_given, unsure_stay, only_sparse)
        for is_given in (_is_given, _is_surely_given)
        for unsure_stay in (False, True)
    ]
    broken = [way for way in ways if way.broken >= 0]
    if broken:
        is_certain = len(broken) == len(ways)
        reason, code = _reason(roles, broken[0].broken)
        return Cluster("unsound", reason, code, is_certain=is_certain)
    kernels = tuple(
        (number, kernel)
        for i in ways[0].members
        if roles.names[i] == "CONV_2D" and (kernel := roles.kernel(i)) is not None
    )
    return Cluster("sound", weights=kernels) if kernels else Cluster("none")


def _rewritten(
    roles: Roles, is_given: Callable[[Node, str], bool], unsure_stay: bool, only_sparse: bool
) -> Rewriting:
    nodes = [
        roles.node(i, unsure_stay=unsure_stay)
        for i in range(len(roles.operators))
        if not roles.is_unpacking(i) and not roles.absorbed(i)
    ]
    given = {n.operator for n in nodes if is_given(n, roles.names[n.operator])}
    members, broken = [], -1
    for part in _parts(nodes, given):
        if only_sparse and not any(roles.reads_unpacked(node.operator) for node in part):
            continue
        found = rewriting(part, roles.outside | _shared(nodes, part))
        members += found.members
        broken = broken if broken >= 0 else found.broken
    return Rewriting(tuple(members), broken)


def _parts(nodes: list[Node], given: set[int]) -> Iterator[list[Node]]:
    """Divides a graph as LiteRT does: whatever can run, given to XNNPACK or not, in turn."""
    waiting, made = list(nodes), {image for node in nodes for image in node.outputs}
    while waiting:
        part: list[Node] = []
        for node in waiting:
            is_ready = made.isdisjoint(node.inputs)
            if is_ready and (not part or (part[0].operator in given) == (node.operator in given)):
                part.append(node)
                made.difference_update(node.outputs)
        if not part:  # an image that nothing makes: the rest is as one
            part = waiting
        chosen = {node.operator for node in part}
        waiting = [node for node in waiting if node.operator not in chosen]
        if part[0].operator in given:
            yield part


def _shared(nodes: list[Node], part: list[Node]) -> set[int]:
    """Images that one part makes and another reads."""
    chosen = {node.operator for node in part}
    others = [node for node in nodes if node.operator not in chosen]
    ends = [
        ({i for n in group for i in n.outputs}, {i for n in group for i in n.inputs})
        for group in (part, others)
    ]
    (made, read), (made_outside, read_outside) = ends
    return (made & read_outside) | (made_outside & read)


def _is_given(node: Node, name: str) -> bool:
    return bool(node.roles) or name not in channelwise.NOT_GIVEN


def _is_surely_given(node: Node, name: str) -> bool:
    return name in channelwise.GIVEN


def _reason(roles: Roles, operator: int) -> tuple[str, str]:
    kept = [
        i
        for i, name in enumerate(roles.names)
        if name in channelwise.REDUCTIONS and roles.operators[i].option("keepDims")
    ]
    images = {t for i in kept for t in roles.operators[i].writes}
    name = roles.names[operator]
    is_kept = operator in kept or (
        name in ("CONV_2D", "FULLY_CONNECTED")
        and not images.isdisjoint(roles.images(roles.operators[operator]))
    )
    if is_kept:
        return KEEPDIMS, "G6"
    readers = [
        roles.names[i]
        for i, other in enumerate(roles.operators)
        if set(roles.operators[operator].writes) & set(roles.images(other))
    ]
    after = " and ".join(sorted(set(readers))) or "the end of the graph"
    return f"{OBSTACLE} {after} after {name}", "G5"


OBSTACLE = "phones compute a part of this graph channel by channel beside DENSIFY, but not"
KEEPDIMS = (
    "phones compute this graph channel by channel beside DENSIFY, and go wrong on an average or a"
    " sum that keeps its dimensions: take one that does not, and let Dense or Reshape follow it"
)
