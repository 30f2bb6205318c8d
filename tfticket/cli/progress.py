"""Progress on the error stream, so that what a command prints can be piped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

__all__ = ["shown_progress"]


@contextmanager
def shown_progress() -> Iterator[Callable[[Any], None]]:
    """Yields what to pass as `on_event`: a bar on a terminal, a line per network elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda event: _print_line(console, event)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        task = progress.add_task("starting", total=None)

        def on_event(event: Any) -> None:
            if event.kind == "result":
                progress.console.print(event.text, highlight=False)
            else:
                progress.update(task, description=event.text)
            if event.num_planned:
                progress.update(task, completed=event.num_done, total=event.num_planned)

        yield on_event


def _print_line(console: Console, event: Any) -> None:
    if event.kind != "begin":
        counted = f"[{event.num_done}/{event.num_planned}] " if event.num_planned else ""
        console.print(f"{counted}{event.text}", markup=False, highlight=False, soft_wrap=True)
