"""What runs there are below a folder, told from their records alone, without TensorFlow."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfticket.errors import CorruptFileError, FormatError
from tfticket.experiments.records import REPORT, SPEC, read_record
from tfticket.tables import aligned

__all__ = ["ListedRun", "Listing", "listing"]


@dataclass(frozen=True)
class ListedRun:
    """A run folder.

    Args:
        path: of the folder.
        state: `"finished"`, `"unfinished"`, `"damaged"` or `"other version"`.
        recipe: its name.
        model: as it was given.
        data: as they were given.
        num_networks: trained so far.
        chosen: test figures of the chosen network of a finished run.
    """

    path: str
    state: str
    recipe: str = ""
    model: str = ""
    data: str = ""
    num_networks: int = 0
    chosen: dict[str, float] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True)
class Listing:
    """The runs below a folder.

    Args:
        root: the folder.
        runs: sorted by path.
    """

    root: str
    runs: Sequence[ListedRun]

    def to_dict(self) -> dict[str, Any]:
        """Returns everything as plain JSON values."""
        return {"root": self.root, "runs": [dataclasses.asdict(run) for run in self.runs]}

    def __str__(self) -> str:
        if not self.runs:
            return f"There is no run folder in {self.root}."
        header = ["run", "recipe", "model", "data", "state", "networks", "chosen, test"]
        rows = [
            [
                *(str(Path(r.path).relative_to(self.root)), r.recipe),
                *(Path(r.model).name, Path(r.data).name, r.state, str(r.num_networks)),
                ", ".join(f"{name} {value:.4f}" for name, value in r.chosen.items()),
            ]
            for r in self.runs
        ]
        return aligned(header, rows, num_left=5)


def listing(root: str | Path) -> Listing:
    """Lists run folders: `root` if it is one, and those below it; without settings as damaged.

    Args:
        root: of a folder.
    """
    root = Path(root)
    found = {path.parent for path in root.rglob(SPEC)}
    trained = {path.parents[2] for path in root.rglob("replicate_*/level_*/metrics.json")}
    listed = [_listed(path, has_spec=path in found) for path in sorted(found | trained)]
    return Listing(str(root), [run for run in listed if run is not None])


def _listed(path: Path, *, has_spec: bool) -> ListedRun | None:
    """A run; `None` where another program keeps its settings under the same name."""
    if not has_spec:
        return ListedRun(str(path), "damaged")
    try:
        settings = read_record(path / SPEC)
        report = read_record(path / REPORT) if (path / REPORT).is_file() else None
    except FileNotFoundError:
        return None
    except FormatError:
        return ListedRun(str(path), "other version")
    except CorruptFileError:
        return ListedRun(str(path), "damaged")
    networks = [*path.glob("replicate_*/level_*/metrics.json")]
    networks += path.glob("controls/*/level_*/*/metrics.json")
    return ListedRun(
        path=str(path),
        state="unfinished" if report is None else "finished",
        num_networks=len(networks),
        chosen={} if report is None else _tested(report["chosen"]["metrics"]),
        **{name: str(settings[name]) for name in ("recipe", "model", "data")},
    )


def _tested(metrics: dict[str, float | None]) -> dict[str, float]:
    """Test figures; the loss only where nothing else was measured."""
    found = {n.removeprefix("test_"): v for n, v in metrics.items() if n.startswith("test_")}
    own = {n: v for n, v in found.items() if not n.endswith("loss")} or found
    return {name: value for name, value in own.items() if value is not None}
