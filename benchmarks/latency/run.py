"""How fast files with zeros are against their dense twins: 1x4 blocks, single weights, unpacked.

    python benchmarks/latency/run.py

writes `results.json` and the table in `README.md` after every network and sparsity, and goes on
from there when started again; delete `results.json` to measure anew. `--networks`, `--sparsities`
and `--rounds` run less; `--shrunk` takes other networks of the zoo, or `module:function`, whose
channels are removed.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

import numpy as np
import shrunk

from benchmarks import records
from tfticket.tables import markdown

HERE = Path(__file__).parent
MARK = "<!-- table -->"
#: Units of the layers, the inputs first.
NETWORKS = {
    "LeNet-300-100": (784, 300, 100, 10),
    "1024-wide MLP": (784, 1024, 1024, 10),
}
SPARSITIES = (0.8, 0.9, 0.95, 0.98)
#: Networks of the zoo whose channels are removed, and which shares of them.
SHRUNK = ("conv_431k", "conv_6")
CHANNELS = (0.5, 0.75)
PLAIN, REMOVED = "networks with zeros", "networks without channels"
#: Of every file: inputs that are pruned together, and the layout it is encoded in.
FILES = {"1x4": (4, "compute"), "direct": (1, "compute"), "DENSIFY": (1, "storage")}


def network(units, block: int, sparsity: float):
    """Builds an MLP with random weights and pruned kernels, the last layer included."""
    import keras

    keras.utils.set_random_seed(0)
    layers = keras.layers
    hidden = [layers.Dense(n, activation="relu") for n in units[1:-1]]
    model = keras.Sequential([layers.Input(units[:1]), *hidden, layers.Dense(units[-1])])
    generator = np.random.default_rng(0)
    model.set_weights([_pruned(w, generator, block, sparsity) for w in model.get_weights()])
    return model


def _pruned(weight, generator, block: int, sparsity: float):
    if weight.ndim < 2:
        return weight
    kept = generator.random((weight.shape[0] // block, weight.shape[1])) >= sparsity
    return weight * np.repeat(kept, block, axis=0)


def measure(units, sparsity: float, num_rounds: int) -> dict:
    """Times every file against the dense file of the network with scattered zeros."""
    from tfticket.export import latency, tflite

    with tempfile.TemporaryDirectory(prefix="tfticket_") as name:
        folder = Path(name)
        paths = {"dense": folder / "dense.tflite"}
        tflite(network(units, 1, sparsity), paths["dense"], sparse="none", num_samples=8)
        for file, (block, layout) in FILES.items():
            paths[file] = folder / f"{file}.tflite"
            model = network(units, block, sparsity)
            tflite(model, paths[file], sparse=layout, num_samples=8)
        found = latency(list(paths.values()), num_rounds=num_rounds).to_dict()
    rows = dict(zip(paths, found.pop("files"), strict=True))
    for file, row in rows.items():
        row["path"] = f"{file}.tflite"
    return {**found, "files": rows}


def write(results: dict) -> None:
    records.write(HERE / "results.json", results, seeds=[0], data=[], resumes=True)
    readme = HERE / "README.md"
    text = readme.read_text() if readme.exists() else f"{MARK}\n"
    start, _, _ = text.partition(MARK)
    readme.write_text(f"{start}{MARK}\n\n{table(results)}\n")


def table(results: dict) -> str:
    rows = [
        [key, f"{found['files']['dense']['p50_ms']:.4f}"]
        + [_cell(found["files"][file]) for file in FILES]
        for key, found in results[PLAIN].items()
    ]
    lines = [markdown(["network, sparsity", "dense, ms", *FILES], rows)]
    some = next(iter({**results[PLAIN], **results[REMOVED]}.values()))
    lines += ["", f"{some['runtime']}; {some['cpu']}; {some['num_rounds']} rounds in turn."]
    if results[REMOVED]:
        lines += ["", shrunk.table(results[REMOVED])]
    return "\n".join(lines)


def _cell(row: dict) -> str:
    spread = f"[{row['speed_p10']:.1f}, {row['speed_p90']:.1f}]"
    return f"{row['speed_p50']:.2f} {spread}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="*", default=list(NETWORKS), choices=list(NETWORKS))
    parser.add_argument("--sparsities", nargs="*", type=float, default=list(SPARSITIES))
    parser.add_argument("--shrunk", nargs="*", default=list(SHRUNK))
    parser.add_argument("--rounds", type=int, default=200)
    arguments = parser.parse_args()
    path = HERE / "results.json"
    results = records.read(path, {PLAIN: {}, REMOVED: {}})
    tasks = [
        (PLAIN, f"{name}, {sparsity:g}", measure, NETWORKS[name], sparsity)
        for name in arguments.networks
        for sparsity in arguments.sparsities
    ]
    tasks += [
        (REMOVED, f"{name}, {share:g}", shrunk.measure, name, share)
        for name in arguments.shrunk
        for share in CHANNELS
    ]
    for kind, key, function, what, share in tasks:
        if key not in results[kind]:
            results[kind][key] = function(what, share, arguments.rounds)
            files = results[kind][key]["files"]
            shown = {file: round(row["speed_p50"], 2) for file, row in files.items()}
            print(key, shown, flush=True)
            write(results)


if __name__ == "__main__":
    main()
