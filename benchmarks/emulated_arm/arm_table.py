"""What the emulated ARM processor computed, as JSON and as tables."""

from __future__ import annotations

from pathlib import Path

from benchmarks import records

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
        lines += ["| graph, 1x1 kernels 80 % zeros | our file | without the check of the graph |"]
        lines += ["|---|---|---|"]
        for name, rows in results["clusters"].items():
            lines.append(f"| {name} | {_cell(rows['ours'])} | {_cell(rows['unchecked'])} |")
    if results["cells"]:
        masks = list(next(iter(results["cells"].values())))
        lines += ["", f"| network, type | {' | '.join(masks)} |", f"|---|{'---|' * len(masks)}"]
        for key, rows in results["cells"].items():
            lines.append(f"| {key} | {' | '.join(_cell(row) for row in rows.values())} |")
    return "\n".join(lines)


def _cell(row: dict) -> str:
    warned = f", warned of as {', '.join(row['warnings'])}" if row.get("warnings") else ""
    if row["outcome"] != "verified":
        return f"**{row['outcome']}** ({row['layout']}{warned}): {row['reason']}"
    return f"verified, {row['layout']}, {max(row['differences'].values()):.0e}"
