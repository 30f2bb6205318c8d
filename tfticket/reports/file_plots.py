"""Size and latency of TFLite files against their sparsity, as a picture."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tfticket.reports.bars import Bar, draw_bars
from tfticket.reports.file_profile import TWIN, FileProfile, FilesProfile
from tfticket.reports.plots import new_figure

__all__ = ["plot_files"]

#: Characters of a line of a name.
_NAME_WIDTH = 28


def plot_files(profiles: FilesProfile | Sequence[FilesProfile]) -> Any:
    """Plots bytes and speed, both against the first file of a profile.

    Of one profile a bar for each file; of several lines over the files' sparsity, which is that of
    the weights, read from the files. Error bars are the 10th and 90th percentile of the speed.

    Args:
        profiles: one, or several with a dense twin each, such as of several sparsities.

    Returns:
        A `matplotlib.figure.Figure`; `reports.plots.save` writes it.

    Raises:
        MissingDependencyError: without matplotlib.
    """
    given = [profiles] if isinstance(profiles, FilesProfile) else list(profiles)
    figure = _bars(given[0]) if len(given) == 1 else _lines(given)
    figure.suptitle(given[0].in_short, fontsize=8)
    return figure


def _bars(profile: FilesProfile) -> Any:
    """Three bars of each file: its bytes, those after gzip, its speed."""
    files, first = profile.files, profile.files[0].latency.file_bytes
    figure = new_figure((11.0, 1.4 + 0.6 * len(files)))
    panels = figure.subplots(1, 3, sharey=True)
    names = [
        f"{name}\nsparsity {file.sparsity:.3g}"
        for name, file in zip(_distinct([f.name for f in files]), files, strict=True)
    ]
    sizes = ([f.latency.file_bytes for f in files], [f.gzip_bytes for f in files])
    labels = ("bytes, against the first file's", "after gzip -9, against the same")
    for panel, found, label in zip(panels, sizes, labels, strict=False):
        rows = zip(names, found, strict=True)
        draw_bars(panel, [Bar(name, n / first, f"{n / first:.3f}") for name, n in rows])
        panel.set_xlabel(label)
    panels[1].set_xlim(panels[0].get_xlim())  # the same scale
    panels[1].set_xticks(panels[0].get_xticks())
    draw_bars(panels[2], [_speed_bar(n, f) for n, f in zip(names, files, strict=True)])
    panels[2].axvline(1, color="0.4", linestyle="--", linewidth=1)
    panels[2].set_xlabel("speed against the first file, p10 to p90")
    return figure


def _speed_bar(name: str, file: FileProfile) -> Bar:
    row = file.latency
    below, above = (max(row.speed_p50 - row.speed_p10, 0), max(row.speed_p90 - row.speed_p50, 0))
    return Bar(name, row.speed_p50, f"{row.speed_p50:.2f}", "C1", below, above)


def _distinct(names: Sequence[str]) -> list[str]:
    """What tells files from each other: the last parts of their paths; a twin stays one."""
    before = TWIN.format(name="")
    parts = [Path(name.removeprefix(before)).parts for name in names]
    depth = 1
    while len({p[-depth:] for p in parts}) < len({*parts}):
        depth += 1
    return [
        textwrap.fill(
            f"{before if n.startswith(before) else ''}{'/'.join(p[-depth:])}", _NAME_WIDTH
        )
        for n, p in zip(names, parts, strict=True)
    ]


def _lines(given: Sequence[FilesProfile]) -> Any:
    figure = new_figure((9.6, 4.2))
    left, right = figure.subplots(1, 2)
    for name, rows in _by_name(given).items():
        at = [file.sparsity for file, _ in rows]
        firsts = [first.latency.file_bytes for _, first in rows]
        raw = [f.latency.file_bytes / n for (f, _), n in zip(rows, firsts, strict=True)]
        zipped = [f.gzip_bytes / n for (f, _), n in zip(rows, firsts, strict=True)]
        (line,) = left.plot(at, raw, marker="o", markersize=4, label=name)
        left.plot(at, zipped, marker="x", linestyle=":", color=line.get_color())
        _draw_speeds(right, at, [file for file, _ in rows], line.get_color())
    left.set_ylabel("bytes / bytes of the first file (x: after gzip -9)")
    left.set_ylim(bottom=0)
    right.set_ylabel("speed against the first file")
    right.axhline(1, color="0.4", linestyle="--", linewidth=1)
    for axes in (left, right):
        axes.set_xlabel("sparsity of the weights in the file")
    left.legend(frameon=False, fontsize=8)
    return figure


def _by_name(given: Sequence[FilesProfile]) -> dict[str, list[tuple[FileProfile, FileProfile]]]:
    """Files of one name, each with the first of its profile, in order of sparsity."""
    found: dict[str, list[tuple[FileProfile, FileProfile]]] = {}
    for profile in given:
        for file in profile.files:
            found.setdefault(Path(file.name).name, []).append((file, profile.files[0]))
    return {name: sorted(rows, key=lambda row: row[0].sparsity) for name, rows in found.items()}


def _draw_speeds(axes: Any, at: list[float], files: list[FileProfile], color: Any) -> None:
    rows = [file.latency for file in files]
    middle = [row.speed_p50 for row in rows]
    below = [max(row.speed_p50 - row.speed_p10, 0.0) for row in rows]
    above = [max(row.speed_p90 - row.speed_p50, 0.0) for row in rows]
    axes.errorbar(at, middle, [below, above], marker="o", markersize=4, capsize=3, color=color)
