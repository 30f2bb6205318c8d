"""Whether exported files compute what they should: layers, types, masks, runtimes, delegates.

Each cell builds a small network, prunes one layer at random, exports it with `sparse="compute"`
and runs the file that was handed over in two runtimes, with and without their delegates.

    python benchmarks/export_matrix/run.py

writes `results.json` and the table in `README.md` after every kind of layer and type, and goes on
from there when started again; delete `results.json` to start anew. `--only` takes kinds of layers,
`--keras` the other Keras.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

import cells
import numpy as np

from benchmarks import records

HERE = Path(__file__).parent
SECOND = "tensorflow"
SETTINGS = (True, False)
BATCH_SIZES = [1, 3]
PROGRAM = "import sys\nfrom tfticket.litert.worker import main\nfor p in sys.argv[1:]: main(p)"


def exported(keras, kind: str, weights: str, mask: str, path: Path) -> dict:
    """Exports one cell.

    Returns:
        Its row: the outcome in words, and the differences from Keras by runtime and delegates.
    """
    from tfticket.errors import ExportError
    from tfticket.export import inspect, tflite

    model, inputs = cells.network(keras, kind, mask), cells.examples(kind)
    given = {"representative_data": inputs} if weights == "int8" else {"inputs": inputs}
    try:
        report = tflite(model, path, weights=weights, sparse="compute", **given)
    except ExportError as error:
        return {"outcome": "refused", "reason": str(error)}
    rows = {row.encoding + (f" {row.reader}" if row.reader else "") for row in report.tensors}
    pruned = max(report.tensors, key=lambda row: row.dense_bytes)
    is_sparse = report.layout != "dense"
    return {
        "outcome": "verified" if is_sparse else "dense",
        "reason": "" if is_sparse else pruned.reason,
        "encodings": sorted(rows),
        "given_up": [f"{a.layout}: {a.reason}" for a in report.tried if not a.passed],
        "bytes_of_dense": report.file_bytes / report.dense_file_bytes,
        "zeros": [report.zeros_before, report.zeros_after],
        "warnings": [warning.code for warning in inspect(path).warnings],
        "differences": {
            f"ai-edge-litert {_setting(delegates)}": max(
                check.relative_diff
                for check in report.verification
                if check.file == report.layout
                and check.reference == "keras"
                and check.has_delegates == delegates
            )
            for delegates in SETTINGS
        },
    }


def run_second(rows: dict[str, dict], folder: Path, keras, kind: str, weights: str) -> None:
    """Runs the files of some rows in the second runtime and adds what it found to the rows."""
    from tfticket.litert.worker import save_arrays

    inputs = cells.examples(kind)
    save_arrays(folder / "inputs.npz", {"input_0": inputs})
    requests = {}
    for number, mask in enumerate(rows):
        if rows[mask]["outcome"] == "refused":
            continue
        for delegates in SETTINGS:
            place = folder / f"{number}_{delegates}"
            place.mkdir()
            request = {
                "model": str(folder / f"{number}.tflite"),
                "inputs": str(folder / "inputs.npz"),
                "outputs": str(place),
                "batch_sizes": BATCH_SIZES,
                "num_threads": 1,
                "has_delegates": delegates,
                "runtime": SECOND,
            }
            requests[mask, delegates] = place
            (place / "request.json").write_text(json.dumps(request))
    _run(list(requests.values()))
    for (mask, delegates), place in requests.items():
        expected = np.asarray(cells.network(keras, kind, mask)(inputs, training=False))
        found = _difference(place, expected, weights)
        rows[mask]["differences"][f"{SECOND} {_setting(delegates)}"] = found
        if isinstance(found, str):
            rows[mask]["outcome"] = "wrong"
            rows[mask]["reason"] = found


def _run(places: list[Path]) -> None:
    """Runs requests in one process; if it dies, each that is left in one of its own."""
    for attempt in ([places], [[place] for place in places]):
        for group in attempt:
            left = [p for p in group if not (p / f"{BATCH_SIZES[-1]}.npz").exists()]
            if left:
                paths = [str(p / "request.json") for p in left]
                command = [sys.executable, "-c", PROGRAM, *paths]
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                for place in left if len(left) == 1 else ():
                    (place / "error.txt").write_text(f"{done.returncode} {done.stderr[-300:]}")


def _difference(place: Path, expected: np.ndarray, weights: str) -> float | str:
    from tfticket.litert.comparison import TOLERANCES, difference, rms_difference
    from tfticket.litert.worker import load_arrays

    worst = 0.0
    for size in BATCH_SIZES:
        path = place / f"{size}.npz"
        if not path.exists():
            error = place / "error.txt"
            return error.read_text() if error.exists() else "it did not run"
        (found,) = load_arrays(path).values()
        tolerance = TOLERANCES[weights]
        relative, rms = difference(found, expected)[1], rms_difference(found, expected)
        if relative > tolerance.largest or rms > tolerance.rms:
            return f"batch {size}: {relative:.3g} of the output range off, {rms:.3g} on average"
        worst = max(worst, relative)
    return worst


def _setting(has_delegates: bool) -> str:
    return f"{'with' if has_delegates else 'without'} delegates"


def measure(keras, kind: str, weights: str, masks=tuple(cells.MASKS), second=True) -> dict:
    """Fills the cells of one kind of layer and one type of weights: a row per mask."""
    rows = {}
    with tempfile.TemporaryDirectory(prefix="tfticket_") as name:
        folder = Path(name)
        for number, mask in enumerate(masks):
            rows[mask] = exported(keras, kind, weights, mask, folder / f"{number}.tflite")
        if second:
            run_second(rows, folder, keras, kind, weights)
    keras.backend.clear_session()
    return rows


def main() -> None:
    import table

    from tfticket import _keras

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", default=list(cells.KINDS))
    parser.add_argument("--keras", default="keras", choices=["keras", "tf_keras"])
    arguments = parser.parse_args()
    path = HERE / "results.json"
    results = records.read(path, {})
    for kind in arguments.only:
        for weights in cells.TYPES:
            key = f"{arguments.keras}: {kind}: {weights}"
            if key not in results:
                results[key] = measure(_keras.module(arguments.keras), kind, weights)
                print(key, {mask: row["outcome"] for mask, row in results[key].items()}, flush=True)
                table.write(results, HERE)


if __name__ == "__main__":
    main()
