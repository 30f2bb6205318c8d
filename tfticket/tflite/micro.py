"""micro: does a TFLite file run on a microcontroller, and what does it need there?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tfticket.files import Plain
from tfticket.tflite import graph
from tfticket.tflite.file import File, Operator, Subgraph
from tfticket.tflite.memory_plan import activation_bytes
from tfticket.tflite.micro_operators import MICRO_OPERATORS, TYPES, adder

__all__ = ["Micro", "Obstacle", "micro"]

_KERNELS = {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV", "SVDF"}
_SPACES = {"SPACE_TO_BATCH_ND", "BATCH_TO_SPACE_ND"}
_EXPORT = "export with sparse='none'"
_SPARSE = (
    "reads a sparse weight. The runtime knows of no sparsity: it takes what is stored for the dense"
    f" weight, reads beyond its end and says nothing. Garbage: {_EXPORT}"
)
_HYBRID = (
    "has {weights} weights and {inputs} activations, for which there is no kernel: export with"
    " weights='int8', or 'float32'"
)
_HALF = "has float16 weights, which the runtime cannot unpack: export with weights='int8'"
_UNKNOWN = "is no operator of the runtime: build the model without it"
_DENSIFY = f"unpacks sparse weights and is no operator of the runtime: {_EXPORT}"
_TYPE = "writes {written}, and the runtime's kernel knows {known}: build the model without it"
_FIXED = "build the model for one example, Input(batch_shape=(1, …))"
_OPEN_FILL = f"has a shape that is computed, and the runtime takes constants alone: {_FIXED}"
_OPEN_BATCH = (
    "moves positions into the batch, whose size is open: the runtime takes it for 1 and says"
    f" nothing. Garbage: {_FIXED}"
)
_EXTERNAL = "has its weights behind its tables, as files above 2 GB have them"


@dataclass(frozen=True)
class Obstacle:
    """Why a file does not run on a microcontroller.

    Args:
        operator: the name of what is in the way; empty for the whole file.
        reason: what is the matter and what to do.
        is_silent: whether the runtime says nothing and computes garbage.
    """

    operator: str
    reason: str
    is_silent: bool = False


@dataclass(frozen=True)
class Micro(Plain):
    """What a TFLite file needs on a microcontroller.

    Args:
        path: of the file.
        file_bytes: of flash.
        operators: how often each operator occurs.
        obstacles: why it does not run; none means that none of the known cases applies.
        activation_bytes: of RAM for activations alone, one example at a time, planned as the
            runtime does; kernels and the runtime take more. `None` where it cannot be known.
    """

    path: str
    file_bytes: int
    operators: dict[str, int]
    obstacles: tuple[Obstacle, ...]
    activation_bytes: int | None

    @property
    def resolver(self) -> tuple[str, ...]:
        """Methods of `MicroMutableOpResolver` that add what the file uses."""
        return tuple(adder(name) for name in self.operators if name in MICRO_OPERATORS)

    def __str__(self) -> str:
        room = "cannot be known from the file"
        if self.activation_bytes is not None:
            room = f"{self.activation_bytes:,} bytes, and what kernels and the runtime take"
        used = ", ".join(f"{name} x{count}" for name, count in self.operators.items())
        lines = [
            f"{self.path} on a microcontroller: {self.file_bytes:,} bytes of flash",
            f"  RAM for activations: {room}",
            f"  operators: {used}",
        ]
        lines += [f"  obstacle: {o.operator or 'the file'} {o.reason}" for o in self.obstacles]
        return "\n".join(lines if self.obstacles else [*lines, "  obstacles: none known"])


def micro(path: str | Path) -> Micro:
    """Says whether a TFLite file runs on LiteRT for Microcontrollers, and in how much memory.

    The file is parsed, never run: `litert.embed` runs it on that runtime where it is installed.

    Args:
        path: of any TFLite file.

    Returns:
        A `Micro`.

    Raises:
        CorruptFileError: if the file is damaged.
        MissingDependencyError: without `ai-edge-litert`.
    """
    file = File.read(path)
    found = [Obstacle("", _EXTERNAL)] if file.has_external_data else []
    for subgraph in file.subgraphs:
        found += [o for operator in subgraph.operators for o in _obstacles(subgraph, operator)]
    room = activation_bytes(file.subgraphs[0]) if len(file.subgraphs) == 1 else None
    operators = graph.count_operators(file)
    return Micro(str(path), len(file.blob), operators, tuple(dict.fromkeys(found)), room)


def _obstacles(subgraph: Subgraph, operator: Operator) -> Iterator[Obstacle]:
    name, read = operator.name, [subgraph.tensors[t] for t in operator.reads]
    if name not in MICRO_OPERATORS:
        yield Obstacle(name, _DENSIFY if name == "DENSIFY" else _UNKNOWN)
    elif any(tensor.sparsity is not None for tensor in read):
        yield Obstacle(name, _SPARSE, is_silent=True)
    written = [subgraph.tensors[t] for t in operator.writes]
    known = TYPES.get(name)
    if known and written and written[0].type not in known:
        yield Obstacle(name, _TYPE.format(written=written[0].type, known=", ".join(sorted(known))))
    if name == "FILL" and read and not read[0].is_constant:
        yield Obstacle(name, _OPEN_FILL)
    if name in _SPACES and any(min(t.signature, default=1) < 0 for t in (*read, *written)):
        yield Obstacle(name, _OPEN_BATCH, is_silent=True)
    if name == "DEQUANTIZE" and read and read[0].type == "float16":
        yield Obstacle(name, _HALF)
    if name in _KERNELS and len(read) > 1:
        inputs, weights = _activation_and_weights(name, read)
        if inputs == "float32" and weights in ("int8", "int4"):
            yield Obstacle(name, _HYBRID.format(weights=weights, inputs=inputs))


def _activation_and_weights(name: str, read: list) -> tuple[str, str]:
    """Types of the two; a transposed convolution is given its shape first."""
    images, weights = (read[2], read[1]) if name == "TRANSPOSE_CONV" else (read[0], read[1])
    return images.type, weights.type
