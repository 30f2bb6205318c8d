"""How far a training is, how long the rest may take, and a display of both in plain text."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any

__all__ = ["ProgressDisplay", "ProgressLines", "RemainingTime", "TrainingProgress", "duration"]

#: Before so much of the first training is done, nothing is said of the rest.
_LEAST = 0.02
_WIDTH = 100


@dataclass(frozen=True)
class TrainingProgress:
    """How far a training is.

    Args:
        step: optimizer updates done.
        start_step: the step it started at.
        end_step: the step it is to end at; `None` if `fit` cannot tell.
        loss: the mean of the epoch so far, as `fit` tells it; `None` if it does not.
    """

    step: int
    start_step: int = 0
    end_step: int | None = None
    loss: float | None = None

    @property
    def fraction(self) -> float:
        """How much of it is done, in [0, 1]; 0 if its end is not known."""
        if self.end_step is None or self.end_step <= self.start_step:
            return 0.0
        return min((self.step - self.start_step) / (self.end_step - self.start_step), 1.0)

    def __str__(self) -> str:
        end = "" if self.end_step is None else f" of {self.end_step:,}"
        loss = "" if self.loss is None else f", loss {self.loss:.4g}"
        return f"step {self.step:,}{end}{loss}"


def duration(seconds: float) -> str:
    """Says how long something takes, to about a hundredth.

    >>> duration(42.3), duration(200), duration(5_000)
    ('42 s', '3 min 20 s', '1 h 23 min')

    Args:
        seconds: at least 0.
    """
    minutes, left = divmod(round(seconds), 60)
    if not minutes:
        return f"{left} s"
    hours, minutes = divmod(minutes, 60)
    if not hours:
        return f"{minutes} min {left} s" if minutes < 10 else f"{minutes} min"
    return f"{hours} h {minutes} min"


class RemainingTime:
    """Estimates how long is left, if everything that is left takes as long as what is done did.

    Args:
        clock: returns seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._start = self._last = clock()
        self._first: int | None = None
        self._done = 0

    def seconds(self, num_done: int, num_planned: int, fraction: float = 0.0) -> float | None:
        """Returns the seconds that are left; `None` as long as nothing can be said.

        Args:
            num_done: how many networks are trained.
            num_planned: how many there will be.
            fraction: how much of the next one's training is done.
        """
        now = self._clock()
        if self._first is None:  # of an earlier run, perhaps
            self._first = self._done = num_done
            self._start = self._last = now
        if num_done > self._done:
            self._done, self._last = num_done, now
        finished, left = self._done - self._first, num_planned - self._done
        if left <= 0:
            return None
        if finished:
            each = (self._last - self._start) / finished
            return max(each - (now - self._last), 0.0) + each * (left - 1)
        if fraction < _LEAST:
            return None
        return (now - self._start) * (left / fraction - 1)


class ProgressDisplay:
    """What a search shows while it runs; a subclass says how.

    Args:
        clock: returns seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._remaining = RemainingTime(clock)
        self.what, self.num_done, self.num_planned = "", 0, 0
        self.training: TrainingProgress | None = None
        self.seconds_left: float | None = None

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def begin(self, text: str, num_done: int = 0, num_planned: int = 0) -> None:
        """Called before a network is trained.

        Args:
            text: which.
            num_done: networks that are trained.
            num_planned: networks to train in all; 0 where that is not known.
        """
        self.what, self.training = text, None
        self._count(num_done, num_planned)
        self.draw()

    def progress(self, training: TrainingProgress) -> None:
        """Called while a network is trained.

        Args:
            training: how far that is.
        """
        self.training = training
        self._count(self.num_done, self.num_planned)
        self.draw()

    def done(self, text: str, num_done: int = 0, num_planned: int = 0) -> None:
        """Called after a network is trained; as `begin`."""
        self.training = None
        self._count(num_done, num_planned)
        self.line(f"[{num_done}/{num_planned}] {text}" if num_planned else text)

    def note(self, text: str, num_done: int = 0, num_planned: int = 0) -> None:
        """Called with what else is to be said; as `begin`."""
        self.what = text
        self.done(text, num_done, num_planned)

    def line(self, text: str) -> None:
        """Writes a line that stays."""
        raise NotImplementedError

    def draw(self) -> None:
        """Shows what changes; as a rule it does not."""

    def close(self) -> None:
        """Takes away what does not stay."""

    @property
    def left(self) -> str:
        """How long it may still take, in words; empty as long as nothing can be said."""
        return "" if self.seconds_left is None else f"about {duration(self.seconds_left)} left"

    def _count(self, num_done: int, num_planned: int) -> None:
        if num_planned:
            self.num_done, self.num_planned = num_done, num_planned
            fraction = 0.0 if self.training is None else self.training.fraction
            self.seconds_left = self._remaining.seconds(num_done, num_planned, fraction)


class ProgressLines(ProgressDisplay):
    """Progress in plain text: a line for each network, and on a terminal one that changes.

    Args:
        stream: where to; `None` means the error stream.
        is_live: whether the line that changes is shown; `None` means on terminals and in
            notebooks, where a carriage return goes back to the beginning of a line.
        clock: returns seconds.
    """

    def __init__(
        self,
        stream: IO[str] | None = None,
        *,
        is_live: bool | None = None,
        clock: Callable[[], float] = time.monotonic,
    ):
        super().__init__(clock)
        self._stream = sys.stderr if stream is None else stream
        self._is_live = _returns(self._stream) if is_live is None else is_live
        self._shown = 0

    def line(self, text: str) -> None:
        """See `ProgressDisplay`."""
        self.close()
        self._write(f"{text}\n")

    def draw(self) -> None:
        """Writes over the last line."""
        if not self._is_live:
            return
        counted = f"[{self.num_done + 1}/{self.num_planned}] " if self.num_planned else ""
        training = "" if self.training is None else str(self.training)
        parts = [f"{counted}{self.what}", training, self.left]
        width = min(shutil.get_terminal_size((_WIDTH, 0)).columns, _WIDTH) - 1
        text = ", ".join(filter(None, parts))[:width]
        self._write(f"\r{text.ljust(self._shown)}")
        self._shown = len(text)

    def close(self) -> None:
        """See `ProgressDisplay`."""
        if self._shown:
            self._write(f"\r{' ' * self._shown}\r")
            self._shown = 0

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def _returns(stream: Any) -> bool:
    """Whether a carriage return does what it is for."""
    is_notebook = type(stream).__module__.startswith("ipykernel")
    return is_notebook or bool(getattr(stream, "isatty", lambda: False)())
