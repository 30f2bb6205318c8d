"""Files made of a run after it is finished."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tfticket.experiments.determinism import deterministic
from tfticket.experiments.finishing import FILES, export_level
from tfticket.experiments.outcome import choose
from tfticket.experiments.planning import make_plan
from tfticket.experiments.run_folder import RunFolder

__all__ = ["export_run"]


def export_run(
    path: str | Path,
    target: str,
    out: str | Path | None = None,
    *,
    replicate: int | None = None,
    level: int | None = None,
) -> Any:
    """Writes a trained network of a run as a file, after comparing what it computes.

    Args:
        path: the run folder. A ticket alone has no trained network in it.
        target: `"keras"`, `"savedmodel"` or `"tflite"`.
        out: the file or folder; `None` means the usual name inside the run folder.
        replicate: which replicate; `None` means the one with the best validation.
        level: which level; `None` means the last.

    Returns:
        The exporter's report.

    Raises:
        ValueError: if the target is unknown or there is no such level.
        FileNotFoundError: if `path` is no run folder.
        ExportError: if no file that passes could be written.
    """
    if target not in FILES:
        raise ValueError(f"`target` must be one of {list(FILES)}. Received: target={target!r}")
    folder = RunFolder(path)
    spec = folder.spec()
    folder.check()
    chosen = choose([r for r in folder.results() if replicate in (None, r.replicate)], round_=level)
    with deterministic(spec.seed):
        plan = make_plan(spec)
        found = folder.level(chosen.replicate, chosen.round)
        destination = folder.root / FILES[target] if out is None else Path(out)
        return export_level(found, plan.build(chosen.seed), target, destination, spec, plan)
