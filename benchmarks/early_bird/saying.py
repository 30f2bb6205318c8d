"""What the early-bird benchmark found, as tables and a picture."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.early_bird import bench
from tfticket.reports import plots
from tfticket.reports.intervals import paired_difference
from tfticket.tables import markdown

Rows = list[dict[str, Any]]


def write(rows: Rows, path: Path) -> None:
    """Puts the tables in their places in a text, each between two marks."""
    text = path.read_text(encoding="utf-8")
    for name, made in (("drawn", drawn_table), ("precision", precision_table)):
        before, _, rest = text.partition(f"<!-- {name} -->")
        _, _, after = rest.partition(f"<!-- /{name} -->")
        text = f"{before}<!-- {name} -->\n\n{made(rows)}\n\n<!-- /{name} -->{after}"
    path.write_text(text, encoding="utf-8")


def drawn_table(rows: Rows) -> str:
    """A row per rate and share of channels removed: accuracy by the epoch it was drawn after."""
    first, last = bench.DRAWN[0], bench.DRAWN[-1]
    head = ["rate", "removed", "replicates", "FLOPs", "settled after epochs", "dense"]
    head += [f"drawn after {epoch}" for epoch in bench.DRAWN]
    head += [f"{epoch} − {last}, paired" for epoch in bench.DRAWN[:2]]
    lines = []
    for rate in bench.RATES:
        own = chosen(rows, rate, "drawn")
        dense = percent([r["test_accuracy"] for r in chosen(rows, rate, "dense")])
        for sparsity in bench.SPARSITIES:
            found = {e: accuracies(own, e, sparsity) for e in bench.DRAWN}
            settled = [epochs(r["found_at"][str(sparsity)]) for r in own]
            flops = [t["flops"] for t in tickets(own, first, sparsity)]
            if not flops:
                continue
            cells = [rate, f"{sparsity:.0%}", str(len(own)), f"{statistics.fmean(flops):.2f}"]
            cells += [", ".join(settled), dense]
            cells += [percent(list(v.values())) for v in found.values()]
            cells += [gain(found[e], found[last]) for e in bench.DRAWN[:2]]
            lines.append(cells)
    return markdown(head, lines)


def precision_table(rows: Rows) -> str:
    """A row per precision of the search."""
    head = ["search in", "replicates", "settled after epochs", "test accuracy"]
    head += ["− float32, paired"]
    head += ["kept channels shared with float32's", "CPU seconds of the search", "ms a step"]
    plain = {r["seed"]: r for r in chosen(rows, "large", "float32")}
    whole = {s: r["test_accuracy"] for s, r in plain.items()}
    lines = []
    for arm in (*bench.PRECISIONS, bench.AGAIN):
        own = {r["seed"]: r for r in chosen(rows, "large", arm)}
        reached = {s: r["test_accuracy"] for s, r in own.items()}
        shared = [shared_channels(r["kept"], plain[s]["kept"]) for s, r in own.items()]
        seconds = [r["search_cpu_s"] for r in own.values()]
        steps = [1000 * r["cpu_s_per_step"] for r in own.values()]
        is_plain = arm == "float32"
        if not own:
            continue
        cells = [arm, str(len(own)), ", ".join(epochs(r["found_at"]) for r in own.values())]
        cells += [percent(list(reached.values())), "" if is_plain else gain(reached, whole)]
        cells += ["" if is_plain else f"{100 * statistics.fmean(shared):.0f} %"]
        cells += [f"{statistics.fmean(seconds):.1f}", f"{statistics.fmean(steps):.1f}"]
        lines.append(cells)
    return markdown(head, lines)


def picture(rows: Rows, path: Path) -> None:
    """Draws accuracy by the epoch of drawing, and below it the mean mask distances."""
    figure = plots.new_figure((11.0, 9.6))
    axes = figure.subplots(3, len(bench.SPARSITIES))
    image = None
    for column, sparsity in enumerate(bench.SPARSITIES):
        for color, rate in zip(("C0", "C1"), bench.RATES, strict=True):
            _line(axes[0, column], rows, rate, sparsity, color)
        axes[0, column].set_title(f"{sparsity:.0%} of the channels removed")
        for row, rate in enumerate(bench.RATES, start=1):
            if chosen(rows, rate, "drawn"):
                image = _matrix(axes[row, column], rows, rate, sparsity)
    axes[0, 0].set_ylabel("test accuracy after retraining, %")
    axes[0, 0].legend(frameon=False, fontsize=8, loc="center right")
    label = "distance of two masks (fraction of channels)"
    figure.colorbar(image, ax=axes[1:, :].ravel().tolist(), label=label)
    plots.save(figure, path)


def _line(axes: Any, rows: Rows, rate: str, sparsity: float, color: str) -> None:
    own = chosen(rows, rate, "drawn")
    if not own:
        return
    found = [list(accuracies(own, e, sparsity).values()) for e in bench.DRAWN]
    mean = [100 * statistics.fmean(v) for v in found]
    spread = [100 * statistics.stdev(v) if len(v) > 1 else 0 for v in found]
    label = f"{rate} rate ({bench.RATES[rate]:g})"
    places = range(len(bench.DRAWN))
    axes.errorbar(places, mean, spread, color=color, marker="o", capsize=3, label=label)
    axes.set_xticks(places, labels=[str(e) for e in bench.DRAWN])
    dense = [100 * r["test_accuracy"] for r in chosen(rows, rate, "dense")]
    axes.axhline(
        statistics.fmean(dense), color=color, linestyle="--", linewidth=1, label=f"dense, {rate}"
    )
    axes.set_xlabel("drawn after epoch")


def _matrix(axes: Any, rows: Rows, rate: str, sparsity: float) -> Any:
    """The mean matrix over replicates; lines where the masks have settled, by the mean step."""
    own = chosen(rows, rate, "drawn")
    mean = np.mean([r["distances"][str(sparsity)] for r in own], axis=0)
    end = bench.NUM_EPOCHS + 0.5
    image = axes.imshow(mean, vmin=0, vmax=0.2, cmap="viridis", extent=(0.5, end, end, 0.5))
    found = [r["found_at"][str(sparsity)] for r in own]
    settled = [step for step in found if step is not None]
    said = "never settled"
    if settled:
        at = statistics.fmean(settled) / bench.PER_EPOCH
        said = f"settled after {at:.1f} epochs"
        axes.axvline(at, color="w", linestyle="--", linewidth=1)
        axes.axhline(at, color="w", linestyle="--", linewidth=1)
        if len(settled) < len(found):
            said += f" ({len(settled)} of {len(found)})"
    axes.set_title(f"{rate} rate, {sparsity:.0%}: {said}", fontsize=9)
    axes.set_xlabel("mask drawn after epoch")
    axes.set_ylabel("mask drawn after epoch")
    return image


def chosen(rows: Rows, rate: str, arm: str) -> Rows:
    """The replicates of an arm."""
    return [r for r in rows if (r["rate"], r["arm"]) == (rate, arm)]


def tickets(own: Rows, epoch: int, sparsity: float) -> Rows:
    """The tickets drawn after an epoch, one of each replicate, with its seed."""
    return [
        {"seed": row["seed"], **ticket}
        for row in own
        for ticket in row["tickets"]
        if (ticket["epoch"], ticket["sparsity"]) == (epoch, sparsity)
    ]


def accuracies(own: Rows, epoch: int, sparsity: float) -> dict[int, float]:
    """Their accuracy on test, by seed."""
    return {t["seed"]: t["test_accuracy"] for t in tickets(own, epoch, sparsity)}


def shared_channels(these: dict[str, list[int]], those: dict[str, list[int]]) -> float:
    """The share of the channels kept here that are kept there; half of them by chance."""
    both = sum(len({*these[n]} & {*those[n]}) for n in those)
    return both / sum(len(kept) for kept in these.values())


def epochs(step: int | None) -> str:
    """A step in epochs."""
    return "never" if step is None else f"{step / bench.PER_EPOCH:g}"


def percent(values: list[float]) -> str:
    """Mean and standard deviation in percent."""
    mean = f"{100 * statistics.fmean(values):.2f}" if values else ""
    return f"{mean} ± {100 * statistics.stdev(values):.2f}" if len(values) > 1 else mean


def gain(these: dict[int, float], those: dict[int, float]) -> str:
    """Points by which these are above those, seed by seed, with the 95 % interval."""
    found = paired_difference(these, those)
    if found is None:
        return ""
    if found.half_width is None:
        return f"{100 * found.mean:+.2f}"
    mean, half = 100 * found.mean, 100 * found.half_width
    return f"{mean:+.2f} [{mean - half:+.2f}, {mean + half:+.2f}]"
