"""Compressed sparse rows, elementwise and in blocks of 1x4: packing, unpacking, bounds.

All dimensions but the last are dense; of the last, only what is not zero is stored:

    values    what is kept, row after row (in blocks: four values at a time)
    indices   where it stands in its row (in blocks: the number of the block)
    segments  where each row begins in `indices`, and where the last one ends
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tfticket.errors import CorruptFileError

BLOCK = 4
INDEX_TYPES = (np.uint8, np.uint16, np.int32)


@dataclass(frozen=True)
class Packed:
    """A weight in compressed sparse rows.

    Args:
        shape: of the dense weight, `[out, in]` or any shape whose last axis is compressed.
        values: one dimension, as stored.
        segments: `[rows + 1]`.
        indices: one per stored value or block.
        block: values per index: 1, or 4 for 1x4 blocks.
    """

    shape: tuple[int, ...]
    values: np.ndarray
    segments: np.ndarray
    indices: np.ndarray
    block: int = 1

    @property
    def nbytes(self) -> int:
        """Bytes of values, segments and indices together."""
        return self.values.nbytes + self.segments.nbytes + self.indices.nbytes


@dataclass(frozen=True)
class Level:
    """One level of the general sparse format: dense with a size, or compressed."""

    size: int = 0
    segments: np.ndarray | None = None
    indices: np.ndarray | None = None


def pack(weight: np.ndarray) -> Packed:
    """Packs a weight elementwise along its last axis.

    Negative zeros count as zeros. A weight that is zero everywhere keeps one explicit zero,
    because runtimes take a tensor without data for a variable.

    Args:
        weight: at least one axis, shape `[..., in]`.

    Examples:
        >>> packed = pack(np.array([[0.0, 5.0, 0.0], [0.0, 0.0, 0.0], [7.0, 0.0, 8.0]]))
        >>> packed.values, packed.segments.tolist(), packed.indices.tolist()
        (array([5., 7., 8.]), [0, 1, 1, 3], [1, 0, 2])
    """
    width = weight.shape[-1]
    flat = weight.ravel()
    kept = np.flatnonzero(flat)
    if not kept.size:
        kept = np.zeros(1, np.intp)
    segments = np.searchsorted(kept, np.arange(weight.size // width + 1) * width)
    return Packed(weight.shape, flat[kept], narrow(segments), narrow(kept % width, width - 1))


def pack_blocks(weight: np.ndarray) -> Packed:
    """Packs a weight in blocks of four neighbours along its last axis.

    Args:
        weight: shape `[out, in]`, `in` a multiple of 4.

    Raises:
        ValueError: if `in` is no multiple of 4: a tail would be lost.

    Examples:
        >>> packed = pack_blocks(np.array([[0, 0, 0, 0, 1, 0, 2, 3]]))
        >>> packed.values, packed.segments.tolist(), packed.indices.tolist()
        (array([1, 0, 2, 3]), [0, 1], [1])
    """
    width = weight.shape[-1]
    if width % BLOCK:
        raise ValueError(
            f"`weight` must have a multiple of {BLOCK} inputs to be packed in blocks: the tail"
            f" would be lost. Received: weight.shape={weight.shape}"
        )
    blocks = weight.reshape(-1, BLOCK)
    kept = np.flatnonzero((blocks != 0).any(axis=1))
    if not kept.size:
        kept = np.zeros(1, np.intp)
    per_row = width // BLOCK
    segments = np.searchsorted(kept, np.arange(len(blocks) // per_row + 1) * per_row)
    indices = narrow(kept % per_row, per_row - 1)
    return Packed(weight.shape, blocks[kept].ravel(), narrow(segments), indices, BLOCK)


def levels(packed: Packed) -> tuple[list[Level], list[int], list[int]]:
    """Returns the general description of a packed weight: levels, traversal order, block map."""
    outer = [Level(size=n) for n in packed.shape[:-1]]
    found = [*outer, Level(segments=packed.segments, indices=packed.indices)]
    order = list(range(len(packed.shape)))
    if packed.block == 1:
        return found, order, []
    return [*found, Level(size=packed.block)], [*order, len(order)], [len(order) - 1]


def unpack(
    shape: Sequence[int],
    found: Sequence[Level],
    order: Sequence[int],
    block_map: Sequence[int],
    values: np.ndarray,
) -> np.ndarray:
    """Unpacks any weight in TFLite's sparse format, ours or the converter's.

    Args:
        shape: of the dense weight.
        found: the levels, in traversal order.
        order: which dimension each level walks; `rank + i` is the i-th block dimension.
        block_map: the dimension that each block dimension divides.
        values: as stored.

    Returns:
        The dense weight.

    Raises:
        CorruptFileError: if the description contradicts itself or the shape.
    """
    extents = _extents(shape, found, order, block_map)
    count, coordinates = 1, []
    for level, extent in zip(found, extents, strict=True):
        parents, here = _descend(level, extent, count)
        coordinates = [c[parents] for c in coordinates] + [here]
        count = len(here)
    _require(count == len(values), f"{count} places for {len(values)} values")
    dense = np.zeros(shape, values.dtype)
    dense[_dense_index(coordinates, extents, order, block_map, len(shape))] = values
    return dense


def narrow(numbers: np.ndarray, maximum: int | None = None) -> np.ndarray:
    """Returns the same numbers in the smallest of uint8, uint16 and int32."""
    return numbers.astype(index_type(int(numbers.max()) if maximum is None else maximum))


def index_type(maximum: int) -> np.dtype:
    """Returns the smallest index type that holds `maximum`."""
    return next(np.dtype(t) for t in INDEX_TYPES if maximum <= np.iinfo(t).max)


def csr_bound(shape: Sequence[int], num_nonzero: int, itemsize: int) -> int:
    """Returns the bytes of a weight in compressed sparse rows, its tables left out.

    Examples:
        >>> csr_bound((300, 784), 23520, itemsize=4)
        141722
    """
    if not math.prod(shape):
        return 0
    rows = math.prod(shape[:-1])
    per_value = itemsize + index_type(shape[-1] - 1).itemsize
    return num_nonzero * per_value + (rows + 1) * index_type(num_nonzero).itemsize


def bitmask_bound(shape: Sequence[int], num_nonzero: int, itemsize: int) -> int:
    """Returns the bytes of a weight as one bit per position and the values that are kept.

    Examples:
        >>> bitmask_bound((300, 784), 23520, itemsize=4)
        123480
    """
    return -(-math.prod(shape) // 8) + num_nonzero * itemsize


def _extents(shape, found, order, block_map) -> list[int]:
    rank = len(shape)
    _require(
        sorted(order) == list(range(rank + len(block_map))) and len(found) == len(order),
        f"levels={len(found)}, order={list(order)}, rank={rank}",
    )
    _require(all(0 <= d < rank for d in block_map), f"block map {list(block_map)}")
    blocks = {d: found[list(order).index(rank + i)].size for i, d in enumerate(block_map)}
    for dimension, block in blocks.items():
        _require(
            block > 0 and shape[dimension] % block == 0,
            f"blocks of {block} in a dimension of {shape[dimension]}",
        )
    outer = [n // blocks.get(d, 1) for d, n in enumerate(shape)]
    inner = [blocks[d] for d in block_map]
    return [(outer + inner)[place] for place in order]


def _descend(level: Level, extent: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    if level.segments is None or level.indices is None:
        _require(level.size == extent, f"a dense level of {level.size}, not {extent}")
        parents = np.repeat(np.arange(count), extent)
        return parents, np.tile(np.arange(extent), count)
    segments = level.segments.astype(np.int64)
    indices = level.indices.astype(np.int64)
    _require(len(segments) == count + 1, f"{len(segments)} segments for {count} rows")
    ordered = segments[0] == 0 and bool((np.diff(segments) >= 0).all())
    _require(ordered and segments[-1] == len(indices), "segments out of order")
    inside = not len(indices) or (indices.min() >= 0 and indices.max() < extent)
    _require(bool(inside), f"an index outside a dimension of {extent}")
    return np.repeat(np.arange(count), np.diff(segments)), indices


def _dense_index(coordinates, extents, order, block_map, rank) -> tuple[np.ndarray, ...]:
    place = {d: i for i, d in enumerate(order)}
    index = [coordinates[place[d]] for d in range(rank)]
    for i, dimension in enumerate(block_map):
        inner = place[rank + i]
        index[dimension] = index[dimension] * extents[inner] + coordinates[inner]
    return tuple(index)


def _require(is_sound: bool, what: str) -> None:
    if not is_sound:
        raise CorruptFileError(f"the sparsity description contradicts itself: {what}")
