"""What became of the network, as JSON, as a table and as a picture."""

from __future__ import annotations

import statistics
from pathlib import Path

from benchmarks import records

MARK = "<!-- table -->"


def write(results: dict, folder: Path) -> None:
    """Writes `results.json`, the picture, and everything below the mark in `README.md`."""
    seeds = [row["seed"] for row in results["replicates"]]
    path, data = folder / "results.json", [records.zoo("mnist")]
    records.write(path, results, seeds=seeds, data=data, resumes=True)
    readme = folder / "README.md"
    text = readme.read_text() if readme.exists() else f"{MARK}\n"
    start, _, _ = text.partition(MARK)
    readme.write_text(f"{start}{MARK}\n\n{render(results)}\n")
    draw(results, folder / "mnist_to_file.png")


def render(results: dict) -> str:
    """Renders a row per file: mean and standard deviation over replicates, ratios to dense."""
    names = list(results["replicates"][0]["files"])
    lines = [
        "| file | test accuracy, % | zeros | bytes | gzip -9 | of dense | speed [p10, p90] |",
        "|---|---|---|---|---|---|---|",
    ]
    dense = _mean(results, names[0], "bytes")
    for name in names:
        size, zipped = _mean(results, name, "bytes"), _mean(results, name, "gzip")
        speeds = [_mean(results, name, key) for key in ("speed", "speed_p10", "speed_p90")]
        lines.append(
            f"| {name} | {_accuracy(results, name)} | {_mean(results, name, 'sparsity'):.3f} |"
            f" {size:,.0f} | {zipped:,.0f} | 1/{dense / zipped:.1f} |"
            f" {speeds[0]:.2f} [{speeds[1]:.1f}, {speeds[2]:.1f}] |"
        )
    count = len(results["replicates"])
    told = f"{count} replicate(s), {results['num_steps']:,} steps per training. Latency:"
    return "\n".join([*lines, "", told, f"{results['replicates'][0]['conditions']}."])


def draw(results: dict, path: Path) -> None:
    """Draws test accuracy over the bytes to download, and the speed of each file."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        return
    names = list(results["replicates"][0]["files"])
    figure = Figure(figsize=(9.6, 3.8), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    for number, name in enumerate(names):
        zipped = [row[name]["gzip"] for row in _rows(results)]
        accuracy = [100 * row[name]["accuracy"] for row in _rows(results)]
        left.plot(zipped, accuracy, linestyle="", marker="o", color=f"C{number}", label=name)
    left.set_xscale("log")
    left.set_xlabel("bytes after gzip -9")
    left.set_ylabel("test accuracy of the file, %")
    left.legend(frameon=False, fontsize=8)
    speeds = [_mean(results, name, "speed") for name in names]
    colors = [f"C{number}" for number in range(len(names))]
    right.barh(names[::-1], speeds[::-1], color=colors[::-1])
    right.axvline(1, color="0.4", linestyle="--", linewidth=1)
    right.set_xlabel("speed against the dense file, batch 1")
    figure.savefig(path, dpi=130, metadata={"Software": None})


def _rows(results: dict) -> list[dict]:
    return [replicate["files"] for replicate in results["replicates"]]


def _mean(results: dict, name: str, key: str) -> float:
    return statistics.fmean(row[name][key] for row in _rows(results))


def _accuracy(results: dict, name: str) -> str:
    values = [100 * row[name]["accuracy"] for row in _rows(results)]
    spread = f" ± {statistics.stdev(values):.2f}" if len(values) > 1 else ""
    return f"{statistics.fmean(values):.2f}{spread}"
