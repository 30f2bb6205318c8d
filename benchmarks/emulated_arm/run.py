"""Whether exported files compute on an emulated ARM processor what Keras does here.

XNNPACK takes other kernels on ARM than on x86 with AVX, sparse convolutions among them: files that
are right here can be garbage there. This runs the aarch64 wheel of the runtime under user-mode
emulation: right for correctness, never for time. README.md says how to get the parts.

    python benchmarks/emulated_arm/run.py --qemu …/qemu-aarch64-static --root … --site …

writes `results.json` and the table in `README.md` after every network and type, and goes on from
there when started again; delete `results.json` to start anew. `--only` takes some networks.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest import mock

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies
sys.path.insert(1, str(Path(__file__).resolve().parents[1] / "export_matrix"))

import cells
import clusters
import numpy as np

from benchmarks import records

HERE = Path(__file__).parent
MASKS = ("elementwise 80 %", "1x4 80 %", "elementwise 98 %")
TYPES = ("float32", "float16", "dynamic", "int8")
SETTINGS = (True, False)
BATCH_SIZES = [1, 3]
SKIPPED = ("LSTM",)  # refused in every type: there is no file
RUNNER = (
    "import runpy,sys\nmain=runpy.run_path(sys.argv[1])['main']\nfor p in sys.argv[2:]: main(p)"
)


class Machine:
    """The emulated processor, with Python, numpy and the runtime on it."""

    def __init__(self, qemu: str, root: str, site: str, cpu: str):
        self._cpu = cpu
        python = Path(root) / "usr" / "bin" / "python3.11"
        self._command = [qemu, "-cpu", cpu, "-L", root, str(python)]
        self._environment = {"PYTHONPATH": site, "PYTHONHOME": "/usr", "HOME": "/tmp"}

    def describe(self) -> str:
        """Names the processor and the versions on it."""
        program = (
            "import platform,numpy;from importlib import metadata;"
            "print(platform.machine(),'ai-edge-litert',metadata.version('ai-edge-litert'),"
            "'numpy',numpy.__version__)"
        )
        return f"Emulated {self._cpu}: {self._run(['-c', program]).stdout.strip()}."

    def main(self, paths: list[str]) -> str:
        """Runs `tfticket.litert.worker` on requests; returns what went wrong."""
        from tfticket.litert import worker

        done = self._run(["-c", RUNNER, str(worker.__file__), *paths])
        lines = done.stderr.strip().splitlines()
        return f"{done.returncode}: {lines[-1] if lines else ''}" if done.returncode else ""

    def _run(self, arguments: list[str]) -> subprocess.CompletedProcess:
        return subprocess.run(
            [*self._command, *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )


def on_arm(machine: Machine, files: dict[str, Path], inputs: np.ndarray, folder: Path) -> dict:
    """Runs files with and without delegates, each alone if one of them kills the rest.

    Returns:
        By file and setting: outputs by batch size, or what went wrong.
    """
    from tfticket.litert.worker import load_arrays, save_arrays

    save_arrays(folder / "inputs.npz", {"input_0": inputs})
    places = {}
    for number, (name, path) in enumerate(files.items()):
        for delegates in SETTINGS:
            place = folder / f"{number}_{delegates}"
            place.mkdir()
            request = {"model": str(path), "inputs": str(folder / "inputs.npz")}
            request |= {"outputs": str(place), "batch_sizes": BATCH_SIZES, "num_threads": 1}
            (place / "request.json").write_text(json.dumps({**request, "has_delegates": delegates}))
            places[name, delegates] = place
    left, errors = list(places.values()), {}
    machine.main([str(place / "request.json") for place in left])
    for place in left:
        if not (place / f"{BATCH_SIZES[-1]}.npz").exists():
            errors[place] = machine.main([str(place / "request.json")])
    return {
        key: errors.get(place)
        or {size: next(iter(load_arrays(place / f"{size}.npz").values())) for size in BATCH_SIZES}
        for key, place in places.items()
    }


def judged(found: dict, expected: np.ndarray, weights: str) -> dict:
    """Compares outputs with Keras': the largest difference, and whether that is near enough."""
    from tfticket.litert.comparison import TOLERANCES, difference, rms_difference

    row: dict = {"outcome": "verified", "differences": {}}
    tolerance = TOLERANCES[weights]
    for delegates, outputs in found.items():
        setting = f"{'with' if delegates else 'without'} delegates"
        if isinstance(outputs, str):
            row |= {"outcome": "does not run", "reason": f"{setting}: {outputs}"}
            continue
        pairs = [(array, expected) for array in outputs.values()]
        worst = max(difference(*pair)[1] for pair in pairs)
        row["differences"][setting] = str(worst) if worst == float("inf") else worst
        rms = max(rms_difference(*pair) for pair in pairs)
        if worst > tolerance.largest or rms > tolerance.rms:
            row |= {"outcome": "wrong", "reason": f"{setting}: {worst:.3g} of the output range off"}
    return row


