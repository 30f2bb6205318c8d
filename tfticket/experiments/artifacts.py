"""What is made of a run: the ticket, the trained network as files, a picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from tfticket import export
from tfticket.determinism import deterministic
from tfticket.errors import ExportError, MissingDependencyError
from tfticket.experiments.run_folder import RunFolder
from tfticket.experiments.spec import Spec
from tfticket.export import layouts
from tfticket.export.keras_file import require_room as require_room_for_keras
from tfticket.export.onnx import require_room as require_room_for_onnx
from tfticket.export.savedmodel import require_room as require_room_for_savedmodel
from tfticket.levels import Level
from tfticket.reports import plots
from tfticket.reports.outcome import Outcome, choose, remarks
from tfticket.reports.results import Result, headline
from tfticket.rewinding import restore
from tfticket.tflite.sizes import raw_bytes
from tfticket.tflite.weight_types import WeightType
from tfticket.zoo.evidence import first_inputs

if TYPE_CHECKING:
    from tfticket.recipes.run import Plan

__all__ = ["FILES", "export_run", "finish"]

#: The file or folder of each export target.
FILES = {
    "keras": "model.keras",
    "savedmodel": "saved_model",
    "tflite": "model.tflite",
    "onnx": "model.onnx",
    "seeds": "seeds.safetensors",
}
#: What tells whether such a file may be written; of seeds only their writer does.
_ROOM: dict[str, Callable[[Path], None]] = {
    "keras": require_room_for_keras,
    "savedmodel": require_room_for_savedmodel,
    "tflite": layouts.require_room,
    "onnx": require_room_for_onnx,
}
_PLOT = "accuracy_vs_sparsity.png"
_NUM_SAMPLES = 256


def finish(spec: Spec, plan: Plan, folder: RunFolder, notes: list[str]) -> Outcome:
    """Chooses the ticket on validation and writes everything that is made of it.

    Args:
        spec: the experiment.
        plan: made of the spec.
        folder: with every level complete.
        notes: what has to be said with the figures.

    Returns:
        The outcome, which is in the folder too.
    """
    results = folder.results()
    chosen = choose(results)
    level = folder.level(chosen.replicate, chosen.round)
    level.ticket.save(folder.root / "ticket")
    written, exports, skipped = ["ticket"], {}, {}
    model = plan.build(chosen.seed) if spec.common.export else None
    for target in spec.common.export:
        name = FILES[target]
        try:
            wanted = _Written(target, folder.root / name, spec.common.tflite_sparse)
            # What is there under this name is the run's own, also if it does not look so any more.
            report = _write(wanted, level, model, plan, overwrite=True)
            exports[name] = {**report.to_dict(), "path": name}
            written.append(name)
        except (ExportError, MissingDependencyError) as error:
            skipped[name] = str(error)
    try:
        title = plots.title_of(spec.common.model, spec.common.data, spec.recipe_name)
        figure = plots.plot_against_sparsity(results, _metric(results), title)
        plots.save(figure, folder.root / _PLOT, overwrite=True)  # a damaged one
        written.append(_PLOT)
    except MissingDependencyError as error:
        skipped[_PLOT] = str(error)
    outcome = Outcome(
        results=tuple(results),
        chosen=chosen,
        files={name: raw_bytes(folder.root / name) for name in written},
        skipped=skipped,
        notes=(*_plans().notes_on(spec, plan.data), *remarks(chosen), *notes),
        exports=exports,
    )
    folder.keep_outcome(outcome)
    return outcome


@dataclass(frozen=True)
class _Written:
    """How a file is to be written.

    Args:
        target: `"keras"`, `"savedmodel"`, `"tflite"`, `"onnx"`, or `"seeds"` of a supermask.
        path: of the file or folder.
        sparse: how zeros are stored in a TFLite file.
        quantize: type of the weights of a TFLite file.
        tolerance: the largest difference of a TFLite file from the network that passes, as a
            fraction of the output range; `None` means what the type allows.
    """

    target: str
    path: Path
    sparse: str = "auto"
    quantize: str = "float32"
    tolerance: float | None = None


def _write(
    wanted: _Written, level: Level, model: Any, plan: Plan, *, overwrite: bool = False
) -> Any:
    """Writes a level's trained network as a file and has it checked on training examples."""
    if wanted.target == "seeds":
        return export.seed_file(level.ticket, wanted.path, overwrite=overwrite)
    model = plan.recipe.network(model, level.ticket)
    restore(model, level.trained)
    model = plan.recipe.handed_over(model, level)
    inputs = first_inputs(plan.data.train, _NUM_SAMPLES)
    options: dict[str, Any] = {"inputs": inputs, "num_samples": _NUM_SAMPLES}
    options["overwrite"] = overwrite
    if wanted.target == "tflite":
        options |= {"sparse": wanted.sparse, "weights": wanted.quantize}
        options["representative_data"] = inputs if wanted.quantize == "int8" else None
        options["verify"] = True if wanted.tolerance is None else wanted.tolerance
    writers: dict[str, Callable[..., Any]] = {
        "keras": export.keras_file,
        "savedmodel": export.savedmodel,
        "tflite": export.tflite,
        "onnx": export.onnx,
    }
    return writers[wanted.target](model, wanted.path, **options)


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
    chosen = _chosen(folder, replicate, level)
    destination = folder.root / _usual_name(target, quantize) if out is None else Path(out)
    if target in _ROOM:
        _ROOM[target](destination)
    with deterministic(spec.common.seed):  # what was wrong so far was told without TensorFlow
        plan = _plans().make_plan(spec)
        found = folder.level(chosen.replicate, chosen.round)
        model = plan.build(chosen.seed)
        sparse = spec.common.tflite_sparse
        wanted = _Written(target, destination, sparse, quantize or "float32", tolerance)
        report = _write(wanted, found, model, plan)
    if destination.resolve().parent == folder.root.resolve():
        folder.keep_export(destination.name, report.to_dict(), raw_bytes(destination))
    return report


def _plans() -> Any:
    """The module of plans, which imports TensorFlow."""
    from tfticket.experiments import plan

    return plan


def _chosen(folder: RunFolder, replicate: int | None, level: int | None) -> Result:
    results = folder.results()
    there = sorted({r.replicate for r in results})
    if replicate is not None and replicate not in there:
        raise ValueError(f"`replicate` must be one of {there}. Received: replicate={replicate}")
    return choose([r for r in results if replicate in (None, r.replicate)], round_=level)


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


def _metric(results: list[Any]) -> str:
    return f"test_{headline(name for r in results for name in r.metrics)}"
