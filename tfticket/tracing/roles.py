"""What an operation does in its function: makes the output, opens a gate, or neither."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tfticket.tracing.operations import Node

__all__ = ["heads", "is_gate", "is_head", "is_self_gate"]

#: These hand numbers on as they are.
_PASSING = {
    "Cast",
    "ExpandDims",
    "Identity",
    "IdentityN",
    "Pack",
    "Reshape",
    "Squeeze",
    "Transpose",
}
_SCALING = {"AddV2", "Mul", "RealDiv"}


def heads(function: Any) -> list[Any]:
    """Returns the node that makes each result of a function, or `None` for an argument.

    Reshaping and copying on the way out is looked through.

    Args:
        function: definition of the function.
    """
    nodes = {n.name: n for n in function.node_def}
    return [
        nodes.get(_name(_made_by(nodes, function.ret[r.name], _PASSING)))
        for r in function.signature.output_arg
    ]


def is_head(node: Node) -> bool:
    """Tells whether an operation makes one of the model's outputs."""
    return node.is_main and any(h is not None and h.name == node.name for h in heads(node.function))


def is_gate(node: Node) -> bool:
    """Tells whether the output, scaled at most, is multiplied with something that varies.

    So are the gates of recurrent cells and of squeeze-and-excitation blocks.
    """
    return next(_products(node), None) is not None


def is_self_gate(node: Node) -> bool:
    """Tells whether the output is multiplied with its own input, as in `x·sigmoid(x)`."""
    nodes = {n.name: n for n in node.function.node_def}
    own = _made_by(nodes, node.definition.input[0], _PASSING | _SCALING)
    return any(_made_by(nodes, r, _PASSING | _SCALING) == own for r in _products(node))


def _products(node: Node) -> Iterator[str]:
    """Yields the other factors of the products which an operation's output enters."""
    nodes = {n.name: n for n in node.function.node_def}
    reached, fresh = set(), {node.name}
    while fresh:
        reached |= fresh
        users = [n for n in nodes.values() if any(_name(r) in fresh for r in n.input)]
        fresh = set()
        for user in users:
            others = [r for r in user.input if _name(r) not in reached]
            if user.op in _PASSING or (user.op in _SCALING and _constant(nodes, others)):
                fresh.add(user.name)
            elif user.op == "Mul" and others:
                yield others[0]
        fresh -= reached


def _made_by(nodes: dict, reference: str, passing: set[str]) -> str:
    """Follows a reference back through operations that hand it on, or scale it by a constant."""
    while (node := nodes.get(_name(reference))) is not None and node.op in passing:
        varying = [r for r in node.input if not _constant(nodes, [r])]
        if node.op in _SCALING and len(varying) != 1:
            break
        position = int(reference.rpartition(":")[2]) if node.op == "IdentityN" else 0
        reference = varying[0] if node.op in _SCALING else node.input[position]
    return reference


def _constant(nodes: dict, references: list[str]) -> bool:
    """Tells whether all of these are the same for every example: constants and variables."""
    waiting, seen = [_name(r) for r in references], set()
    while waiting:
        name = waiting.pop()
        node = nodes.get(name)
        if node is None:
            return False  # an argument that is not read as a variable
        if name not in seen and node.op not in ("Const", "ReadVariableOp"):
            waiting += [_name(r) for r in node.input if not r.startswith("^")]
        seen.add(name)
    return True


def _name(reference: str) -> str:
    return reference.partition(":")[0]
