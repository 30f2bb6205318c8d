"""What a finished search hands over: the ticket, the trained network as files, a picture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tfticket import export
from tfticket.errors import ExportError, MissingDependencyError
from tfticket.experiments.channel_pruning import handed_over
from tfticket.experiments.outcome import Outcome, choose, smaller_network
from tfticket.experiments.planning import notes_on
from tfticket.experiments.run_folder import RunFolder
from tfticket.experiments.search import Plan
from tfticket.experiments.spec import Spec
from tfticket.lottery import Level
from tfticket.reports import plots
from tfticket.rewinding import restore

__all__ = ["FILES", "export_level", "finish"]

#: The file or folder of each export target.
FILES = {
    "keras": "model.keras",
    "savedmodel": "saved_model",
    "tflite": "model.tflite",
    "onnx": "model.onnx",
    "seeds": "seeds.safetensors",
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
    model = plan.build(chosen.seed)
    for target in spec.export:
        name = FILES[target]
        try:
            report = export_level(level, model, target, folder.root / name, spec, plan)
            exports[name] = {**report.to_dict(), "path": name}
            written.append(name)
        except (ExportError, MissingDependencyError) as error:
            skipped[name] = str(error)
    try:
        figure = plots.plot_against_sparsity(results, _metric(results), title=spec.recipe)
        plots.save(figure, folder.root / _PLOT)
        written.append(_PLOT)
    except MissingDependencyError as error:
        skipped[_PLOT] = str(error)
    outcome = Outcome(
        results=tuple(results),
        chosen=chosen,
        files={name: export.sizes(folder.root / name).raw_bytes for name in written},
        skipped=skipped,
        notes=(*notes_on(spec, plan.data), *smaller_network(chosen), *notes),
        exports=exports,
    )
    folder.keep_outcome(outcome)
    return outcome


def export_level(
    level: Level,
    model: Any,
    target: str,
    path: Path,
    spec: Spec,
    plan: Plan,
    *,
    quantize: str = "float32",
    tolerance: float | None = None,
) -> Any:
    """Writes a level's trained network as a file and has it checked.

    Args:
        level: with its trained state.
        model: of its architecture; holds the trained weights afterwards.
        target: `"keras"`, `"savedmodel"`, `"tflite"`, `"onnx"`, or `"seeds"` of a supermask.
        path: of the file or folder.
        spec: says how zeros are stored.
        plan: has the training examples that the file is compared with the network on, and int8
            is calibrated on.
        quantize: type of the weights of a TFLite file.
        tolerance: the largest difference of a TFLite file from the network that passes, as a
            fraction of the output range; `None` means what the type allows.

    Returns:
        The exporter's report.

    Raises:
        ExportError: if no file that passes could be written.
        MissingDependencyError: if a library is missing.
    """
    if target == "seeds":
        return export.seed_file(level.ticket, path)
    restore(model, level.trained)
    model = handed_over(plan.method, model, level)
    inputs = plan.data.train.x[:_NUM_SAMPLES]
    options: dict[str, Any] = {"inputs": inputs, "num_samples": len(inputs)}
    if target == "tflite":
        options |= {"sparse": spec.tflite_sparse, "weights": quantize}
        options["representative_data"] = inputs if quantize == "int8" else None
        options["verify"] = True if tolerance is None else tolerance
    writers: dict[str, Callable[..., Any]] = {
        "keras": export.keras_file,
        "savedmodel": export.savedmodel,
        "tflite": export.tflite,
        "onnx": export.onnx,
    }
    return writers[target](model, path, **options)


def _metric(results: list[Any]) -> str:
    has_accuracy = any("test_accuracy" in r.metrics for r in results)
    return "test_accuracy" if has_accuracy else "test_loss"
