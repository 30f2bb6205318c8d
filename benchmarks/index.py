"""The table of all benchmarks in README.md, from the catalogue."""

from __future__ import annotations

from pathlib import Path

from benchmarks.catalogue import BENCHMARKS
from benchmarks.entries import Benchmark

PATH = Path(__file__).parent / "README.md"
START, END = "<!-- index -->", "<!-- end of index -->"
_HEAD = ("benchmark", "what it answers", "command", "minutes", "last figures", "needs")


def render() -> str:
    """Renders a row per benchmark, its scripts below each other."""
    lines = [f"| {' | '.join(_HEAD)} |", f"|{'---|' * len(_HEAD)}"]
    return "\n".join([*lines, *(f"| {' | '.join(_cells(one))} |" for one in BENCHMARKS)])


def updated(text: str) -> str:
    """Puts the table between the marks of a text."""
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n\n{render()}\n\n{END}{after}"


def write() -> None:
    """Brings README.md up to date."""
    PATH.write_text(updated(PATH.read_text(encoding="utf-8")), encoding="utf-8")


def _cells(one: Benchmark) -> tuple[str, ...]:
    commands = "<br>".join(f"`{one.command(script)}`" for script in one.scripts)
    minutes = "<br>".join("–" if s.minutes is None else str(s.minutes) for s in one.scripts)
    link = f"[`{one.name}`]({one.name}/)"
    return link, one.question, commands, minutes, one.figures, one.needs
