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

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from tfticket.tflite import csr, graph, xnnpack
from tfticket.tflite.file import File
from tfticket.tflite.rewrite import Replacement, rewritten
from tfticket.tflite.tensor_encoding import Reader, TensorEncoding

__all__ = ["Encoded", "Encoding", "differing_weight", "encode", "encode_file"]

Encoding = Literal["auto", "none", "storage", "compute"]
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
class Encoded:
    """A file with its weights encoded.

    Args:
        blob: its bytes; those of the dense file itself if nothing was encoded.
        rows: how each weight is stored.
    """

    blob: bytes
    rows: tuple[TensorEncoding, ...]


@dataclass(frozen=True)
class _Choice:
    packed: csr.Packed | None
    reader: Reader
    reason: str


def encode(
    dense_bytes: bytes, *, encoding: Encoding = "auto"
) -> tuple[bytes, list[TensorEncoding]]:
    """Encodes the weights of a dense TFLite file sparsely, each where that is smaller.

    Args:
        dense_bytes: a file without sparse weights, as the converter writes it.
        encoding: `"storage"`, `"compute"`, `"none"`, or `"auto"`, which is storage. Where a file
            would be right on one CPU and wrong on another, nothing is left to be unpacked.

    Returns:
        The file, `dense_bytes` itself if nothing was encoded, and a row per weight.

    Raises:
        CorruptFileError: if `dense_bytes` is not a sound TFLite file.
        ValueError: for an unknown encoding.
    """
    found = encode_file(File(dense_bytes), encoding)
    return found.blob, list(found.rows)


def encode_file(dense: File, encoding: Encoding = "auto") -> Encoded:
    """Does what `encode` does with a file that was parsed already.

    Args:
        dense: a file without sparse weights.
        encoding: as in `encode`.

    Raises:
        CorruptFileError: if a weight is damaged.
        ValueError: for an unknown encoding.
    """
    if encoding not in get_args(Encoding):
        raise ValueError(
            f"`encoding` must be one of {get_args(Encoding)}. Received: encoding={encoding!r}"
        )
    chooser, rows, replaced = _Chooser(dense, encoding), [], []
    for constant in graph.constants(dense):
        weight = constant.tensor.dense_values() if _is_weight(constant) else None
        if weight is None:
            continue
        choice = chooser.choose(constant, weight)
        rows.append(_row(constant, weight, choice))
        if choice.packed is not None:
            replaced.append(Replacement(constant, choice.packed, choice.reader))
    return Encoded(rewritten(dense, replaced) if replaced else dense.blob, tuple(rows))


def differing_weight(dense: File, encoded: File) -> str:
    """Names the first constant that an encoded file stores with other values, decoding it.

    Runs of a file need not show a wrong weight, behind a unit that never fires for instance.

    Args:
        dense: the file that was encoded.
        encoded: what `encode_file` made of it, read back.

    Returns:
        What differs; empty if every constant stands for the same values.

    Raises:
        CorruptFileError: if a sparse weight of `encoded` contradicts itself.
    """
    found = {constant.buffer: constant.tensor for constant in graph.constants(encoded)}
    for constant in graph.constants(dense):
        expected, name = constant.tensor.dense_values(), constant.tensor.name
        if constant.buffer not in found:
            return f"constant {name!r} is missing"
        values = found[constant.buffer].dense_values()
        if expected is None:
            continue
        has_numbers = expected.dtype.kind == "f"
        if values is None or not np.array_equal(values, expected, equal_nan=has_numbers):
            return f"constant {name!r} has other values"
    return ""


