"""Studies: a grid of settings in a file; each point of it is a run, in a folder of its own."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfticket import files
from tfticket.errors import CorruptFileError
from tfticket.experiments.listing import listing
from tfticket.experiments.reading import read_settings
from tfticket.experiments.records import is_run_folder
from tfticket.experiments.spec import GROWING, Spec
from tfticket.tables import aligned

__all__ = [
    "SHARED",
    "Planned",
    "Study",
    "folder_name",
    "kept_studies",
    "read_study",
    "require_room",
]

#: Beside the runs of a study: what they have in common.
SHARED = "shared"
_GRID = "grid"
_MAX_SLUG = 100
#: Common settings that a folder's name shows; it has a digest of all.
_NAMED = ("learning_rate", "optimizer", "num_steps", "seed")

_FORMAT = "tfticket.study/1"


@dataclass(frozen=True)
class Planned:
    """The runs of a study.

    Args:
        runs: how far each is, by folder name.
    """

    runs: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        """Returns everything as plain JSON values."""
        return {"runs": dict(self.runs)}

    def __str__(self) -> str:
        return aligned(["run", "state"], [[name, state] for name, state in self.runs.items()], 2)


@dataclass(frozen=True)
class Study:
    """Runs that belong together.

    Args:
        name: of the study.
        specs: by folder name, in the order of the file.
        path: of the file.
    """

    name: str
    specs: Mapping[str, Spec]
    path: str

    def planned(self, out: Path) -> Planned:
        """Returns which runs there are, and how far each is.

        Args:
            out: the folder of the study.
        """
        listed = {Path(run.path).name: run.state for run in listing(out).runs}
        return Planned({name: listed.get(name, "not begun") for name in self.specs})

    @contextlib.contextmanager
    def blaming(self, name: str) -> Iterator[None]:
        """Says of which run an error is.

        Args:
            name: of its folder.

        Raises:
            ValueError: in the place of a `ValueError` or `TypeError`.
        """
        try:
            yield
        except (ValueError, TypeError) as error:
            raise ValueError(f"{self.path}: {error}\nThis is of the run {name}.") from error

    def keep(self, out: Path) -> None:
        """Writes which folders belong to the study, beside them.

        Args:
            out: the folder of the study.

        Raises:
            FileExistsError: if a file of the user's is in its place.
        """
        path = self.place(out)
        points = {name: spec.changed() for name, spec in self.specs.items()}
        record = {"format": _FORMAT, "name": self.name, "points": points}
        files.write_json(path, files.sealed(record))

    def place(self, out: Path) -> Path:
        """Returns the file that says so.

        Args:
            out: the folder of the study.

        Raises:
            FileExistsError: if a file of the user's is in its place.
        """
        path = out / f"{self.name}.study.json"
        if path.exists() and not _is_ours(path):
            raise FileExistsError(
                f"`out` must have no other {path.name}: which runs belong to the study is kept"
                f" under that name. Move it, or choose another folder. Received: {path}"
            )
        return path


def read_study(path: str | Path) -> Study:
    """Reads a study: settings as in any file of settings, and a `grid` of others.

    ```yaml
    model: lenet_300_100
    data: mnist
    num_steps: 1000
    replicates: 3
    grid:
      - recipe: [lottery_ticket, late_rewinding]
        sparsity: [0.8, 0.9]
      - recipe: snip
        sparsity: [0.8, 0.9]
    ```

    In a grid, each list is one setting's values, and every combination is a run; settings that are
    lists themselves are lists of lists there. Several grids stand below each other.

    Args:
        path: a `.yaml`, `.yml` or `.json` file.

    Raises:
        ValueError: if a setting is wrong or stands where it cannot; the message names the file.
        CorruptFileError: if the file cannot be read.
    """
    path = Path(path)
    settings = read_settings(path)
    grids = settings.pop(_GRID, {})
    if grids == [] or grids is None:
        raise ValueError(f"{path}: `{_GRID}` must hold settings by name. Received: {grids!r}")
    specs: dict[str, Spec] = {}
    try:
        for grid in grids if isinstance(grids, list) else [grids]:
            for point in _points(grid):
                spec = Spec(**{**settings, **point})
                specs.setdefault(folder_name(spec), spec)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path}: {error}") from error
    return Study(path.stem, specs, str(path))


def require_room(out: Path) -> None:
    """Makes sure that runs may go below a folder.

    Args:
        out: meant to be the folder of a study; it need not be there.

    Raises:
        FileExistsError: if it is a file, or a run folder: that is read as this one run.
    """
    if out.exists() and not out.is_dir():
        raise FileExistsError(f"`out` must be a folder, or be free: {out} is a file.")
    if is_run_folder(out):
        raise FileExistsError(
            f"`out` must be a folder that runs go below: {out} is the folder of one run. Choose"
            " another."
        )


def kept_studies(out: Path) -> list[list[str]]:
    """Returns the folder names of each study that was kept in a folder, in the study's order.

    Files of others that are called like it are left out.

    Args:
        out: the folder of the studies.

    Raises:
        CorruptFileError: if the record of one is damaged.
    """
    found = []
    for path in sorted(out.glob("*.study.json")):
        try:
            found.append(list(files.unsealed(files.read_json(path), path)["points"]))
        except (CorruptFileError, KeyError, TypeError) as error:
            if _is_ours(path):
                raise CorruptFileError(
                    f"{error} The runs are all there without it: delete it, or run the study"
                    " again, which writes it anew."
                ) from error
    return found


def _is_ours(path: Path) -> bool:
    """Tells a record of a study, damaged perhaps, from a file of somebody else's."""
    start = path.read_text(encoding="utf-8", errors="replace")[:100]
    return not start or _FORMAT in start


