"""Several hundred small networks, each with one thing or a few that XNNPACK may not expect.

The plain one is padded 3x3 entry with stride 2, three times [depthwise 3x3, 1x1], global average,
Dense. A graph names what is different: `middle: max pool`, `head: flatten`, `entry: valid`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import branches
import keras
import numpy as np
import operators

L = keras.layers
PLACES = ("start", "inside", "middle", "end", "aside")
KINDS = ("scalar", "vector", "1x1x1xc", "1x1x1x1", "1xhxwx1", "full")
SPARSITY = 0.8
NUM_MIXED = 90
MIXED_SEED = 11
HELD_OUT_SEED = 12  # first run when the list was finished
EXAMPLES = 3
KERNELS = (L.Conv2D, L.Dense, L.DepthwiseConv2D, L.SeparableConv2D, L.Conv2DTranspose)


@dataclass(frozen=True)
class Graph:
    """One network.

    Args:
        entry: a key of `branches.ENTRIES`.
        odd: what is put where: `(place, operator)`.
        head: a key of `branches.HEADS`.
        sparsity: of each 1x1 kernel.
        weights: type of the weights.
        sparse: which kernels have zeros: `"1x1"`, `"dense"`, both, `"all"` or `"first 1x1"`.
    """

    entry: str = "padded"
    odd: tuple[tuple[str, str], ...] = ()
    head: str = "dense"
    sparsity: float = SPARSITY
    weights: str = "float32"
    sparse: str = "1x1 and dense"

    @property
    def name(self) -> str:
        """What is different from the plain network."""
        plain = Graph()
        words = [f"entry: {self.entry}"] if self.entry != plain.entry else []
        words += [f"{place}: {operator}" for place, operator in self.odd]
        words += [f"head: {self.head}"] if self.head != plain.head else []
        words += [f"{self.sparsity:.0%} zeros"] if self.sparsity != plain.sparsity else []
        words += [f"zeros in {self.sparse}"] if self.sparse != plain.sparse else []
        words += [self.weights] if self.weights != plain.weights else []
        return ", ".join(words) or "plain"


@dataclass
class _Network:
    graph: Graph
    sides: list[Any] = field(default_factory=list)

    def put(self, place: str, x: Any) -> Any:
        for where, name in self.graph.odd:
            if where == place == "aside":
                y = L.GlobalAveragePooling2D()(_operator(name)(x))
                self.sides.append(L.Dense(4)(y))
            elif where == place:
                x = _operator(name)(x)
        return x

    def build(self) -> Any:
        side, channels, entry = branches.ENTRIES[self.graph.entry]
        given = L.Input((side, side, channels), name="input_0")
        x = self.put("start", entry(given))
        for number in range(3):
            x = L.DepthwiseConv2D(3, padding="same", activation="relu")(x)
            x = self.put("inside", x) if number == 1 else x
            x = L.Conv2D(32, 1, activation="relu" if number else None)(x)
            x = self.put("aside", self.put("middle", x)) if number == 1 else x
        head = branches.HEADS[self.graph.head](self.put("end", x))
        outputs = [*(head if isinstance(head, list) else [head]), *self.sides]
        return keras.Model(given, outputs if len(outputs) > 1 else outputs[0])


def build(graph: Graph) -> Any:
    """Makes the network, its weights drawn and some of them set to zero."""
    keras.utils.set_random_seed(0)
    model = _Network(graph).build()
    generator, first = np.random.default_rng(0), True
    for layer in model.layers:
        if not isinstance(layer, KERNELS):
            continue
        values = layer.get_weights()
        for i, value in enumerate(values):
            has_zeros = _has_zeros(value, graph.sparse, first)
            values[i] = drawn(generator, value.shape, graph.sparsity if has_zeros else 0.0)
            first = first and not has_zeros
        layer.set_weights(values)
    return model


def drawn(generator: np.random.Generator, shape: tuple[int, ...], sparsity: float) -> np.ndarray:
    """Weights that neither damp nor blow up what passes, whatever their zeros."""
    if len(shape) == 1:
        return generator.normal(size=shape) * 0.1
    is_depthwise = len(shape) == 4 and shape[0] > 1 and shape[3] <= 2
    fan_in = math.prod(shape[:2]) if is_depthwise else math.prod(shape[:-1])
    kept = generator.random(shape) >= sparsity
    return generator.normal(size=shape) * kept * math.sqrt(2 / (fan_in * (1 - sparsity)))


def examples(model: Any) -> np.ndarray:
    """Inputs to compare on."""
    return branches.numbers((EXAMPLES, *model.input_shape[1:]), seed=1)


def all_graphs() -> list[Graph]:
    """Every graph of the table, the most telling first."""
    names = list(_operators())
    found = [Graph()]
    found += [Graph(head=head) for head in branches.HEADS]
    found += [Graph(entry=entry) for entry in branches.ENTRIES]
    found += [Graph(odd=(("middle", name),)) for name in names]
    found += [Graph(odd=((PLACES[(0, 1, 3, 4)[i % 4]], n),)) for i, n in enumerate(names)]
    found += _mixed(names, MIXED_SEED)
    found += _with_other_zeros()
    found += [Graph(odd=((PLACES[(3, 4, 0, 1)[i % 4]], n),)) for i, n in enumerate(names)]
    # What gives garbage if the entry is one.
    found += [Graph(entry=entry, odd=(("middle", "max pool"),)) for entry in branches.ENTRIES]
    found += _mixed(names, HELD_OUT_SEED)
    return list(dict.fromkeys(found))


def _with_other_zeros() -> list[Graph]:
    odd = ("max pool", "3x3", "add scalar", "mul vector", "1x1 groups 4", "squeeze kept", "relu")
    placed = [(("middle", name),) for name in odd]
    found = [Graph(odd=o, sparsity=s) for o in placed for s in (0.5, 0.6, 0.7, 0.95)]
    found += [Graph(odd=o, weights="float16") for o in placed]
    found += [Graph(odd=o, sparse=s) for o in placed for s in ("1x1", "dense", "all", "first 1x1")]
    heads = ("kept, 1x1, flatten", "flatten", "two dense", "depth to space", "1x1", "sum, dense")
    return found + [Graph(head=head, weights="float16") for head in heads]


def _mixed(names: list[str], seed: int) -> list[Graph]:
    generator = np.random.default_rng(seed)
    heads, entries = list(branches.HEADS), list(branches.ENTRIES)
    found = []
    for _ in range(NUM_MIXED):
        places = generator.permutation(PLACES)[: generator.integers(1, 4)]
        odd = tuple((str(p), str(generator.choice(names))) for p in sorted(places))
        entry = str(generator.choice(entries)) if generator.random() < 0.3 else "padded"
        found.append(Graph(entry, odd, str(generator.choice(heads))))
    return found


def _operators() -> dict[str, operators.Operator]:
    found = {**operators.UNARY, **operators.NORMALISING, **operators.convolutions()}
    found |= {f"{op} {kind}": _combined(op, kind) for op in operators.BINARY for kind in KINDS}
    return found | operators.SHAPING | branches.BRANCHES


def _operator(name: str) -> operators.Operator:
    return _operators()[name]


def _combined(operator: str, kind: str) -> operators.Operator:
    return lambda x: operators.BINARY[operator](x, operators.shapes(x)[kind])


def _has_zeros(kernel: np.ndarray, which: str, is_first: bool) -> bool:
    is_pointwise = kernel.ndim == 4 and kernel.shape[:2] == (1, 1)
    if kernel.ndim < 2:
        return False
    if which == "first 1x1":
        return is_pointwise and is_first
    is_named = ("1x1" in which and is_pointwise) or ("dense" in which and kernel.ndim == 2)
    return which == "all" or is_named
