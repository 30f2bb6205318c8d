"""Keeps exactly the k largest of many scores, without sorting them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["keep_top", "kth_largest"]

_SAMPLE = 1024


def keep_top(
    scores: Sequence[np.ndarray], candidates: Sequence[np.ndarray], num_kept: int
) -> list[np.ndarray]:
    """Marks the `num_kept` largest scores among the candidates of several arrays together.

    Equal scores are kept in the order of the arrays and, within one, in row-major order, so the
    result is exact and the same on every machine.

    Args:
        scores: floating-point arrays of one dtype, larger = keep, finite.
        candidates: boolean arrays of the same shapes; only these positions compete.
        num_kept: how many to keep, at most the number of candidates.

    Returns:
        One boolean array per array of scores, `num_kept` True in all.
    """
    num_candidates = sum(int(np.count_nonzero(c)) for c in candidates)
    if num_kept >= num_candidates:
        return [np.array(c) for c in candidates]
    if num_kept == 0:
        return [np.zeros(c.shape, np.bool_) for c in candidates]
    competing = [s[c] for s, c in zip(scores, candidates, strict=True)]
    threshold = kth_largest(competing, num_kept)
    spare = num_kept - sum(int(np.count_nonzero(s > threshold)) for s in competing)
    del competing
    kept = []
    for score, candidate in zip(scores, candidates, strict=True):
        above = score > threshold
        above &= candidate
        if spare > 0:
            tied = np.flatnonzero((score == threshold) & candidate)[:spare]
            above.reshape(-1)[tied] = True
            spare -= tied.size
        kept.append(above)
    return kept


def kth_largest(arrays: Sequence[np.ndarray], k: int) -> np.floating:
    """Returns the k-th largest value (1 = the maximum) of several 1-D arrays together.

    A quickselect is fastest on distinct values and degrades tenfold where many are equal, as the
    weights of a signed-constant initialisation are; those are counted by their bits instead. Both
    ways are exact.

    Args:
        arrays: one-dimensional float32 or float64 arrays of one dtype, without NaN.
        k: between 1 and the number of values.
    """
    if len(arrays) > 1 and not _mostly_tied(arrays):
        values = np.concatenate(arrays)
        values.partition(values.size - k)
        return values[values.size - k]
    if not _mostly_tied(arrays):
        return np.partition(arrays[0], arrays[0].size - k)[arrays[0].size - k]
    return _kth_largest_by_bits(arrays, k)


def _mostly_tied(arrays: Sequence[np.ndarray]) -> bool:
    sample = np.concatenate([a[:: max(1, a.size // _SAMPLE)] for a in arrays if a.size])
    return np.unique(sample).size < 0.9 * sample.size


def _kth_largest_by_bits(arrays: Sequence[np.ndarray], k: int) -> np.floating:
    """Radix selection, 16 bits at a time from the highest; counts are summed over the arrays."""
    dtype = arrays[0].dtype
    keys = [_ordered_bits(a) for a in arrays]
    found, bits = 0, dtype.itemsize * 8
    for shift in range(bits - 16, -1, -16):
        digits = [((key >> shift) & 0xFFFF).astype(np.intp) for key in keys]
        counts = sum(np.bincount(d, minlength=1 << 16) for d in digits)
        at_least = np.cumsum(counts[::-1])[::-1]  # how many have this digit or a larger one
        digit = int(np.flatnonzero(at_least >= k)[-1])
        k -= int(at_least[digit] - counts[digit])
        found |= digit << shift
        keys = [key[d == digit] for key, d in zip(keys, digits, strict=True)]
    return _from_ordered_bits(found, dtype)


def _ordered_bits(values: np.ndarray) -> np.ndarray:
    """Maps floats to unsigned integers of the same order: IEEE 754 sorts by its bits."""
    unsigned = np.dtype(f"u{values.dtype.itemsize}")
    sign = unsigned.type(1 << (values.dtype.itemsize * 8 - 1))
    bits = (values + values.dtype.type(0)).view(unsigned)  # -0.0 + 0 is 0.0: they must tie
    return np.where(bits & sign, ~bits, bits | sign)


def _from_ordered_bits(bits: int, dtype: np.dtype) -> np.floating:
    unsigned = np.dtype(f"u{dtype.itemsize}")
    sign = 1 << (dtype.itemsize * 8 - 1)
    raw = bits ^ sign if bits & sign else ~bits & ((1 << dtype.itemsize * 8) - 1)
    return np.array(raw, unsigned).view(dtype)[()]
