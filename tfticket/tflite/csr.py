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

__all__ = [
    "Description",
    "Dimension",
    "Packed",
    "bitmask_bound",
    "csr_bound",
    "describe",
    "index_type",
    "narrow",
    "pack",
    "pack_blocks",
    "unpack",
]

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
class Dimension:
    """One dimension of the general sparse format: dense with a size, or compressed.

    Args:
        size: if it is dense.
        segments: where the values of each parent begin, and where the last ones end.
        indices: where each value stands in this dimension.
    """

    size: int = 0
    segments: np.ndarray | None = None
    indices: np.ndarray | None = None


@dataclass(frozen=True)
class Description:
    """How a weight is packed in the general sparse format.

    Args:
        dimensions: in the order they are walked.
        order: which dimension of the weight each of them is; `rank + i` is the i-th block.
        block_map: the dimension of the weight that each block divides.
    """

    dimensions: tuple[Dimension, ...]
    order: tuple[int, ...]
    block_map: tuple[int, ...] = ()

    @property
    def nbytes(self) -> int:
        """Bytes of segments and indices."""
        arrays = [a for d in self.dimensions for a in (d.segments, d.indices) if a is not None]
        return sum(array.nbytes for array in arrays)

    @property
    def blocks(self) -> dict[int, int]:
        """The block size of each dimension of the weight that is divided into blocks."""
        rank = len(self.order) - len(self.block_map)
        places = {dimension: rank + i for i, dimension in enumerate(self.block_map)}
        return {
            dimension: self.dimensions[self.order.index(place)].size
            for dimension, place in places.items()
            if place in self.order and self.order.index(place) < len(self.dimensions)
        }


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


def describe(packed: Packed) -> Description:
    """Returns the general description of a packed weight."""
    outer = [Dimension(size=n) for n in packed.shape[:-1]]
    found = (*outer, Dimension(segments=packed.segments, indices=packed.indices))
    order = tuple(range(len(packed.shape)))
    if packed.block == 1:
        return Description(found, order)
    inner = Dimension(size=packed.block)
    return Description((*found, inner), (*order, len(order)), (len(order) - 1,))


def unpack(shape: Sequence[int], description: Description, values: np.ndarray) -> np.ndarray:
    """Unpacks any weight in TFLite's sparse format, ours or the converter's.

    Args:
        shape: of the dense weight.
        description: how it is packed.
        values: as stored.

    Returns:
        The dense weight.

    Raises:
        CorruptFileError: if the description contradicts itself or the shape.
    """
    extents = _extents(shape, description)
    count, coordinates = 1, []
    for dimension, extent in zip(description.dimensions, extents, strict=True):
        parents, here = _descend(dimension, extent, count)
        coordinates = [c[parents] for c in coordinates] + [here]
        count = len(here)
    _require(count == len(values), f"{count} places for {len(values)} values")
    dense = np.zeros(shape, values.dtype)
    dense[_dense_index(coordinates, extents, description, len(shape))] = values
    return dense


def narrow(numbers: np.ndarray, maximum: int | None = None) -> np.ndarray:
    """Returns the same numbers in the smallest of uint8, uint16 and int32.

    Args:
        numbers: none below 0.
        maximum: of what the type has to hold; `None` means the largest of `numbers`.
    """
    return numbers.astype(index_type(int(numbers.max()) if maximum is None else maximum))


def index_type(maximum: int) -> np.dtype:
    """Returns the smallest index type that holds `maximum`."""
    return next(np.dtype(t) for t in INDEX_TYPES if maximum <= np.iinfo(t).max)


def csr_bound(shape: Sequence[int], num_nonzero: int, itemsize: int) -> int:
    """Returns the bytes of a weight in compressed sparse rows, its tables left out.

    Args:
        shape: of the dense weight.
        num_nonzero: values that are kept.
        itemsize: bytes of each.

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

    Args:
        shape: of the dense weight.
        num_nonzero: values that are kept.
        itemsize: bytes of each.

    Examples:
        >>> bitmask_bound((300, 784), 23520, itemsize=4)
        123480
    """
    return -(-math.prod(shape) // 8) + num_nonzero * itemsize


def _extents(shape: Sequence[int], description: Description) -> list[int]:
    rank, block_map = len(shape), description.block_map
    order, found = description.order, description.dimensions
    _require(
        sorted(order) == list(range(rank + len(block_map))) and len(found) == len(order),
        f"levels={len(found)}, order={list(order)}, rank={rank}",
    )
    _require(all(0 <= d < rank for d in block_map), f"block map {list(block_map)}")
    blocks = {d: found[order.index(rank + i)].size for i, d in enumerate(block_map)}
    for dimension, block in blocks.items():
        _require(
            block > 0 and shape[dimension] % block == 0,
            f"blocks of {block} in a dimension of {shape[dimension]}",
        )
    outer = [n // blocks.get(d, 1) for d, n in enumerate(shape)]
    inner = [blocks[d] for d in block_map]
    return [(outer + inner)[place] for place in order]


def _descend(dimension: Dimension, extent: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    if dimension.segments is None or dimension.indices is None:
        _require(dimension.size == extent, f"a dense level of {dimension.size}, not {extent}")
        parents = np.repeat(np.arange(count), extent)
        return parents, np.tile(np.arange(extent), count)
    segments = dimension.segments.astype(np.int64)
    indices = dimension.indices.astype(np.int64)
    _require(len(segments) == count + 1, f"{len(segments)} segments for {count} rows")
    ordered = segments[0] == 0 and bool((np.diff(segments) >= 0).all())
    _require(ordered and segments[-1] == len(indices), "segments out of order")
    inside = not len(indices) or (indices.min() >= 0 and indices.max() < extent)
    _require(bool(inside), f"an index outside a dimension of {extent}")
    return np.repeat(np.arange(count), np.diff(segments)), indices


def _dense_index(
    coordinates: Sequence[np.ndarray], extents: Sequence[int], description: Description, rank: int
) -> tuple[np.ndarray, ...]:
    place = {d: i for i, d in enumerate(description.order)}
    index = [coordinates[place[d]] for d in range(rank)]
    for i, dimension in enumerate(description.block_map):
        inner = place[rank + i]
        index[dimension] = index[dimension] * extents[inner] + coordinates[inner]
    return tuple(index)


def _require(is_sound: bool, what: str) -> None:
    if not is_sound:
        raise CorruptFileError(f"the sparsity description contradicts itself: {what}")
