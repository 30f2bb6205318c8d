"""What a file may cost and what may be lost for it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Literal

from pydantic import model_validator

from tfticket.settings import Count, NonNegative, Settings

__all__ = ["Budget", "Goal", "SizeOf", "read_bytes", "read_milliseconds"]

Goal = Literal["bytes", "latency", "metric"]
SizeOf = Literal["file", "gzip"]

_BYTES: Mapping[str, float] = {
    "": 1,
    "b": 1,
    "kb": 1e3,
    "mb": 1e6,
    "gb": 1e9,
    "kib": 2.0**10,
    "mib": 2.0**20,
    "gib": 2.0**30,
}
_MILLISECONDS: Mapping[str, float] = {"": 1, "us": 1e-3, "µs": 1e-3, "μs": 1e-3, "ms": 1, "s": 1e3}
_AMOUNT = re.compile(r"\s*(?P<number>\d+(\.\d*)?|\.\d+)\s*(?P<unit>[a-zA-Zµμ]*)\s*")


class Budget(Settings):
    """What a file may cost, what may be lost for it, and what it should be best at within that.

    >>> budget = Budget(max_drop=0.005, max_bytes="200 kB", max_latency="2 ms")
    >>> budget.bytes, budget.milliseconds, budget.aim
    (200000, 2.0, 'metric')

    Raises:
        ValueError: if nothing is limited, a number is out of range, or the goal is one that needs
            `max_drop`, and it is not given.
    """

    max_drop: NonNegative | None = None
    """How much worse than the dense model the file's metric may be, in units of the metric, such as
    0.005 for half a percentage point; on validation data. Left out, whatever fits is taken."""
    max_bytes: float | str | None = None
    """Largest size: a number of bytes, or text with B, kB, MB, GB, of which each is 1000 of the one
    before, or KiB, MiB, GiB, of 1024; left out, any."""
    max_latency: float | str | None = None
    """Longest median time of one call: a number of milliseconds, or text with us, ms or s; left
    out, any."""
    goal: Goal | None = None
    """What is best among the files that fit: bytes for the smallest, latency for the fastest,
    metric for what loses least; left out, metric where a size or a time is given, otherwise
    bytes."""
    size_of: SizeOf = "file"
    """What is counted: the file as it lies in flash, or the same after gzip, as an app is
    downloaded."""
    batch_size: Count = 1
    """Examples per call that is timed."""
    num_threads: Count = 1
    """Of the interpreter that is timed."""

    @model_validator(mode="after")
    def _means_something(self) -> Budget:
        limits = {n: getattr(self, n) for n in ("max_drop", "max_bytes", "max_latency")}
        if all(value is None for value in limits.values()):
            raise ValueError(
                "`max_drop`, `max_bytes` or `max_latency` must be given: a budget limits something."
                " Received: none of them"
            )
        if self.max_drop is None and self.goal in ("bytes", "latency"):
            raise ValueError(
                f"`max_drop` must be given with goal={self.goal!r}: a file that may be wrong can be"
                " as small as one likes. Received: max_drop=None"
            )
        if self.goal == "metric" and self.max_bytes is None and self.max_latency is None:
            raise ValueError(
                "`max_bytes` or `max_latency` must be given with goal='metric': the dense network"
                " loses nothing. Received: neither"
            )
        _ = self.bytes, self.milliseconds
        return self

    @property
    def bytes(self) -> int | None:
        """`max_bytes` as a number."""
        return None if self.max_bytes is None else read_bytes(self.max_bytes)

    @property
    def milliseconds(self) -> float | None:
        """`max_latency` as a number."""
        return None if self.max_latency is None else read_milliseconds(self.max_latency)

    @property
    def aim(self) -> Goal:
        """`goal`, or what it stands for where it is not given."""
        if self.goal is not None:
            return self.goal
        return "bytes" if self.max_bytes is None and self.max_latency is None else "metric"

    @property
    def concerns_latency(self) -> bool:
        """Whether time is limited, or what it is about."""
        return self.max_latency is not None or self.aim == "latency"

    @property
    def concerns_bytes(self) -> bool:
        """Whether size is limited, or what it is about."""
        return self.max_bytes is not None or self.aim == "bytes"

    @property
    def cost(self) -> Literal["bytes", "latency"]:
        """What the removal of channels is to save: time where that matters, otherwise bytes."""
        return "latency" if self.concerns_latency else "bytes"

    def __str__(self) -> str:
        said = []
        if self.max_drop is not None:
            said.append(f"a drop of at most {self.max_drop:g}")
        if self.bytes is not None:
            said.append(f"at most {self.bytes:,} bytes{' gzipped' * (self.size_of == 'gzip')}")
        if self.milliseconds is not None:
            said.append(f"at most {self.milliseconds:g} ms")
        wanted = {"bytes": "smallest", "latency": "fastest", "metric": "best by the metric"}
        return f"{', '.join(said)}; of these the {wanted[self.aim]}"


def read_bytes(amount: float | str) -> int:
    """Reads a size.

    >>> read_bytes("200 kB"), read_bytes("1.5MiB"), read_bytes(512)
    (200000, 1572864, 512)

    Args:
        amount: a number, or text with a unit.

    Raises:
        ValueError: if it is none, or less than 1.
    """
    return int(_read("max_bytes", amount, _BYTES, "'200 kB' or '1 MiB'", least=1))


def read_milliseconds(amount: float | str) -> float:
    """Reads a time.

    >>> read_milliseconds("2 ms"), read_milliseconds("0.5s"), read_milliseconds(3)
    (2.0, 500.0, 3.0)

    Args:
        amount: a number of milliseconds, or text with a unit.

    Raises:
        ValueError: if it is none, or not greater than 0.
    """
    return _read("max_latency", amount, _MILLISECONDS, "'2 ms' or '0.5 s'")


def _read(
    name: str, amount: float | str, units: Mapping[str, float], like: str, least: float = 0
) -> float:
    number = math.nan
    if isinstance(amount, str):
        match = _AMOUNT.fullmatch(amount)
        if match and match["unit"].lower() in units:
            number = float(match["number"]) * units[match["unit"].lower()]
    elif not isinstance(amount, bool):
        number = float(amount)
    if not (math.isfinite(number) and number > 0 and number >= least):
        bound = f"of at least {least}" if least else "greater than 0"
        raise ValueError(
            f"`{name}` must be a number {bound}, or text such as {like}."
            f" Received: {name}={amount!r}"
        )
    return number
