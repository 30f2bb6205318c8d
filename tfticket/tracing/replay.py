"""Runs a traced TensorFlow function again: on other values, in float64, by other rules.

A Keras model traced once is a list of operations. Replaying them one by one inside another
function needs nothing of Keras and leaves the model alone, so it works for every kind of model:
Sequential, functional, nested, shared, subclassed. Every floating-point type becomes float64,
variables become arguments, and a rule may replace what an operation does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tfticket._lazy import tf
from tfticket.tracing.operations import RULES, Node, Rule, repeated

__all__ = ["Program", "run"]

_CALLS = ("PartitionedCall", "StatefulPartitionedCall")
_LOOPS = ("StatelessWhile", "While")
_BRANCHES = ("If", "StatelessIf")
_INDEPENDENT = ("OnesLike", "Rank", "Shape", "ShapeN", "Size", "StopGradient", "ZerosLike")


@dataclass(frozen=True)
class Program:
    """A traced function and all functions it calls, without the graph they came from.

    Attributes:
        main: definition of the function itself; its arguments are inputs, then captured values.
        library: definitions by name of the functions called.
    """

    main: Any
    library: Mapping[str, Any]

    @classmethod
    def of(cls, concrete: Any) -> Program:
        """Takes the program out of a concrete function."""
        library = concrete.graph.as_graph_def().library.function
        return cls(concrete.function_def, {f.signature.name: f for f in library})


@dataclass
class _Replay:
    """A program, the rules by which it runs, and which tensors depend on the example."""

    program: Program
    rules: Mapping[str, Rule]
    varying: dict[int, Any] = field(default_factory=dict)

    def run(self, function: Any, arguments: Sequence[Any], is_main: bool = False) -> list[Any]:
        names = [a.name for a in function.signature.input_arg]
        frame = _Frame(dict(zip(names, arguments, strict=True)))
        for definition in _needed(function):
            inputs = [frame.value(r) for r in definition.input if not r.startswith("^")]
            flags = tuple(id(i) in self.varying for i in inputs)
            outputs = self.outputs(Node(definition, function, is_main, flags), inputs)
            if any(flags):
                self.mark(t for tensors in outputs.values() for t in tensors)
            frame.outputs[definition.name] = outputs
        return [frame.value(function.ret[r.name]) for r in function.signature.output_arg]

    def mark(self, tensors: Iterable[Any]) -> None:
        """Notes that tensors depend on the example; truth values and sizes carry no flow."""
        flowing = [t for t in tensors if t.dtype != tf.bool and t.op.type not in _INDEPENDENT]
        self.varying.update({id(t): t for t in flowing})

    def outputs(self, node: Node, inputs: list) -> dict[str, list]:
        """Runs one node; returns its outputs by name, or under no name where it has only one."""
        if node.op in _CALLS:
            return {"": self.call(node, inputs)}
        if node.op in _LOOPS:
            return {"": self.loop(node, inputs)}
        if node.op in _BRANCHES:
            return {"": self.branch(node, inputs)}
        if node.op in self.rules:
            return {"": [self.rules[node.op](node, inputs)]}
        return repeated(node, inputs)

    def called(self, node: Node, attribute: str) -> Any:
        return self.program.library[node.definition.attr[attribute].func.name]

    def call(self, node: Node, inputs: list) -> list:
        function = self.called(node, "f")

        def body(*values: Any) -> list:
            self.mark(v for v, i in zip(values, inputs, strict=True) if id(i) in self.varying)
            return self.run(function, values)

        if node.definition.attr["_XlaMustCompile"].b:  # so Keras runs grouped convolutions
            body = tf.function(body, jit_compile=True, autograph=False)
        return list(body(*inputs))

    def branch(self, node: Node, inputs: list) -> list:
        then, other = self.called(node, "then_branch"), self.called(node, "else_branch")
        return tf.cond(
            inputs[0], lambda: self.run(then, inputs[1:]), lambda: self.run(other, inputs[1:])
        )

    def loop(self, node: Node, inputs: list) -> list:
        """Replays a while loop; what its body hands on unchanged is not carried round it."""
        condition, body = self.called(node, "cond"), self.called(node, "body")
        names = [a.name for a in body.signature.input_arg]
        results = [_source(body, body.ret[r.name]) for r in body.signature.output_arg]
        carried = [i for i, n in enumerate(names) if results[i] != n]
        shapes = node.attribute("output_shapes") or [tf.TensorShape(None)] * len(inputs)  # pyright: ignore[reportArgumentType]

        def everything(values: Sequence[Any]) -> list:
            known = dict(zip(carried, values, strict=True))
            return [known.get(i, v) for i, v in enumerate(inputs)]

        def step(*values: Any) -> list:
            self.mark(values)
            after = self.run(body, everything(values))
            return [after[i] for i in carried]

        final = tf.while_loop(
            lambda *values: self.run(condition, everything(values))[0],
            step,
            [inputs[i] for i in carried],
            shape_invariants=[shapes[i] for i in carried],
        )
        return everything(final)


@dataclass
class _Frame:
    """The values that a running function knows so far."""

    arguments: dict[str, Any]
    outputs: dict[str, dict[str, list]] = field(default_factory=dict)

    def value(self, reference: str) -> Any:
        """Looks up `argument` or `node:output:index`."""
        name, _, place = reference.partition(":")
        if not place:
            return self.arguments[name]
        output, _, index = place.partition(":")
        outputs = self.outputs[name]
        return outputs["" if "" in outputs else output][int(index)]


def run(
    program: Program, inputs: Sequence[Any], captured: Sequence[Any], rules: Mapping[str, Rule]
) -> list[Any]:
    """Replays a program inside the function that is being traced now.

    Side effects, such as assignments to variables, are left out: only what the results need runs.

    Args:
        program: what to replay.
        inputs: one tensor per input of the traced function; floats in float64.
        captured: what it captured: variables as tensors of their values, floats in float64.
        rules: by kind of operation, what to do instead of it.

    Returns:
        The results, in the order in which the function returned them.

    Raises:
        ValueError: if an operation does not exist in float64.
    """
    replay = _Replay(program, {**RULES, **rules})
    replay.mark(inputs)
    return replay.run(program.main, [*inputs, *captured], is_main=True)


def _needed(function: Any) -> list[Any]:
    """Lists the nodes that the results need, sources first."""
    nodes = {n.name: n for n in function.node_def}
    sources = {
        name: [s for r in node.input if (s := r.partition(":")[0]) in nodes]
        for name, node in nodes.items()
    }
    ordered: dict[str, Any] = {}
    stack = [s for r in function.ret.values() if (s := r.partition(":")[0]) in nodes]
    while stack:
        waiting = [s for s in sources[stack[-1]] if s not in ordered]
        if waiting:
            stack.extend(waiting)
        else:
            name = stack.pop()
            ordered.setdefault(name, nodes[name])
    return list(ordered.values())


def _source(function: Any, reference: str) -> str:
    """Follows a reference back through `Identity` operations."""
    nodes = {n.name: n for n in function.node_def}
    while (node := nodes.get(reference.partition(":")[0])) is not None and node.op == "Identity":
        reference = node.input[0]
    return reference
