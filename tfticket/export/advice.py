"""Before pruning: which weights could become smaller, which faster, and pruned in which way."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from tfticket import _keras, layouts, weights
from tfticket.errors import ExportError
from tfticket.export.checks import require_exportable
from tfticket.export.convert import dense_tflite
from tfticket.export.signature import signature
from tfticket.files import Plain
from tfticket.kinds import kinds
from tfticket.tflite import csr, xnnpack
from tfticket.tflite.encoder import DENSIFY_BYTES, DIRECT_SPARSITY, TABLE_BYTES

__all__ = ["Advice", "Way", "WeightAdvice", "advise", "break_even"]

ANY_CPU = "any CPU"
PHONES = "ARM, and x86 without AVX"
BLOCK_SPARSITY = 0.8
PHONE_SPARSITY = 0.68  # XNNPACK asks for more than two thirds of 1x1 and Dense kernels together

NOTE_CHANNEL = "removed channels are the one speed-up that works everywhere and needs no kernel"
NOTE_INT8 = "int8 dense is faster than any float32 sparse file of this size: export it, too"
NOTE_PHONE = {
    "none": "XNNPACK's sparse 1x1 convolutions do not apply: nothing but what they take must lead"
    " from a 3x3 stride-2 convolution on 3 channels, padded by 1, to a global average or"
    " DEPTH_TO_SPACE. `export.phone_ready` rewrites MobileNets",
    "sound": "XNNPACK's sparse 1x1 convolutions apply, on ARM and on x86 without AVX",
    "unsound": "all weights that must be unpacked stay dense once more than two thirds of the 1x1"
    " and Dense kernels are zero. {reason}",
}


@dataclass(frozen=True)
class Way:
    """One way to make a layer faster.

    Args:
        granularity: what is pruned together: `"block (4, 1)"` is four inputs of one output.
        from_sparsity: the sparsity from which it was measured to pay.
        cpu: where.
    """

    granularity: str
    from_sparsity: float
    cpu: str

    def __str__(self) -> str:
        return f"{self.granularity} from {self.from_sparsity:g} ({self.cpu})"


@dataclass(frozen=True)
class WeightAdvice:
    """What pruning one weight could bring.

    Args:
        path: of the weight.
        kind: what reads it in a TFLite file.
        shape: in Keras' order.
        smaller_from: sparsity from which it is smaller in a float32 file; `None` for never.
        smaller_from_float16: the same in a float16 file.
        faster: ways to make its layer faster; none but removed channels for most.
        note: what stands against it.
    """

    path: str
    kind: str
    shape: tuple[int, ...]
    smaller_from: float | None
    smaller_from_float16: float | None
    faster: tuple[Way, ...]
    note: str = ""


@dataclass(frozen=True)
class Advice(Plain):
    """What pruning a model could bring in a TFLite file.

    Args:
        weights: a row per prunable weight.
        notes: what holds for all of them.
    """

    weights: tuple[WeightAdvice, ...]
    notes: tuple[str, ...]

    def __str__(self) -> str:
        lines = []
        for row in self.weights:
            shape = "x".join(map(str, row.shape))
            size = f"smaller from {_text(row.smaller_from)}"
            half = f"(float16: {_text(row.smaller_from_float16)})"
            ways = "; ".join(map(str, row.faster)) or "faster by removed channels only"
            note = f"; {row.note}" if row.note else ""
            lines.append(f"  {row.path}  {shape}  {row.kind}: {size} {half}; {ways}{note}")
        return "\n".join(["weights:", *lines, *(f"  note: {note}" for note in self.notes)])


def advise(model: Any) -> Advice:
    """Says what pruning could bring, weight by weight, before anything is pruned.

    The model is converted once, because what phones do depends on the whole graph. Sparsities
    "from" which something pays are break-even points of our encoder for size; for speed they were
    measured on x86, and counted in instructions on ARM.

    Args:
        model: of either Keras, built; subclassed models cannot be asked for their inputs.

    Returns:
        An `Advice`.

    Raises:
        ValueError: if the model is not built, is wrapped, or has nothing to prune.
        MissingDependencyError: without `ai-edge-litert`.
    """
    require_exportable(model)
    cluster, notes = _cluster(model)
    found = weights.prunable_weights(model).variables
    known = layouts.layouts(model, found)
    owners = {
        f"{path}/{name}" if path else name: (layer, name)
        for path, layer, own in _keras.walk(model)
        for name, _ in own
    }
    rows = tuple(
        _advise(path, tuple(v.shape), known[path], _kind(*owners[path], tuple(v.shape)), cluster)
        for path, v in found.items()
    )
    return Advice(rows, (*notes, NOTE_CHANNEL, NOTE_INT8))


def break_even(num_rows: int, width: int, itemsize: int) -> float | None:
    """Returns the sparsity from which a weight is smaller encoded, tables included.

    Args:
        num_rows: rows of the weight as stored.
        width: of a row: its inputs.
        itemsize: bytes per value.

    Returns:
        The sparsity, rounded up to a hundredth; `None` if even an empty weight is larger.

    Examples:
        >>> break_even(300, 784, itemsize=4)
        0.34
        >>> break_even(4, 10, itemsize=4) is None
        True
    """
    size = num_rows * width
    for percent in range(100):
        kept = math.ceil(size * (100 - percent) / 100)
        bound = csr.csr_bound((num_rows, width), kept, itemsize)
        if bound + TABLE_BYTES + DENSIFY_BYTES < size * itemsize:
            return percent / 100
    return None


def _cluster(model: Any) -> tuple[xnnpack.Cluster, list[str]]:
    try:
        dense = dense_tflite(model, signature(model))
    except ExportError as error:
        return xnnpack.Cluster("none"), [f"this model has no TFLite file yet. {error}"]
    found = xnnpack.cluster(dense, "enough")
    return found, [NOTE_PHONE[found.state].format(reason=found.reason)]


def _advise(
    path: str, shape: tuple[int, ...], layout: Any, kind: str, cluster: xnnpack.Cluster
) -> WeightAdvice:
    width = math.prod(shape[axis] for axis in layout.inputs) or 1
    if not layout.inputs:  # depthwise: stored with its channels last
        width = shape[-2] * shape[-1]
    num_rows = math.prod(shape) // width
    is_hidden = cluster.state == "unsound"
    is_half_unsafe = is_hidden or kind == "transposed convolution"
    return WeightAdvice(
        path=path,
        kind=kind,
        shape=shape,
        smaller_from=None if is_hidden else break_even(num_rows, width, 4),
        smaller_from_float16=None if is_half_unsafe else break_even(num_rows, width, 2),
        faster=_ways(kind, width, cluster),
        note=_note(kind, width, is_hidden),
    )


def _ways(kind: str, width: int, cluster: xnnpack.Cluster) -> tuple[Way, ...]:
    if kind == "Dense":
        blocks = (Way("block (4, 1)", BLOCK_SPARSITY, ANY_CPU),) if width % csr.BLOCK == 0 else ()
        return (*blocks, Way("weight", DIRECT_SPARSITY, ANY_CPU))
    if kind == "1x1 convolution" and cluster.state == "sound":
        return (Way("weight", PHONE_SPARSITY, PHONES),)
    return ()


def _note(kind: str, width: int, is_hidden: bool) -> str:
    if kind == "Dense" and width % csr.BLOCK:
        return f"{width} inputs are no multiple of {csr.BLOCK}: no blocks"
    if kind == "recurrent":
        return "needs a fixed number of steps and `unroll=True`"
    if kind == "transposed convolution":
        return "float16 stays dense (G7)"
    return "stays dense beside convolutions that phones rewrite" if is_hidden else ""


def _kind(layer: Any, name: str, shape: tuple[int, ...]) -> str:
    classes = kinds(layer)
    if "recurrent" in name or any(c.endswith(("LSTMCell", "GRUCell", "RNNCell")) for c in classes):
        return "recurrent"
    if any(c.endswith("Transpose") for c in classes):
        return "transposed convolution"
    if "depthwise" in name or any(c.startswith("Depthwise") for c in classes):
        return "depthwise convolution"
    if any("Conv" in c for c in classes):
        return "1x1 convolution" if math.prod(shape[:-2]) == 1 else "convolution"
    return "Dense" if "Dense" in classes else "other"


def _text(sparsity: float | None) -> str:
    return "never" if sparsity is None else f"{sparsity:.2f}"
