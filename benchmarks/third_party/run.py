"""Other people's models: pruned, trained a step, reloaded, shrunk and exported, or refused.

    pip install keras-hub kimm keras-cv-attention-models image-classifiers \
        keras-unet-collection keras-tcn
    python benchmarks/third_party/run.py

writes `results.json` and the table in `README.md` after every model, each in a process of its own.
`--only NAME …` runs some and keeps the results of the others.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

import networks
import numpy as np

from benchmarks import records

HERE = Path(__file__).parent
MARK = "<!-- table -->"
SPARSITY = 0.8
CHANNEL_SPARSITY = 0.3
TIMEOUT_SECONDS = 600


def tried(name: str) -> dict[str, Any]:
    """Does everything with one model; each step says what came of it."""
    keras, _, build = networks.NETWORKS[name]
    if keras == "tf_keras":
        os.environ["TF_USE_LEGACY_KERAS"] = "1"
    import importlib

    k: Any = importlib.import_module(keras)
    k.utils.set_random_seed(0)
    model, inputs = build()
    disturb(model)
    # Channels go first: a network that was pruned to 80 % without training tells little apart.
    steps = {"shrunk": shrunk, "pruned": pruned, "reloaded": reloaded, "exported": exported}
    row: dict[str, Any] = {"parameters": int(model.count_params())}
    for step, do in steps.items():
        row[step] = outcome(do, model, inputs)
    return row


def disturb(model: Any) -> None:
    """Draws scales, offsets and statistics as after some training: untrained ones hide much."""
    import tfticket as tt

    rng = np.random.default_rng(0)
    for path, variable in tt.weights.variables(model).items():
        name, shape = path.rpartition("/")[2], tuple(variable.shape)
        if name in ("gamma", "moving_variance"):
            variable.assign(rng.uniform(0.5, 1.5, shape))
        elif name in ("beta", "moving_mean") or name.endswith("bias"):
            variable.assign(rng.normal(0, 0.3, shape))


def outcome(do: Callable[[Any, Any], str], *given: Any) -> str:
    """What a step returned; or `refused`, if it was by an error that is meant for the caller."""
    import tfticket as tt

    try:
        return do(*given)
    except (tt.errors.ExportError, ValueError, TypeError) as error:
        if isinstance(error, tt.errors.MismatchError):  # what was made does not fit: our fault
            return f"crashed: {' '.join(str(error).split())[:300]}"
        return f"refused: {type(error).__name__}: {' '.join(str(error).split())[:300]}"
    except Exception as error:
        return f"crashed: {type(error).__name__}: {' '.join(str(error).split())[:300]}"


def pruned(model: Any, inputs: Any) -> str:
    """Prunes to the very count, and trains a step with the masks in force."""
    import tensorflow as tf

    import tfticket as tt

    schedule = tt.schedules.OneShot(SPARSITY)
    ticket = tt.prune(model, score="magnitude", scope="layer", schedule=schedule)
    kept = sum(int(m.sum()) for m in ticket.masks.values())
    masks = ticket.apply(model)
    targets = tf.nest.map_structure(lambda o: np.zeros(o.shape, np.float32), model(inputs))
    before = tt.weights.read(model)
    model.compile("adam", "mse", metrics=[])  # KerasHub has metrics of its own
    with tt.enforce(model, masks):
        model.train_on_batch(inputs, targets)
    after = tt.weights.read(model)
    is_exact = kept == sum(m.size - round(m.size * SPARSITY) for m in ticket.masks.values())
    is_kept = all((after[p][~m] == 0).all() for p, m in masks.items())
    is_trained = any(not np.array_equal(before[p], after[p]) for p in masks)
    return "yes" if is_exact and is_kept and is_trained else f"{is_exact=} {is_kept=} {is_trained=}"


def reloaded(model: Any, inputs: Any) -> str:
    """Writes a `.keras` file, which is loaded and compared."""
    import tfticket as tt

    with tempfile.TemporaryDirectory() as folder:
        report = tt.export.keras_file(model, Path(folder) / "model.keras", inputs=inputs)
    return "; ".join(["yes", *(note for note in report.notes if "loads only" in note)])


def shrunk(model: Any, inputs: Any) -> str:
    """Removes channels and compares what is left with the masked model."""
    import tfticket as tt

    masks = tt.slimming.channel_masks(model, CHANNEL_SPARSITY)
    found = tt.slimming.shrink(model, masks)
    off = tt.slimming.max_relative_difference(model, masks, found.model, inputs)
    before, after = found.report.before.num_parameters, found.report.after.num_parameters
    if not off < 1e-3 or after >= before:
        return f"wrong: {after:,} parameters, {off:.2g} off"
    alike = "" if tells_apart(found.model, inputs) else ", for all inputs alike"
    return f"{after / before:.2f} of the parameters, {off:.1g} off{alike}"


def tells_apart(model: Any, inputs: Any) -> bool:
    """Whether outputs differ from one input to the other: if not, equal outputs show little."""
    import tensorflow as tf

    outputs = [np.asarray(o, np.float64) for o in tf.nest.flatten(model(inputs, training=False))]
    return any(np.abs(o[0] - o[1]).max() > 1e-3 * np.abs(o).max() for o in outputs)


def exported(model: Any, inputs: Any) -> str:
    """Writes a TFLite file, which is run and compared."""
    import tfticket as tt

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.tflite"
        report = tt.export.tflite(model, path, inputs=inputs, num_samples=2)
    return f"{report.file_bytes / report.dense_file_bytes:.2f} of the dense bytes"


def run_apart(name: str) -> dict[str, Any]:
    """Tries a model in a process of its own."""
    keras, package, _ = networks.NETWORKS[name]
    command = [sys.executable, "-W", "ignore", __file__, "--one", name]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
        lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
        said = [line for line in done.stderr.splitlines() if line.strip()] or ["nothing said"]
        row = json.loads(lines[-1]) if lines else {"crashed": said[-1][:300]}
    except subprocess.TimeoutExpired:
        row = {"crashed": f"not done after {TIMEOUT_SECONDS} s"}
    return {"keras": keras, "package": package, **row}


def table(rows: dict[str, dict[str, Any]]) -> Iterator[str]:
    """A sum in words, and a row for each model."""
    cells = [str(v) for row in rows.values() for k, v in row.items()]
    crashed = sum(c.startswith("crashed") for c in cells) + sum(
        "crashed" in r for r in rows.values()
    )
    smaller = sum("of the parameters" in str(r.get("shrunk")) for r in rows.values())
    yield f"{len(rows)} models: {smaller} shrank, {crashed} crashes."
    yield ""
    yield "| model | package | Keras | parameters | pruned | reloaded | shrunk | TFLite |"
    yield "|---|---|---|---|---|---|---|---|"
    for name, row in sorted(rows.items(), key=lambda item: (item[1]["package"], item[0])):
        steps = [str(row.get(s, row.get("crashed"))) for s in STEPS]
        parts = [name, row["package"], row["keras"], f"{row.get('parameters', 0):,}", *steps]
        yield f"| {' | '.join(p.replace('|', '/')[:160] for p in parts)} |"


STEPS = ("pruned", "reloaded", "shrunk", "exported")


def write(rows: dict[str, dict[str, Any]]) -> None:
    """Keeps the results, and the table in the README beside this file."""
    records.write(HERE / "results.json", rows, seeds=[0], data=[], resumes=True)
    readme = HERE / "README.md"
    head = readme.read_text().partition(MARK)[0]
    readme.write_text("\n".join([head + MARK, "", *table(rows)]) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", metavar="NAME")
    parser.add_argument("--jobs", type=int, default=1, help="models at a time (default: 1)")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(tried(asked.one)))
        return
    rows = {
        n: r for n, r in records.read(HERE / "results.json", {}).items() if n in networks.NETWORKS
    }
    with futures.ThreadPoolExecutor(asked.jobs) as pool:
        running = {pool.submit(run_apart, n): n for n in asked.only or networks.NETWORKS}
        for done in futures.as_completed(running):
            rows[running[done]] = done.result()
            write(rows)
            print(running[done], rows[running[done]], flush=True)


if __name__ == "__main__":
    main()