def measure(machine: Machine, kind: str, weights: str) -> dict:
    """Exports the cells of one network and type as on any machine, and runs them on ARM."""
    import keras

    from tfticket.export import tflite

    inputs, rows, files, expected = cells.examples(kind), {}, {}, {}
    with tempfile.TemporaryDirectory(prefix="tfticket_") as name:
        for mask in MASKS:
            model = cells.network(keras, kind, mask)
            given = {"representative_data": inputs} if weights == "int8" else {"inputs": inputs}
            files[mask] = Path(name) / f"{len(files)}.tflite"
            report = tflite(model, files[mask], weights=weights, sparse="compute", **given)
            expected[mask] = np.asarray(model(inputs, training=False))
            rows[mask] = {"layout": report.layout}
        found = on_arm(machine, files, inputs, Path(name))
    for mask in MASKS:
        outputs = {delegates: found[mask, delegates] for delegates in SETTINGS}
        rows[mask] |= judged(outputs, expected[mask], weights)
    keras.backend.clear_session()
    return rows


def measure_cluster(machine: Machine, name: str) -> dict:
    """Runs a graph that phones rewrite: our file, and one made without our check of the graph."""
    import keras

    from tfticket.export import inspect, tflite
    from tfticket.tflite import encoder, xnnpack

    model, inputs = clusters.NETWORKS[name](keras), clusters.examples()
    expected, files, rows = np.asarray(model(inputs, training=False)), {}, {}
    with tempfile.TemporaryDirectory(prefix="tfticket_") as folder:
        files["ours"] = Path(folder) / "ours.tflite"
        report = tflite(model, files["ours"], inputs=inputs)
        dense = Path(folder) / "dense.tflite"
        tflite(model, dense, inputs=inputs, sparse="none")
        files["unchecked"] = Path(folder) / "unchecked.tflite"
        with mock.patch.object(xnnpack, "densify_hazard", return_value=""):
            files["unchecked"].write_bytes(encoder.encode(dense.read_bytes())[0])
        warned = {kind: [w.code for w in inspect(path).warnings] for kind, path in files.items()}
        found = on_arm(machine, files, inputs, Path(folder))
    for kind in files:
        outputs = {delegates: found[kind, delegates] for delegates in SETTINGS}
        rows[kind] = {"layout": report.layout if kind == "ours" else "storage"}
        rows[kind] |= {"warnings": warned[kind], **judged(outputs, expected, "float32")}
    return rows


def main() -> None:
    import arm_table

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--qemu", required=True, help="qemu-aarch64-static")
    parser.add_argument("--root", required=True, help="folder with usr/bin/python3.11 of aarch64")
    parser.add_argument("--site", required=True, help="folder with the aarch64 wheels, unpacked")
    parser.add_argument("--cpu", default="cortex-a76", help="which processor to emulate")
    kinds = [kind for kind in cells.KINDS if kind not in SKIPPED]
    parser.add_argument("--only", nargs="*", default=[*clusters.NETWORKS, *kinds])
    arguments = parser.parse_args()
    machine = Machine(arguments.qemu, arguments.root, arguments.site, arguments.cpu)
    path = HERE / "results.json"
    results = records.read(path, {"cells": {}, "clusters": {}})
    results["machine"] = machine.describe()
    for name in arguments.only:
        if name in clusters.NETWORKS and name not in results["clusters"]:
            results["clusters"][name] = measure_cluster(machine, name)
            print(name, results["clusters"][name], flush=True)
        for weights in TYPES if name in kinds else ():
            key = f"{name}: {weights}"
            if key not in results["cells"]:
                results["cells"][key] = measure(machine, name, weights)
                outcomes = {mask: row["outcome"] for mask, row in results["cells"][key].items()}
                print(key, outcomes, flush=True)
        arm_table.write_arm(results, HERE)


if __name__ == "__main__":
    main()
