"""What the sizes were, as JSON, as tables and as a picture."""

from __future__ import annotations

from pathlib import Path

from benchmarks import records
from tfticket.tables import markdown

MARK = "<!-- table -->"
#: Largest ratios that are asked for, by sparsity: own to CSR bound, own and gzip to bitmask bound.
TARGETS = {0.9: (1.02, 0.90), 0.95: (1.04, 0.75), 0.98: (1.08, 0.50)}
DRAWN = 2  # networks, the first ones
BOUNDS = {
    "csr bound": {"linestyle": "--", "color": "0.3"},
    "bitmask bound": {"linestyle": ":", "color": "0.3"},
}
SERIES = ("dense gzip", "converter", "own", "own gzip", "csr bound", "bitmask bound")


def write(results: dict, folder: Path) -> None:
    """Writes `results.json`, `sizes.png` and everything below the mark in `README.md`."""
    records.write(folder / "results.json", results, seeds=[0, 1], data=[], resumes=True)
    readme = folder / "README.md"
    text = readme.read_text() if readme.exists() else f"{MARK}\n"
    start, _, _ = text.partition(MARK)
    readme.write_text(f"{start}{MARK}\n\n{render(results)}\n")
    draw(results, folder / "sizes.png")


def render(results: dict) -> str:
    """Renders ratios to the dense file of the same type, and what was asked for beside it."""
    head = ["network, sparsity", "type", "dense, bytes", *SERIES]
    cells = [
        [key, weights, f"{row['dense']:,}"]
        + [_ratio(row.get(name), row["dense"]) for name in SERIES]
        for key, rows in results["sizes"].items()
        for weights, row in rows.items()
    ]
    return "\n".join([markdown(head, cells), "", *_asked(results), "", *_rewriting(results)])


def _asked(results: dict) -> list[str]:
    head = ["network, sparsity", "own / CSR bound", "own gzip / bitmask bound", "own / converter"]
    lines = []
    for key, rows in results["sizes"].items():
        sparsity, row = float(key.rpartition(" ")[2]), rows["float32"]
        if sparsity in TARGETS:
            csr, bitmask = TARGETS[sparsity]
            cells = [
                key,
                f"{row['own'] / row['csr bound']:.3f} (≤ {csr:.2f})",
                f"{row['own gzip'] / row['bitmask bound']:.3f} (≤ {bitmask:.2f})",
                f"{_ratio(row['own'], row['converter'])}{' (≤ 0.45)' if sparsity == 0.98 else ''}",
            ]
            lines.append(cells)
    larger = max(
        row["own"] - row["dense"] for rows in results["sizes"].values() for row in rows.values()
    )
    table = ["Float32, and what was aimed at:", "", markdown(head, lines), ""]
    return [*table, f"Largest file against its dense twin, of any type: {larger:+,} bytes."]


def _rewriting(results: dict) -> list[str]:
    if "rewriting" not in results:
        return []
    row = results["rewriting"]
    return [
        f"A file of {row['bytes']:,} bytes is rewritten in {row['seconds, median']:.3f} s (median;"
        f" slowest {row['seconds, slowest']:.3f} s), to {row['own bytes']:,} bytes; the converter"
        f" with its flag takes {row['seconds of the converter']:.1f} s."
    ]


def draw(results: dict, path: Path) -> None:
    """Draws bytes against sparsity, float32, one panel per network."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        return
    networks = list(dict.fromkeys(key.partition(",")[0] for key in results["sizes"]))[:DRAWN]
    figure = Figure(figsize=(4.6 * len(networks), 3.8), layout="constrained")
    FigureCanvasAgg(figure)
    for axes, name in zip(
        figure.subplots(1, len(networks), squeeze=False)[0], networks, strict=True
    ):
        found = {
            float(key.rpartition(" ")[2]): rows["float32"]
            for key, rows in results["sizes"].items()
            if key.startswith(f"{name},")
        }
        for series in SERIES:
            points = [(s, row[series]) for s, row in found.items() if _is_size(row.get(series))]
            style = BOUNDS.get(series, {"marker": "o"})
            axes.plot(*zip(*points, strict=True), label=series, markersize=3, **style)
        axes.set_title(name)
        axes.set_xlabel("sparsity")
        axes.set_ylabel("bytes, float32")
        axes.set_yscale("log")
        axes.legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=130, metadata={"Software": None})


def _is_size(value: object) -> bool:
    return isinstance(value, int)


def _ratio(value: object, dense: object) -> str:
    if not isinstance(value, int) or not isinstance(dense, int):
        return "no file" if isinstance(value, str) or isinstance(dense, str) else ""
    return f"{value / dense:.3f}"
