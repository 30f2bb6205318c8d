"""Paired differences, with an interval that holds the true mean in 95 of 100 cases."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["PairedDifference", "paired_difference", "t_quantile"]


@dataclass(frozen=True)
class PairedDifference:
    """The mean difference of pairs, such as two methods with the same seeds.

    Args:
        mean: of the differences.
        half_width: how far the 95 % interval reaches either way; `None` for a single pair.
        num: how many pairs.
    """

    mean: float
    half_width: float | None
    num: int

    def __str__(self) -> str:
        if self.half_width is None:
            return f"{self.mean:+.4f}"
        low, high = self.mean - self.half_width, self.mean + self.half_width
        return f"{self.mean:+.4f} [{low:+.4f}, {high:+.4f}]"


def paired_difference(
    these: Mapping[int, float | None], those: Mapping[int, float | None]
) -> PairedDifference | None:
    """Subtracts values of the same key, and says how sure their mean is, by Student's t.

    >>> print(paired_difference({0: 0.95, 1: 0.94, 2: 0.96}, {0: 0.94, 1: 0.93, 2: 0.94}))
    +0.0133 [-0.0010, +0.0277]

    Args:
        these: by key, as a seed.
        those: what is subtracted; keys that only one of them has are left out, and values that are
            `None` or not finite.

    Returns:
        `None` if there is no pair.
    """
    known = [(these[key], those[key]) for key in these if key in those]
    found = [a - b for a, b in known if a is not None and b is not None]
    found = [difference for difference in found if math.isfinite(difference)]
    if not found:
        return None
    mean = statistics.fmean(found)
    if len(found) == 1:
        return PairedDifference(mean, None, 1)
    error = statistics.stdev(found) / math.sqrt(len(found))
    return PairedDifference(mean, t_quantile(len(found) - 1) * error, len(found))


def t_quantile(degrees: int, probability: float = 0.95) -> float:
    """Returns t such that Student's T lies between -t and t with a probability.

    >>> round(t_quantile(2), 4), round(t_quantile(9), 4)
    (4.3027, 2.2622)

    Args:
        degrees: of freedom, at least 1.
        probability: between 0 and 1.
    """
    low, high = 0.0, 1.0
    while _within(high, degrees) < probability:
        high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, degrees) < probability else (low, middle)
    return high


def _within(t: float, degrees: int) -> float:
    """The probability of -t < T < t, a finite sum: Abramowitz & Stegun 26.7.3 and 26.7.4."""
    angle = math.atan(t / math.sqrt(degrees))
    is_odd = degrees % 2
    term = math.cos(angle) if is_odd else 1.0
    total = 0.0
    for k in range(1, degrees // 2 + 1):  # as many terms as the sum has
        total += term
        term *= math.cos(angle) ** 2 * (2 * k / (2 * k + 1) if is_odd else (2 * k - 1) / (2 * k))
    if is_odd:
        return 2 / math.pi * (angle + math.sin(angle) * total)
    return math.sin(angle) * total
