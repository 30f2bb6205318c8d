"""Independent random streams from one seed, named by what they are for."""

from __future__ import annotations

import zlib

import numpy as np

__all__ = ["derived_seed", "generator"]


def generator(seed: int, *names: str | int) -> np.random.Generator:
    """Returns the random generator that belongs to a seed and a name.

    Streams of different names are independent, and none depends on the order of drawing: a
    weight's random numbers stay the same when another layer is added.

    Args:
        seed: a non-negative integer.
        *names: what the stream is for, such as `"batches", epoch` or a weight path.
    """
    words = [zlib.crc32(n.encode()) if isinstance(n, str) else n for n in names]
    return np.random.default_rng([seed, *words])


def derived_seed(seed: int, *names: str | int) -> int:
    """Returns a seed below 2**31 for something that takes an integer and not a generator.

    Args:
        seed: as for `generator`.
        *names: as for `generator`.
    """
    return int(generator(seed, *names).integers(2**31))