def folder_name(spec: Spec) -> str:
    """Returns what the folder of a run is called: some of its settings, and a digest of all.

    The digest is over settings that are not at their defaults, so a setting that a later version
    adds renames nothing. What a run may be asked for later, as replicates, is not in it.

    >>> folder_name(Spec(model="lenet_300_100", data="mnist", sparsity=0.9, replicates=3))
    'lottery_ticket-lenet_300_100-mnist-sparsity_0.9-fc3e1054'

    Args:
        spec: of the run.
    """
    settings = {n: v for n, v in spec.changed().items() if n not in GROWING}
    text = json.dumps(settings, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    ends = [Path(n).name for n in (spec.recipe_name, spec.common.model, spec.common.data)]
    common = spec.common.changed()
    others = {**spec.recipe.changed(), **{n: common[n] for n in _NAMED if n in common}}
    named = [
        f"{name}_{value}" for name, value in others.items() if not isinstance(value, dict | list)
    ]
    slug = "-".join([*ends, *named])
    return f"{re.sub('[^A-Za-z0-9_.+-]+', '_', slug)[:_MAX_SLUG]}-{digest}"


def _points(grid: Any) -> Iterator[dict[str, Any]]:
    if not isinstance(grid, Mapping):
        raise ValueError(
            f"`{_GRID}` must hold settings by name, or a list of such. Received: {grid!r}"
        )
    others = [name for name in grid if not isinstance(name, str)]
    if others:
        raise ValueError(f"`{_GRID}` must hold settings by name. Received: {others[0]!r}")
    growing = [name for name in GROWING if name in grid]
    if growing:
        raise ValueError(
            f"`{growing[0]}` must stand beside `{_GRID}`, not in it: a run may be asked for more of"
            " it at any time, so it makes no other run."
        )
    values = [v if isinstance(v, list) else [v] for v in grid.values()]
    empty = [name for name, value in zip(grid, values, strict=True) if not value]
    if empty:
        raise ValueError(f"`{empty[0]}` must have a value in `{_GRID}`. Received: []")
    for combination in itertools.product(*values):
        yield dict(zip(grid, combination, strict=True))
