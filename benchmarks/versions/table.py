"""What the matrix found, as JSON and as a table."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from benchmarks import records
from tfticket.tables import markdown

MARK = "<!-- table -->"
COLUMNS = {
    "Python": "python",
    "TensorFlow": "tensorflow",
    "Keras": "keras",
    "tf_keras": "tf-keras",
    "NumPy": "numpy",
    "ai-edge-litert": "ai-edge-litert",
}


@dataclasses.dataclass(frozen=True)
class Result:
    """What came of one row.

    Args:
        source: fingerprint of the package and the tests that were run.
        versions: installed versions by name.
        counts: number of tests by outcome: passed, failed, skipped.
        failures: the tests that failed.
        seconds: what the tests took.
        reason: why the row was not run.
    """

    source: str
    versions: dict[str, str] = dataclasses.field(default_factory=dict)
    counts: dict[str, int] = dataclasses.field(default_factory=dict)
    failures: tuple[str, ...] = ()
    seconds: float = 0.0
    reason: str = ""

    @property
    def is_good(self) -> bool:
        """Whether tests were run and none failed."""
        return bool(self.counts.get("passed")) and not self.failures


def read(folder: Path) -> dict[str, Result]:
    """Reads the results by row from `results.json`, if there is one."""
    path = folder / "results.json"
    stored = records.read(path, {})
    return {name: Result(**fields) for name, fields in stored.items()}


def write(results: dict[str, Result], folder: Path) -> None:
    """Writes `results.json` and everything below the mark in `README.md`."""
    stored = {name: dataclasses.asdict(result) for name, result in results.items()}
    records.write(folder / "results.json", stored, seeds=[], data=[], resumes=True)
    readme = folder / "README.md"
    start, _, _ = readme.read_text().partition(MARK)
    readme.write_text(f"{start}{MARK}\n\n{render(results)}\n")


def render(results: dict[str, Result]) -> str:
    """Renders a line per row, and below them what failed and what was not run."""
    head = ["row", *COLUMNS, "passed", "failed", "skipped", "seconds"]
    rows, notes = [], []
    for name, result in results.items():
        rows.append([name, *_cells(result)])
        notes += [f"- {name}: `{test}` failed" for test in result.failures]
        notes += [f"- {name}: not run: {result.reason}"] if result.reason else []
    return "\n".join([markdown(head, rows), "", *notes]).rstrip()


def _cells(result: Result) -> list[str]:
    if result.reason:
        return ["not run", *[""] * (len(COLUMNS) + 3)]
    counts = [str(result.counts.get(name, 0)) for name in ("passed", "failed", "skipped")]
    found = [result.versions.get(name, "") for name in COLUMNS.values()]
    return [*found, *counts, f"{result.seconds:.0f}"]
