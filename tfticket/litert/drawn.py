"""Any TFLite file, run on drawn inputs: what it computes, and how large its tensors are.

A file of somebody else's comes without examples. Two files that hold the same network are
compared by what they make of the same numbers, under the same settings.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tfticket.errors import ExportError
from tfticket.litert._litert import require_runtime
from tfticket.litert.comparison import (
    DENSIFY_TOLERANCE,
    DIRECT_TOLERANCE,
    Check,
    Run,
    Verification,
    compare,
)
from tfticket.litert.subprocess_runner import run_in_subprocess
from tfticket.litert.worker import load_arrays

__all__ = ["InputShapes", "Source", "run_drawn", "tensor_shapes"]

WORKER = "tfticket.litert.drawn_worker"
TIMEOUT_SECONDS = 600.0
SEEDS = (0, 1)
#: By name of an input; under the name "" for a file of one input.
InputShapes = Mapping[str, Sequence[int]]


def run_drawn(
    path: str | Path,
    *,
    seed: int = 0,
    batch_size: int = 1,
    input_shapes: InputShapes | None = None,
    has_delegates: bool = True,
) -> tuple[Run, dict[int, tuple[int, ...]]]:
    """Runs a file once, in a process of its own.

    Args:
        path: of any TFLite file.
        seed: chooses the inputs.
        batch_size: examples per call, where a file leaves its first axis open.
        input_shapes: of inputs that leave more open than that.
        has_delegates: whether the runtime's default delegates are on.

    Returns:
        The run, its outputs by number, and the shape of every tensor of the first subgraph as it
        ran. A crash or an exception is an error in the run, and then there are no shapes.

    Raises:
        MissingDependencyError: without `ai-edge-litert`.
    """
    require_runtime()
    with tempfile.TemporaryDirectory(prefix="tfticket_") as name:
        folder = Path(name)
        request = {
            "model": str(Path(path).resolve()),
            "seed": seed,
            "batch_size": batch_size,
            "input_shapes": {n: list(shape) for n, shape in (input_shapes or {}).items()},
            "has_delegates": has_delegates,
            "num_threads": 1,
        }
        error = run_in_subprocess(WORKER, folder, request, TIMEOUT_SECONDS)
        if error:
            return Run(has_delegates, batch_size, {}, error), {}
        outputs = load_arrays(folder / "outputs.npz")
        shapes = json.loads((folder / "shapes.json").read_text())
    found = {int(place): tuple(shape) for place, shape in shapes.items()}
    return Run(has_delegates, batch_size, outputs), found


def tensor_shapes(
    path: str | Path, input_shapes: InputShapes | None = None
) -> dict[int, tuple[int, ...]]:
    """Returns the shapes that tensors have when a file runs on one example.

    Args:
        path: of any TFLite file.
        input_shapes: as in `run_drawn`.

    Returns:
        By number of the tensor in the first subgraph; none where it does not run.
    """
    return run_drawn(path, input_shapes=input_shapes, has_delegates=False)[1]


@dataclass(frozen=True)
class Source:
    """What copies of a file are compared with: runs of the file itself.

    Args:
        runs: two seeds, with and without delegates; those in which the file runs at all.
        input_shapes: as in `run_drawn`.
        checks: none: nothing is compared with Keras.
    """

    runs: tuple[Run, ...]
    input_shapes: InputShapes
    checks: tuple[Check, ...] = field(default=())

    @classmethod
    def of(cls, path: str | Path, input_shapes: InputShapes) -> Source:
        """Runs a file.

        Args:
            path: of any TFLite file.
            input_shapes: as in `run_drawn`.

        Raises:
            ExportError: if it runs neither with nor without delegates.
        """
        runs = _runs(path, input_shapes)
        sound = tuple(run for run in runs if not run.error)
        if not sound:
            raise ExportError(
                f"{path} itself does not run here, so no copy can be checked: {runs[0].error}"
            )
        return cls(sound, input_shapes)

    def check(self, path: Path, name: str, *, is_direct: bool) -> Verification:
        """Runs a copy and compares it with the file.

        Args:
            path: of the copy.
            name: of its layout, for the rows of the report.
            is_direct: whether a kernel walks sparse weights itself; what is only unpacked must be
                equal bit for bit.
        """
        settings = {run.has_delegates for run in self.runs}
        runs = _runs(path, self.input_shapes)
        return compare(
            [run for run in runs if run.has_delegates in settings],
            [run.outputs for run in self.runs],
            tolerance=DIRECT_TOLERANCE if is_direct else DENSIFY_TOLERANCE,
            file=name,
            reference="source",
        )


def _runs(path: str | Path, input_shapes: InputShapes) -> tuple[Run, ...]:
    return tuple(
        run_drawn(path, seed=seed, input_shapes=input_shapes, has_delegates=has_delegates)[0]
        for seed in SEEDS
        for has_delegates in (True, False)
    )
