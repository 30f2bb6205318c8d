"""Size and latency of TFLite files against their sparsity, as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tfticket.reports.file_profile import FileProfile, FilesProfile
from tfticket.reports.plots import new_figure

__all__ = ["plot_files"]


def plot_files(profiles: FilesProfile | Sequence[FilesProfile]) -> Any:
    """Plots bytes and speed, both against the first file of a profile, over the files' sparsity.

    Sparsity is that of the weights, read from the files. Bars are the 10th and 90th percentile.

    Args:
        profiles: one, or several with a dense twin each, such as of several sparsities.

    Returns:
        A `matplotlib.figure.Figure`; `reports.plots.save` writes it.

    Raises:
        MissingDependencyError: without matplotlib.
    """
    given = [profiles] if isinstance(profiles, FilesProfile) else list(profiles)
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
    figure.suptitle(_conditions(given[0]), fontsize=8)
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


def _conditions(profile: FilesProfile) -> str:
    return (
        f"batch {profile.batch_size}, {profile.num_threads} thread(s), {profile.num_rounds} rounds"
        f" in turn, {profile.runtime}"
    )