class _Chooser:
    """Chooses how each weight of a file is stored."""

    def __init__(self, file: File, encoding: Encoding):
        self._file = file
        self._encoding: Encoding = encoding
        self._everywhere = ""  # what keeps every weight dense
        self._hazard = ""  # what keeps those dense that would be unpacked
        self._is_mixed = False
        if encoding == "none":
            self._everywhere = REASON_NONE
        elif file.has_external_data:
            self._everywhere = REASON_EXTERNAL
        else:
            self._hazard = xnnpack.densify_hazard(file)
            constants = graph.constants(file)
            self._is_mixed = any(_is_integer_weight(file, constant) for constant in constants)

    def choose(self, constant: graph.Constant, weight: np.ndarray) -> _Choice:
        """Chooses for one weight.

        Args:
            constant: the weight.
            weight: its values.
        """
        obstacle = self._everywhere or _obstacle(self._file, constant)
        if not obstacle and self._is_mixed:
            obstacle = REASON_MIXED
        if obstacle:
            return _Choice(None, "", obstacle)
        is_walkable = weight.dtype == np.float32 and _is_dense_weight(self._file, constant)
        choice = _pack(weight, self._encoding, is_walkable)
        if choice.reader == "densify" and self._hazard:
            return _Choice(None, "", self._hazard)
        encoded = _cost(choice, len(constant.tensors))
        if encoded >= weight.nbytes:
            return _Choice(None, "", REASON_LARGER.format(encoded=encoded, dense=weight.nbytes))
        return choice


def _pack(weight: np.ndarray, encoding: Encoding, is_walkable: bool) -> _Choice:
    packed = csr.pack(weight)
    if encoding == "compute" and is_walkable:
        if weight.shape[-1] % csr.BLOCK == 0:
            blocks = csr.pack_blocks(weight)
            # Whole blocks cost no more than single values only if blocks were kept on purpose.
            if blocks.nbytes <= packed.nbytes:
                return _Choice(blocks, "direct", REASON_BLOCKS)
        if packed.values.size <= (1 - DIRECT_SPARSITY) * weight.size:
            return _Choice(packed, "direct", REASON_DIRECT)
    return _Choice(packed, "densify", REASON_STORAGE)


def _cost(choice: _Choice, num_tensors: int) -> int:
    if choice.packed is None:
        return 0
    values = choice.packed.values.nbytes
    tables = choice.packed.nbytes - values + TABLE_BYTES
    extra = DENSIFY_BYTES if choice.reader == "densify" else 0
    return values + num_tensors * (tables + extra)


def _obstacle(file: File, constant: graph.Constant) -> str:
    tensors, kind = constant.tensors, constant.tensor.type
    uses = graph.readers(file, constant)
    if any(t.sparsity is not None for t in tensors):
        return REASON_SPARSE
    if kind not in FLOATS or any(t.type != kind for t in tensors):
        return REASON_INTEGER
    if kind == "float16" and any(use.name == "TRANSPOSE_CONV" for use in uses):
        return REASON_TRANSPOSED
    if len({t.shape for t in tensors}) > 1:
        return REASON_USED.format(use="has several shapes")
    if constant.other or any(t.is_variable for t in tensors):
        return REASON_USED.format(use=(constant.other or ["is a variable"])[0])
    if len(constant.tensor.shape) not in (2, 4):
        return REASON_RANK
    for use in uses:
        if use.name not in READABLE or use.position != graph.WEIGHT_INPUT:
            return REASON_USED.format(use=f"is input {use.position} of {use.name}")
    shuffled = any(use.operator.option("weightsFormat") for use in uses)
    return REASON_USED.format(use="is stored shuffled") if shuffled else ""


def _is_weight(constant: graph.Constant) -> bool:
    return len(constant.tensor.shape) >= 2 and constant.tensor.type in {*FLOATS, "int8"}


def _is_integer_weight(file: File, constant: graph.Constant) -> bool:
    if constant.tensor.type in FLOATS or not _is_weight(constant):
        return False
    return any(use.name in graph.WEIGHT_READERS for use in graph.readers(file, constant))


def _is_dense_weight(file: File, constant: graph.Constant) -> bool:
    return all(use.name == "FULLY_CONNECTED" for use in graph.readers(file, constant))


def _row(constant: graph.Constant, weight: np.ndarray, choice: _Choice) -> TensorEncoding:
    packed = choice.packed
    return TensorEncoding(
        name=constant.tensor.name,
        shape=weight.shape,
        type=constant.tensor.type,
        encoding="dense" if packed is None else "csr" if packed.block == 1 else "1x4",
        reader=choice.reader,
        num_nonzero=int(np.count_nonzero(weight)),
        dense_bytes=weight.nbytes,
        encoded_bytes=packed.nbytes if packed else weight.nbytes,
        reason=choice.reason,
    )
