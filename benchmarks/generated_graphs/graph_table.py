"""What the emulated processors computed, as counts and as a table."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

MARK, NETWORKS = "<!-- table -->", "<!-- networks -->"
NEAR = 1e-5  # of the output range: right files are within 3e-6
NEAR_FLOAT16 = 5e-3
ADMITTED = ("none", "sound")
DENSE_TOO = "dense, too"  # where the dense file fails as well, a failure proves nothing


def is_right(name: str, found: float | str) -> bool:
    """Whether a difference is one of rounding."""
    limit = NEAR_FLOAT16 if "float16" in name else NEAR
    return not isinstance(found, str) and found <= limit


def ran(row: dict) -> dict:
    """What the processors said of a graph, where they can run the dense file."""
    return {
        title: found
        for title, found in row.items()
        if title != "list" and not str(found).startswith(DENSE_TOO)
    }


def counts(rows: dict) -> Counter:
    """Counts graphs by `(right everywhere, what our list says)`; those that were not made apart."""
    found: Counter = Counter()
    for name, row in rows.items():
        if "list" in row and not is_unmade(row):
            found[all(is_right(name, one) for one in ran(row).values()), row["list"]] += 1
    return found


def is_unmade(row: dict) -> bool:
    return any(isinstance(one, str) and one.startswith("not made") for one in ran(row).values())


def write(results: dict, folder: Path) -> None:
    """Writes everything below the mark in `README.md`."""
    readme = folder / "README.md"
    start, _, _ = readme.read_text().partition(MARK) if readme.exists() else ("", "", "")
    readme.write_text(f"{start}{MARK}\n\n{render(results['graphs'])}\n")


def write_networks(results: dict, folder: Path) -> None:
    """Writes what `networks.py` measured between its mark and the next one."""
    readme = folder / "README.md"
    start, _, rest = readme.read_text().partition(NETWORKS)
    _, _, end = rest.partition(MARK)
    lines = [
        "Emulated CPU seconds of one call: only ratios say something, and of instructions.",
        "",
        "| network | processor, runtime | dense bytes | sparse | dense seconds | sparse | ratio"
        " | apart |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, row in results.items():
        sizes = f"{row['dense bytes']:,} | {row['sparse bytes']:,}"
        for title, found in row.items():
            if isinstance(found, dict):
                seconds = f"{found['dense seconds']} | {found['sparse seconds']}"
                ratio = f"{found['dense / sparse']} | {found['apart']:.0e}"
                lines.append(f"| {name} | {title} | {sizes} | {seconds} | {ratio} |")
    table = "\n".join(lines)
    readme.write_text(f"{start}{NETWORKS}\n\n{table}\n\n{MARK}{end}")


def render(rows: dict) -> str:
    """Renders counts, then a row per graph with one thing different, in the middle or at an end."""
    made = {name: row for name, row in rows.items() if not is_unmade(row) and "list" in row}
    found = counts(rows)
    right = sum(n for (is_so, _), n in found.items() if is_so)
    admitted = sum(n for (is_so, word), n in found.items() if is_so and word in ADMITTED)
    missed = sum(n for (is_so, word), n in found.items() if not is_so and word in ADMITTED)
    titles = sorted({title for row in made.values() for title in ran(row)})
    lines = [
        f"{len(made)} graphs. Right on every processor and version: {right}, of which our list"
        f" admits {admitted} ({admitted / right:.1%}). Wrong on one: {len(made) - right}, of which"
        f" it admits {missed}.",
        "",
        "| processor, runtime | graphs | right | wrong | wrong and called sound |",
        "|---|---|---|---|---|",
        *(_machine(title, made) for title in titles),
        "",
        "| right everywhere | our list | graphs |",
        "|---|---|---|",
        *(f"| {'yes' if k[0] else 'no'} | {k[1]} | {n} |" for k, n in sorted(found.items())),
        "",
        f"| graph | {' | '.join(titles)} | our list |",
        f"|---|{'---|' * (len(titles) + 1)}",
        *(_line(name, row, titles) for name, row in made.items() if _is_shown(name)),
    ]
    return "\n".join(lines)


def _machine(title: str, made: dict) -> str:
    there = {name: row for name, row in made.items() if title in ran(row)}
    wrong = [name for name, row in there.items() if not is_right(name, row[title])]
    missed = [name for name in wrong if there[name]["list"] in ADMITTED]
    return f"| {title} | {len(there)} | {len(there) - len(wrong)} | {len(wrong)} | {len(missed)} |"


def _line(name: str, row: dict, titles: list[str]) -> str:
    cells = [_cell(name, row[title]) if title in row else "" for title in titles]
    return f"| {name} | {' | '.join(cells)} | {row['list']} |"


def _cell(name: str, found: float | str) -> str:
    if str(found).startswith(DENSE_TOO):
        return DENSE_TOO
    if isinstance(found, str):
        return f"**{'refused' if 'Error' in found else found}**"
    return f"{found:.0e}" if is_right(name, found) else f"**{found:.2g}**"


def _is_shown(name: str) -> bool:
    return ", " not in name.replace(", dense", "").replace(", 1x1", "").replace(
        ", second", ""
    ) and (name.startswith(("plain", "middle: ", "head: ", "entry: ")))
