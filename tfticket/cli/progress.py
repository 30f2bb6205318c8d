"""Progress on the error stream, so that what a command prints can be piped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Column

from tfticket.progress import ProgressDisplay, ProgressLines, TrainingProgress, duration

__all__ = ["Shown", "shown_progress"]

_BAR_WIDTH = 16


@dataclass(frozen=True)
class Shown:
    """Where progress is told to.

    Args:
        on_event: takes what happens.
        on_progress: takes how far a training is; `None` where nobody sees it.
    """

    on_event: Callable[[Any], None]
    on_progress: Callable[[TrainingProgress], None] | None = None


@contextmanager
def shown_progress(
    *, as_json: bool = False, track: str | None = None, console: Console | None = None
) -> Iterator[Shown]:
    """Yields what to tell progress to: bars on a terminal, a line per network elsewhere.

    Args:
        as_json: whether a program reads the answer; then there are lines.
        track: tracker that is told as well, by name.
        console: `None` means the error stream.
    """
    from tfticket.experiments.trackers import tracker
    from tfticket.experiments.tracking import Tracking

    shown = Console(stderr=True) if console is None else console
    is_live = shown.is_terminal and not as_json
    bars = _Bars(shown) if is_live else ProgressLines(shown.file, is_live=False)
    with Tracking(tracker(track)) as tracking, bars as display:

        def tell(event: Any) -> None:
            event.show(display)
            tracking(event)

        yield Shown(tell, display.progress if is_live else None)


class _Bars(ProgressDisplay):
    """One bar for all networks, and one for the training that goes on."""

    def __init__(self, console: Console):
        super().__init__()
        text = TextColumn(
            "{task.description}",
            markup=False,
            table_column=Column(no_wrap=True, overflow="ellipsis"),
        )
        bar = BarColumn(_BAR_WIDTH, table_column=Column(width=_BAR_WIDTH))
        self._bars = Progress(bar, text, console=console, transient=True)
        self._networks = self._bars.add_task("starting", total=None)
        self._training = self._bars.add_task("", total=None, visible=False)

    def __enter__(self) -> Any:
        self._bars.start()
        return self

    def note(self, text: str, num_done: int = 0, num_planned: int = 0) -> None:
        if not num_planned:
            self.line(text)
            return
        self.what = text  # one of many small things; a line of each would be too much
        self._count(num_done, num_planned)
        self.draw()

    def line(self, text: str) -> None:
        self._bars.console.print(text, markup=False, highlight=False, soft_wrap=True)
        self.draw()

    def draw(self) -> None:
        training, elapsed = self.training, self._bars.tasks[0].elapsed or 0.0
        if self.num_planned:
            counted = f"{self.num_done} of {self.num_planned}, {duration(elapsed)}"
            fraction = 0.0 if training is None else training.fraction
            self._bars.update(
                self._networks,
                description=", ".join(filter(None, [counted, self.left])),
                completed=self.num_done + fraction,
                total=self.num_planned,
            )
        self._bars.update(
            self._training,
            description=self.what if training is None else f"{self.what}: {training}",
            completed=0.0 if training is None else training.fraction,
            total=1.0 if training is not None and training.end_step is not None else None,
            visible=bool(self.what),
            refresh=True,
        )

    def close(self) -> None:
        self._bars.stop()
