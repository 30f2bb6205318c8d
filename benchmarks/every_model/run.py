"""Every model people bring: pruned to 80 %, trained a step, saved, reloaded, exported.

All of `keras.applications` with random weights, at 96 x 96 pixels or the smallest of 128, 224 and
331 that they build at, and the networks of `networks.py`; in either Keras.

    python benchmarks/every_model/run.py

writes `results.json` and the table in `README.md` after every model, each in a process of its own,
and goes on from there when started again. `--only NAME …` and `--keras` run less.
"""

from __future__ import annotations

import argparse
import inspect
import json
import os
import re
import subprocess
import sys
import tempfile
import time
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
SIZES = (96, 128, 224, 331)
#: Larger networks are not converted to TFLite here, for the time it takes.
MAX_EXPORTED = 10_000_000
TIMEOUT_SECONDS = 900


def applications(k) -> list[str]:
    """The names of the stock networks of a Keras."""
    named = {
        name: f
        for name, f in vars(k.applications).items()
        if inspect.isfunction(f) and name[0].isupper()
    }
    return sorted(named)


def brought(k, name: str) -> tuple[Any, Any, Any]:
    """A compiled model, a batch and its targets."""
    k.utils.set_random_seed(0)
    if name in networks.NETWORKS:
        model, inputs, targets = networks.NETWORKS[name](k)
    else:
        model, side = _application(k, name)
        rng = np.random.default_rng(0)
        inputs = rng.normal(size=(2, side, side, 3)).astype("float32")
        targets = np.array([1, 7], "int32")
    if getattr(model, "optimizer", None) is None:
        model.compile(k.optimizers.SGD(1e-3, momentum=0.9), "sparse_categorical_crossentropy")
    return model, inputs, targets


def _application(k, name: str) -> tuple[Any, int]:
    make, problem = getattr(k.applications, name), None
    for side in SIZES:
        try:
            return make(weights=None, input_shape=(side, side, 3), classes=10), side
        except ValueError as error:
            problem = error
    raise RuntimeError(f"it builds at none of {SIZES}: {problem}")


def tried(keras: str, name: str) -> dict[str, Any]:
    """Does everything with one model; each step says `"yes"` or why not."""
    import importlib

    import tfticket as tt
    from tfticket import weights

    k = importlib.import_module(keras)
    model, inputs, targets = brought(k, name)
    row: dict[str, Any] = {"parameters": int(model.count_params())}
    ticket = tt.prune(
        model, score="magnitude", scope="layer", schedule=tt.schedules.OneShot(SPARSITY)
    )
    row["sparsity"] = ticket.masks.sparsity
    masks = ticket.apply(model)
    before = weights.read_all(model)
    with tt.enforce(model, masks):
        loss = model.train_on_batch(inputs, targets)
    after = weights.read_all(model)
    kept = any(not np.array_equal(before[p], after[p]) for p in masks)
    zeros = all((after[p][~m] == 0).all() for p, m in masks.items())
    is_finite = bool(np.isfinite(np.asarray(loss, "float64")).all())
    row["trained"] = "yes" if kept and zeros and is_finite else f"{kept=} {zeros=} {loss=}"
    row["saved"] = saved(k, model, inputs)
    row["exported"] = exported(model, inputs, row["parameters"])
    return row


def saved(k, model, inputs) -> str:
    """Saves, loads and compares."""
    from tfticket import _keras

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.keras")
        try:
            model.save(path)
            again = _keras.load_model(k, path, compile=False, safe_mode=False)
        except Exception as error:
            return f"no: Keras itself cannot: {str(error).strip().splitlines()[0][:90]}"
        pairs = zip(model.get_weights(), again.get_weights(), strict=True)
        same = all(np.array_equal(a, b) for a, b in pairs)
        return "yes" if same else "no: other weights"


def exported(model, inputs, num_parameters: int) -> str:
    """Writes a TFLite file, which is run and compared."""
    import tfticket as tt

    if num_parameters > MAX_EXPORTED:
        return f"skipped: more than {MAX_EXPORTED:,} parameters"
    with tempfile.TemporaryDirectory() as folder:
        try:
            options = {"inputs": inputs, "num_samples": 2}
            report = tt.export.tflite(model, Path(folder) / "model.tflite", **options)
        except (tt.errors.ExportError, ValueError) as error:
            return f"no: {str(error).strip().splitlines()[0][:120]}"
        return f"{report.file_bytes / report.dense_file_bytes:.2f} of the dense bytes"


def run_apart(keras: str, name: str) -> dict[str, Any]:
    """Tries a model in a process of its own."""
    command = [sys.executable, __file__, "--one", name, "--keras", keras]
    start = time.time()
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return {"failed": f"not done after {TIMEOUT_SECONDS} s"}
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        return {"failed": (said or ["it ended without a word"])[-1][:200]}
    return {**json.loads(lines[-1]), "seconds": round(time.time() - start)}


def table(rows: dict[str, dict[str, Any]]) -> list[str]:
    """A row per model and Keras."""
    lines = [
        "| model | Keras | parameters | sparsity | trained | saved | TFLite |",
        "|---|---|---|---|---|---|---|",
    ]
    for key, row in sorted(rows.items()):
        keras, name = key.split(" ")
        if "failed" in row:
            lines.append(f"| {name} | {keras} | | | failed: {row['failed']} | | |")
        else:
            lines.append(
                f"| {name} | {keras} | {row['parameters']:,} | {row['sparsity']:.4f} |"
                f" {row['trained']} | {row['saved']} | {row['exported']} |"
            )
    return lines


def write(rows: dict[str, dict[str, Any]], out: Path) -> None:
    """Keeps the results, and the table in the README beside this file."""
    path, found = out / "results.json", dict(sorted(rows.items()))
    records.write(path, found, seeds=[0], data=[], resumes=True)
    readme = HERE / "README.md"
    if out == HERE and readme.exists():
        head = readme.read_text().partition(MARK)[0]
        readme.write_text("\n".join([head + MARK, "", *table(rows)]) + "\n")


def planned(kerases: list[str], only: list[str] | None) -> list[tuple[str, str]]:
    """Every Keras and model, small networks first."""
    import importlib

    found = []
    for keras in kerases:
        names = [*networks.NETWORKS, *applications(importlib.import_module(keras))]
        found += [(keras, n) for n in names if only is None or n in only]
    return sorted(found, key=lambda pair: (pair[1] not in networks.NETWORKS, _is_large(pair[1])))


def _is_large(name: str) -> bool:
    """The large ones of a family come last: they take most of the time."""
    sizes = r"Large|Base|152|201|169|101|B[4-7]|V2[LMS]|270|350|420|200|[XY]0[1-8]\d|[XY][1-3]\d0$"
    return re.search(sizes, name) is not None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keras", nargs="*", default=["keras", "tf_keras"])
    parser.add_argument("--only", nargs="*", default=None)
    parser.add_argument("--one", default=None, help="used by the script itself")
    parser.add_argument("--out", type=Path, default=HERE, help="folder for the results")
    args = parser.parse_args()
    if args.one:
        print(json.dumps(tried(args.keras[0], args.one)))
        return
    path = args.out / "results.json"
    rows = records.read(path, {})
    for keras, name in planned(args.keras, args.only):
        key = f"{keras} {name}"
        if key not in rows:
            rows[key] = run_apart(keras, name)
            write(rows, args.out)
            print(key, json.dumps(rows[key]), flush=True)


if __name__ == "__main__":
    main()
