"""Files made of a run after it is finished."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

from tfticket.experiments.determinism import deterministic
from tfticket.experiments.finishing import FILES, export_level
from tfticket.experiments.outcome import choose
from tfticket.experiments.planning import make_plan
from tfticket.experiments.run_folder import RunFolder
from tfticket.export.convert import WeightType

__all__ = ["export_run"]


def export_run(
    path: str | Path,
    target: str,
    out: str | Path | None = None,
    *,
    replicate: int | None = None,
    level: int | None = None,
    quantize: str | None = None,
    tolerance: float | None = None,
) -> Any:
    """Writes a trained network of a run as a file, after comparing what it computes.

    Args:
        path: the run folder. A ticket alone has no trained network in it.
        target: `"keras"`, `"savedmodel"`, `"tflite"`, `"onnx"`, or, of a supermask, `"seeds"`.
        out: the file or folder; `None` means the usual name inside the run folder. A SavedModel
            becomes one archive if this ends in `.zip`.
        replicate: which replicate; `None` means the one with the best validation.
        level: which level; `None` means the last.
        quantize: type of the weights of a TFLite file: `"float32"`, `"float16"`, `"dynamic"` or
            `"int8"`, whose ranges are measured on the run's own training examples. The file then
            has the type in its usual name.
        tolerance: the largest difference of a TFLite file from the network that passes, as a
            fraction of the output range; `None` means what the type allows.

    Returns:
        The exporter's report.

    Raises:
        ValueError: if the target or the type is unknown, the two do not fit together, or there
            is no such level.
        FileNotFoundError: if `path` is no run folder.
        ExportError: if no file that passes could be written.
    """
    _require_fitting(target, quantize, tolerance)
    folder = RunFolder(path)
    spec = folder.spec()
    folder.check()
    chosen = choose([r for r in folder.results() if replicate in (None, r.replicate)], round_=level)
    with deterministic(spec.seed):
        plan = make_plan(spec)
        found = folder.level(chosen.replicate, chosen.round)
        destination = folder.root / _usual_name(target, quantize) if out is None else Path(out)
        model = plan.build(chosen.seed)
        options = {"quantize": quantize or "float32", "tolerance": tolerance}
        return export_level(found, model, target, destination, spec, plan, **options)


def _require_fitting(target: str, quantize: str | None, tolerance: float | None) -> None:
    if target not in FILES:
        raise ValueError(f"`target` must be one of {list(FILES)}. Received: target={target!r}")
    if quantize is not None and (target != "tflite" or quantize not in get_args(WeightType)):
        raise ValueError(
            f"`quantize` must be one of {list(get_args(WeightType))}, and is of TFLite files only."
            f" Received: quantize={quantize!r}, target={target!r}"
        )
    if tolerance is not None and target != "tflite":
        raise ValueError(
            "`tolerance` is of TFLite files only: other files hold the weights as they are."
            f" Received: tolerance={tolerance!r}, target={target!r}"
        )


def _usual_name(target: str, quantize: str | None) -> str:
    name = Path(FILES[target])
    suffix = "" if quantize in (None, "float32") else f"_{quantize}"
    return f"{name.stem}{suffix}{name.suffix}"
