"""Ratios of times: medians over interleaved pairs, with the 95 % interval of each median."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Mapping

__all__ = ["interleaved", "ratio", "ratios", "quiet_threads"]


def quiet_threads() -> None:
    """Lets TensorFlow compute on one thread, and warnings be."""
    import warnings

    import tensorflow as tf

    warnings.simplefilter("ignore")
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def interleaved(arms: Mapping[str, Callable], blocks: int) -> dict[str, list[float]]:
    """CPU seconds of every arm, block by block in turn, after one block each to warm up."""
    for work in arms.values():
        work()
    times: dict[str, list[float]] = {name: [] for name in arms}
    for _ in range(blocks):
        for name, work in arms.items():
            before = time.process_time()
            work()
            times[name].append(time.process_time() - before)
    return times


def ratio(own: list[float], base: list[float]) -> dict[str, float]:
    """Median of the pairs' ratios, and its 95 % interval by order statistics."""
    pairs = sorted(a / b for a, b in zip(own, base, strict=True))
    reach = 0.98 * math.sqrt(len(pairs))
    low = max(0, math.floor(len(pairs) / 2 - reach))
    high = min(len(pairs) - 1, math.ceil(len(pairs) / 2 + reach))
    found = {"ratio": statistics.median(pairs), "low": pairs[low], "high": pairs[high]}
    return {name: round(value, 3) for name, value in found.items()}


def ratios(times: Mapping[str, list[float]], base: str) -> dict[str, dict[str, float]]:
    """The ratio of every arm but the base to the base."""
    return {name: ratio(own, times[base]) for name, own in times.items() if name != base}
