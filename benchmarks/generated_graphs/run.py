"""What XNNPACK makes of several hundred small sparse networks where it has sparse convolutions.

    python benchmarks/generated_graphs/run.py --sse SITE --qemu-x86 qemu-x86_64-static

runs every graph on an emulated x86 processor without AVX, on the runtime in the folder `SITE`
(site-packages), and writes `results.json` and the table in `README.md`; started again it goes on
from there. `--arm` runs a sample on an emulated ARM processor. With neither, our list is asked
again about the graphs that lie in `--files`. README.md has the whole of it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path
from unittest import mock

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

import emulators
import graph_table
import graphs
import numpy as np

from benchmarks import records

HERE = Path(__file__).parent
CHUNK, SEEDS = 20, (0, 1)  # of weights, and of inputs; mixed graphs are drawn from both
LEAST_SPREAD, LEAST_RANGE = 5e-3, 1e-3


def sparse_file(graph: graphs.Graph, folder: Path) -> tuple[Path, np.ndarray, dict]:
    """Writes a graph with its kernels to be unpacked, whatever our list says of it.

    Returns:
        The file, inputs, and what Keras makes of these, by name.
    """
    from tfticket.export.convert import dense_tflite, quantized_tflite
    from tfticket.export.signature import reference, signature
    from tfticket.tflite import encode_file, xnnpack

    model = graphs.build(graph)
    given, inputs = signature(model), graphs.examples(model)
    dense = dense_tflite(model, given)
    if graph.weights != "float32":
        dense = quantized_tflite(model, given, dense, weights=graph.weights, calibration=None)
    with mock.patch.object(xnnpack, "densify_hazard", return_value=""):
        blob = encode_file(dense, "storage").blob
    path = folder / "model.tflite"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_bytes(blob)
    path.with_name("dense.tflite").write_bytes(dense.blob)
    expected = reference(model, given, {given.names[0]: inputs})
    _require_sight(expected)
    np.savez(folder / "expected.npz", inputs=inputs, **expected)
    return path, inputs, expected


def _require_sight(expected: dict[str, np.ndarray]) -> None:
    """Refuses a network whose outputs hardly depend on its input: garbage would not be seen."""
    for name, array in expected.items():
        if np.ptp(array) < LEAST_RANGE:
            raise ValueError(f"output {name} is nothing but rounding: {np.ptp(array):.2g}")
        spread = np.abs(np.diff(array, axis=0)).max() / np.ptp(array)
        if not spread >= LEAST_SPREAD:
            raise ValueError(f"output {name} hardly depends on the input: {spread:.2g}")


def prepared(graph: graphs.Graph, folder: Path) -> tuple[Path, np.ndarray, dict] | str:
    """The same, from the folder if it was made before; what went wrong if it cannot be made."""
    stored, failed = folder / "expected.npz", folder / "error.txt"
    if failed.exists():
        return failed.read_text()
    if stored.exists():
        with np.load(stored) as arrays:
            found = {name: arrays[name] for name in arrays.files}
        return folder / "model.tflite", found.pop("inputs"), found
    import keras

    try:
        return sparse_file(graph, folder)
    except Exception as error:
        folder.mkdir(parents=True, exist_ok=True)
        said = str(error).partition("FlatBuffer")[0].split()
        failed.write_text(f"not made: {type(error).__name__}: {' '.join(said)[:150]}")
        return failed.read_text()
    finally:
        keras.backend.clear_session()


def difference(found: dict | str, expected: dict) -> float | str:
    """The largest difference from Keras, as a share of the range of each output."""
    from tfticket.litert.comparison import difference as apart

    if isinstance(found, str):
        return found[:160]
    worst = 0.0
    for name, array in found.items():
        worst = max(worst, apart(array, expected[name.partition(" ")[2]])[1])
    return "not finite" if worst == float("inf") else float(f"{worst:.2g}")


def measure(chosen: list[graphs.Graph], machine: emulators.Emulator, files: Path) -> dict:
    """Runs graphs on one machine: by name, the difference or what went wrong."""
    made = {graph.name: prepared(graph, folder_of(graph, files)) for graph in chosen}
    rows: dict = {name: one for name, one in made.items() if isinstance(one, str)}
    runnable = {name: one for name, one in made.items() if not isinstance(one, str)}
    rows |= differences(machine, runnable)
    wrong = {n: one for n, one in runnable.items() if not graph_table.is_right(n, rows[n])}
    twins = {n: (path.with_name("dense.tflite"), *rest) for n, (path, *rest) in wrong.items()}
    for name, one in differences(machine, twins).items():
        if not graph_table.is_right(name, one):
            rows[name] = f"{graph_table.DENSE_TOO}: {one}"
    return rows


def differences(machine: emulators.Emulator, made: dict) -> dict:
    """Runs files: by name, how far each is from Keras, or what went wrong."""
    if not made:
        return {}
    folder = Path(tempfile.mkdtemp(prefix="tfticket_"))
    try:
        requests = [
            emulators.request(folder / str(i), path, {"input_0": inputs})
            for i, (path, inputs, _) in enumerate(made.values())
        ]
        found = machine.outputs(requests)
    finally:
        shutil.rmtree(folder)
    return {
        name: difference(one, expected)
        for (name, (_, _, expected)), one in zip(made.items(), found, strict=True)
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--qemu-x86", default="qemu-x86_64-static")
    parser.add_argument("--qemu-arm", default="qemu-aarch64-static")
    parser.add_argument("--sse", help="site-packages with an x86 runtime, to run all on")
    parser.add_argument("--arm", help="folder with the aarch64 wheels, unpacked, to run some on")
    parser.add_argument("--root", help="folder with usr/bin/python3.11 of aarch64")
    parser.add_argument("--every", type=int, default=5, help="every how manyth graph on ARM")
    parser.add_argument("--files", type=Path, default=Path(tempfile.gettempdir()) / "graphs")
    asked = parser.parse_args()
    path = HERE / "results.json"
    results = records.read(path, {"graphs": {}})
    chosen, machine = graphs.all_graphs(), None
    if asked.sse:
        machine = emulators.without_avx(asked.qemu_x86, asked.sse)
    if asked.arm:
        machine = emulators.arm(asked.qemu_arm, asked.arm, asked.root)
        chosen = chosen[:: asked.every]
    title = machine.describe() if machine else ""
    rows = results["graphs"]
    left = [g for g in chosen if machine and title not in rows.get(g.name, {})]
    for start in range(0, len(left), CHUNK):
        for name, row in measure(left[start : start + CHUNK], machine, asked.files).items():
            rows.setdefault(name, {})[title] = row
        records.write(path, results, seeds=SEEDS, data=[], resumes=True)
        print(f"{title}: {start + CHUNK} of {len(left)}", flush=True)
    for graph in graphs.all_graphs():
        model = folder_of(graph, asked.files) / "model.tflite"
        if graph.name in rows and model.exists():
            rows[graph.name]["list"] = verdict(model)
    records.write(path, results, seeds=SEEDS, data=[], resumes=True)
    graph_table.write(results, HERE)


def verdict(path: Path) -> str:
    """Says what our list makes of a file: `none`, `sound`, `unsound`, or `may be unsound`."""
    from tfticket.tflite import File, cluster

    found = cluster(File.read(path))
    return found.state if found.is_certain else f"may be {found.state}"


def folder_of(graph: graphs.Graph, files: Path) -> Path:
    return files / graph.name.replace("/", "_")


if __name__ == "__main__":
    main()
