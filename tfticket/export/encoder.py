"""Our own sparse encoder: a dense TFLite file in, one with sparse weights out.

The converter's own sparsity flag drops inputs, writes NaN and makes files larger; this encoder
never uses it. Per weight it takes compressed sparse rows where that is smaller than dense:

    storage   read by a DENSIFY operator, which unpacks at load time: outputs are bit-equal to
              those of the dense file, as fast, with more memory and a slower load
    compute   read by the Dense kernel itself, in 1x4 blocks or value by value; float32 only

Float16 weights are only ever unpacked, and integers stay dense: runtimes read sparse integers
wrongly or not at all, and slowly where they do. A weight that cannot be encoded stays dense and
its row says why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from tfticket.export import csr, flatbuffer, graph, sparsity, xnnpack
from tfticket.export.report import Reader, TensorEncoding
from tfticket.export.rewrite import Rewriter

Layout = Literal["auto", "none", "storage", "compute"]
DIRECT_SPARSITY = 0.95  # below it the elementwise kernel is slower than the dense one
# What a sparse weight adds beside values, segments and indices: the measured maximum, rounded up.
TABLE_BYTES = 160
DENSIFY_BYTES = 176
FLOATS = ("float32", "float16")
READABLE = {"FULLY_CONNECTED", "CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV"}

REASON_INTEGER = "integers stay dense: sparse ones are read wrongly, slowly or not at all (G3, G4)"
REASON_MIXED = "the file computes with rounded activations: all its weights stay dense (G3)"
REASON_TRANSPOSED = "float16 of a transposed convolution: sparse, it would be NaN (G7)"
REASON_RANK = "not a kernel: only weights of two or four axes are encoded"
REASON_SPARSE = "sparse already"
REASON_LARGER = "not encoded: {encoded} bytes are not fewer than {dense}"
REASON_USED = "not only the weight of a layer: it {use}"
REASON_NONE = "not asked for"
REASON_STORAGE = "smaller: unpacked at load time, as fast as dense"
REASON_BLOCKS = "smaller: read directly, 1x4 blocks hold nearly all kept values"
REASON_DIRECT = "smaller: read directly, at least 95 % zeros"
REASON_EXTERNAL = "the weights lie behind the file's tables, as in files above 2 GB"


@dataclass(frozen=True)
class _Choice:
    packed: csr.Packed | None
    reader: Reader
    reason: str


def encode(dense_bytes: bytes, *, layout: Layout = "auto") -> tuple[bytes, list[TensorEncoding]]:
    """Encodes the weights of a dense TFLite file sparsely, each where that is smaller.

    Args:
        dense_bytes: a file without sparse weights, as the converter writes it.
        layout: `"storage"`, `"compute"`, `"none"`, or `"auto"`, which is storage. Where a file
            would be right on one CPU and wrong on another, nothing is left to be unpacked.

    Returns:
        The file, `dense_bytes` itself if nothing was encoded, and a row per weight.

    Raises:
        CorruptFileError: if `dense_bytes` is not a sound TFLite file.
        ValueError: for an unknown layout.
    """
    if layout not in get_args(Layout):
        raise ValueError(f"`layout` must be one of {get_args(Layout)}. Received: layout={layout!r}")
    model = flatbuffer.read(dense_bytes)
    choose = _chooser(model, layout)
    rewriter, rows = Rewriter(model), []
    for constant in graph.constants(model):
        if not _is_weight(model, constant):
            continue
        weight, choice = _values(model, constant), choose(model, constant)
        rows.append(_row(model, constant, weight, choice))
        if choice.packed is not None:
            rewriter.replace(constant, choice.packed, choice.reader)
    return (rewriter.write() if rewriter.num_replaced else dense_bytes), rows


def differing_weight(dense_bytes: bytes, encoded_bytes: bytes) -> str:
    """Names the first constant that an encoded file stores with other values, decoding it.

    Runs of a file need not show a wrong weight, behind a unit that never fires for instance.

    Args:
        dense_bytes: the file that was encoded.
        encoded_bytes: what `encode` made of it.

    Returns:
        What differs; empty if every constant stands for the same values.

    Raises:
        CorruptFileError: if a sparse weight of `encoded_bytes` contradicts itself.
    """
    dense, encoded = flatbuffer.read(dense_bytes), flatbuffer.read(encoded_bytes)
    found = {constant.buffer: constant for constant in graph.constants(encoded)}
    for constant in graph.constants(dense):
        expected = _values(dense, constant)
        name = flatbuffer.tensor_name(_tensors(dense, constant)[0])
        if constant.buffer not in found:
            return f"constant {name!r} is missing"
        values = _values(encoded, found[constant.buffer])
        has_numbers = expected is not None and expected.dtype.kind == "f"
        if expected is not None and not np.array_equal(values, expected, equal_nan=has_numbers):
            return f"constant {name!r} has other values"
    return ""


def _chooser(model: Any, layout: Layout) -> Callable[[Any, Any], _Choice]:
    if layout == "none":
        return lambda *_: _Choice(None, "", REASON_NONE)
    if flatbuffer.has_external_data(model):
        return lambda *_: _Choice(None, "", REASON_EXTERNAL)
    hazard = xnnpack.densify_hazard(model)
    is_mixed = any(_is_integer_weight(model, constant) for constant in graph.constants(model))
    return lambda m, constant: _choose(m, constant, layout, hazard, is_mixed)


def _choose(model: Any, constant: Any, layout: str, hazard: str, is_mixed: bool) -> _Choice:
    obstacle = _obstacle(model, constant) or (REASON_MIXED if is_mixed else "")
    if obstacle:
        return _Choice(None, "", obstacle)
    weight = _values(model, constant)
    is_walkable = weight.dtype == np.float32 and _is_dense_weight(model, constant)
    packed, reader, reason = _pack(weight, layout, is_walkable)
    if reader == "densify" and hazard:
        return _Choice(None, "", hazard)
    if _cost(packed, reader, len(constant.tensors)) >= weight.nbytes:
        encoded = _cost(packed, reader, len(constant.tensors))
        return _Choice(None, "", REASON_LARGER.format(encoded=encoded, dense=weight.nbytes))
    return _Choice(packed, reader, reason)


def _pack(weight: np.ndarray, layout: str, is_walkable: bool) -> tuple[csr.Packed, Reader, str]:
    packed = csr.pack(weight)
    if layout == "compute" and is_walkable:
        if weight.shape[-1] % csr.BLOCK == 0:
            blocks = csr.pack_blocks(weight)
            # Whole blocks cost no more than single values only if blocks were kept on purpose.
            if blocks.nbytes <= packed.nbytes:
                return blocks, "direct", REASON_BLOCKS
        if packed.values.size <= (1 - DIRECT_SPARSITY) * weight.size:
            return packed, "direct", REASON_DIRECT
    return packed, "densify", REASON_STORAGE


def _cost(packed: csr.Packed, reader: Reader, num_tensors: int) -> int:
    tables = packed.nbytes - packed.values.nbytes + TABLE_BYTES
    extra = DENSIFY_BYTES if reader == "densify" else 0
    return packed.values.nbytes + num_tensors * (tables + extra)


def _obstacle(model: Any, constant: Any) -> str:
    tensors = _tensors(model, constant)
    kind, uses = flatbuffer.type_name(tensors[0]), graph.readers(model, constant)
    if any(t.sparsity is not None for t in tensors):
        return REASON_SPARSE
    if kind not in FLOATS or any(flatbuffer.type_name(t) != kind for t in tensors):
        return REASON_INTEGER
    if kind == "float16" and any(use.name == "TRANSPOSE_CONV" for use in uses):
        return REASON_TRANSPOSED
    if len({flatbuffer.shape(t) for t in tensors}) > 1:
        return REASON_USED.format(use="has several shapes")
    if constant.other or any(t.isVariable for t in tensors):
        return REASON_USED.format(use=(constant.other or ["is a variable"])[0])
    if len(flatbuffer.shape(tensors[0])) not in (2, 4):
        return REASON_RANK
    for use in uses:
        if use.name not in READABLE or use.position != graph.WEIGHT_INPUT:
            return REASON_USED.format(use=f"is input {use.position} of {use.name}")
    shuffled = any(_is_shuffled(model, use) for use in uses)
    return REASON_USED.format(use="is stored shuffled") if shuffled else ""


def _is_shuffled(model: Any, use: graph.Use) -> bool:
    options = model.subgraphs[use.subgraph].operators[use.operator].builtinOptions
    return bool(getattr(options, "weightsFormat", 0))


def _is_weight(model: Any, constant: Any) -> bool:
    tensor = _tensors(model, constant)[0]
    numbers = {*FLOATS, "int8"}
    return len(flatbuffer.shape(tensor)) >= 2 and flatbuffer.type_name(tensor) in numbers


def _is_integer_weight(model: Any, constant: Any) -> bool:
    readers = {use.name for use in graph.readers(model, constant)}
    kind = flatbuffer.type_name(_tensors(model, constant)[0])
    return (
        kind not in FLOATS and bool(readers & graph.WEIGHT_READERS) and _is_weight(model, constant)
    )


def _is_dense_weight(model: Any, constant: Any) -> bool:
    return all(use.name == "FULLY_CONNECTED" for use in graph.readers(model, constant))


def _tensors(model: Any, constant: Any) -> list[Any]:
    return [model.subgraphs[g].tensors[t] for g, t in constant.tensors]


def _values(model: Any, constant: Any) -> Any:
    return sparsity.dense_values(model, _tensors(model, constant)[0])


def _row(model: Any, constant: Any, weight: np.ndarray, choice: _Choice) -> TensorEncoding:
    tensor, packed = _tensors(model, constant)[0], choice.packed
    return TensorEncoding(
        name=flatbuffer.tensor_name(tensor),
        shape=weight.shape,
        type=flatbuffer.type_name(tensor),
        encoding="dense" if packed is None else "csr" if packed.block == 1 else "1x4",
        reader=choice.reader,
        num_nonzero=int(np.count_nonzero(weight)),
        dense_bytes=weight.nbytes,
        encoded_bytes=packed.nbytes if packed else weight.nbytes,
        reason=choice.reason,
    )
