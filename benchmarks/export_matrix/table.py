"""What the matrix found, as JSON and as a table."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

from benchmarks import records
from tfticket.tables import markdown

MARK = "<!-- table -->"


def write(results: dict, folder: Path) -> None:
    """Writes `results.json` and everything below the mark in `README.md`."""
    records.write(folder / "results.json", results, seeds=[0, 1], data=[], resumes=True)
    readme = folder / "README.md"
    text = readme.read_text() if readme.exists() else f"{MARK}\n"
    start, _, _ = text.partition(MARK)
    readme.write_text(f"{start}{MARK}\n\n{render(results)}\n")


def render(results: dict) -> str:
    """Renders a row per network and type, a column per mask, and the reasons below."""
    masks = list(next(iter(results.values()))) if results else []
    reasons: dict[str, int] = {}
    cells = [
        [key, *(_cell(row, reasons) for row in rows.values())] for key, rows in results.items()
    ]
    counts: dict[str, int] = {}
    for row in (row for rows in results.values() for row in rows.values()):
        counts[row["outcome"]] = counts.get(row["outcome"], 0) + 1
    settings = {
        s for rows in results.values() for r in rows.values() for s in r.get("differences", ())
    }
    summary = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))
    versions = ", ".join(f"{n} {metadata.version(n)}" for n in ("ai-edge-litert", "tensorflow"))
    notes = [f"{number}. {reason}" for reason, number in reasons.items()]
    head = f"{summary}; each file run in {len(settings)} settings ({versions})."
    table = markdown(["network, type", *masks], cells)
    return "\n".join([head, "", table, "", "Reasons:", "", *notes])


def _cell(row: dict, reasons: dict[str, int]) -> str:
    number = ""
    if row["reason"]:
        number = f" ({reasons.setdefault(row['reason'], len(reasons) + 1)})"
    if row["outcome"] == "refused":
        return f"refused{number}"
    if row["outcome"] == "wrong":
        return f"**wrong**{number}"
    worst = max(v for v in row["differences"].values() if not isinstance(v, str))
    size = f"{row['bytes_of_dense']:.2f}, {worst:.0e}"
    if row["outcome"] == "dense":
        return f"fell back to dense{number}, {worst:.0e}"
    found = ", ".join(e for e in row["encodings"] if e != "dense")
    return f"verified: {found}, {size}"
