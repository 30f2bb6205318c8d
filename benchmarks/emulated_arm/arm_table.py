"""What the emulated ARM processor computed, as JSON and as tables."""

from __future__ import annotations

from pathlib import Path

from benchmarks import records
from tfticket.tables import markdown

MARK = "<!-- table -->"


def write_arm(results: dict, folder: Path) -> None:
    """Writes `results.json` and everything below the mark in `README.md`."""
    records.write(folder / "results.json", results, seeds=[0, 1], data=[], resumes=True)
    readme = folder / "README.md"
    text = readme.read_text() if readme.exists() else f"{MARK}\n"
    start, _, _ = text.partition(MARK)
    readme.write_text(f"{start}{MARK}\n\n{render(results)}\n")


def render(results: dict) -> str:
    """Renders the graphs that phones rewrite, then a row per network and type."""
    lines = [results["machine"], ""]
    if results["clusters"]:
        header = ["graph, 1x1 kernels 80 % zeros", "our file", "without the check of the graph"]
        found = results["clusters"].items()
        cells = [[name, _cell(rows["ours"]), _cell(rows["unchecked"])] for name, rows in found]
        lines.append(markdown(header, cells))
    if results["cells"]:
        masks = list(next(iter(results["cells"].values())))
        found = results["cells"].items()
        cells = [[key, *(_cell(row) for row in rows.values())] for key, rows in found]
        lines += ["", markdown(["network, type", *masks], cells)]
    return "\n".join(lines)


def _cell(row: dict) -> str:
    warned = f", warned of as {', '.join(row['warnings'])}" if row.get("warnings") else ""
    if row["outcome"] != "verified":
        return f"**{row['outcome']}** ({row['layout']}{warned}): {row['reason']}"
    return f"verified, {row['layout']}, {max(row['differences'].values()):.0e}"
