"""How small TFLite files become with sparsity: ours, the converter's, gzip, and two bounds.

    python benchmarks/file_sizes/run.py

writes `results.json`, `sizes.png` and the tables in `README.md` after every network, and goes on
from there when started again; delete `results.json` to measure anew. `--networks` and
`--sparsities` measure less.
"""

from __future__ import annotations

import argparse
import gzip
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

import numpy as np
import report

from benchmarks import records

HERE = Path(__file__).parent
#: Of the zoo, and LeNet-300-100 as Keras would draw it, without the operators of Flatten.
NETWORKS = ("LeNet-300-100", "conv_431k", "lenet_300_100")
SPARSITIES = (0.0, 0.3, 0.5, 0.8, 0.9, 0.95, 0.98)
TYPES = ("float32", "float16", "int8")
GZIP_LEVEL = 9
#: Units of the layers of a network of 13 MB, the inputs first.
LARGE = (1024, 1536, 1024, 128)
NUM_REPEATS = 9


def pruned(name: str, sparsity: float):
    """Builds a network at its initial weights, the smallest of each kernel zero."""
    from tfticket import prune, schedules, zoo

    model = plain_lenet() if name == "LeNet-300-100" else zoo.get_model(name).compiled(seed=0)
    if sparsity:
        ticket = prune(
            model, score="magnitude", schedule=schedules.Constant(sparsity), scope="layer"
        )
        ticket.apply(model)
    return model


def plain_lenet():
    import keras

    keras.utils.set_random_seed(0)
    layers = keras.layers
    hidden = [layers.Dense(n, activation="relu", name=f"dense_{n}") for n in (300, 100)]
    return keras.Sequential([layers.Input((784,)), *hidden, layers.Dense(10, name="output")])


def typical(model) -> np.ndarray:
    return np.random.default_rng(1).random((64, *model.input_shape[1:])).astype(np.float32)


def ours(model, weights: str, folder: Path) -> dict:
    """Exports densely and sparsely, each verified, and measures both files."""
    from tfticket.export import tflite

    data = {"representative_data": typical(model)} if weights == "int8" else {}
    found = {}
    for name, sparse in (("dense", "none"), ("own", "storage")):
        path = folder / f"{name}.tflite"
        kept = tflite(model, path, weights=weights, sparse=sparse, num_samples=16, **data)
        found |= {name: kept.file_bytes, f"{name} gzip": kept.gzip_bytes}
    bounds = {"csr bound": kept.csr_bound_bytes, "bitmask bound": kept.bitmask_bound_bytes}
    return {**found, **bounds, "layout": kept.layout}


def converters(model) -> int | str:
    """The size of what the converter's own flag for sparsity makes: never handed out, only sized.

    Returns:
        Bytes, or why there is no file.
    """
    import tensorflow as tf

    from tfticket.export.convert import served
    from tfticket.export.signature import signature
    from tfticket.litert.quiet import quiet

    try:
        with quiet():
            module = served(model, signature(model))
            function = module.serve.get_concrete_function()
            converter = tf.lite.TFLiteConverter.from_concrete_functions([function], module)
            converter.optimizations = [tf.lite.Optimize.EXPERIMENTAL_SPARSITY]
            return len(converter.convert())
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:200]}"


def measure(name: str, sparsity: float) -> dict:
    model, rows = pruned(name, sparsity), {}
    for weights in TYPES:
        with tempfile.TemporaryDirectory(prefix="tfticket_") as folder:
            rows[weights] = ours(model, weights, Path(folder))
    rows["float32"]["converter"] = converters(model)
    return rows


def time_rewriting() -> dict:
    """Times the encoder on a file of 13 MB, 90 % zeros; the converter beside it, once."""
    import keras

    from tfticket.export import encode
    from tfticket.export.convert import dense_tflite
    from tfticket.export.signature import signature

    layers = [keras.layers.Dense(n, name=f"dense_{n}") for n in LARGE[1:]]
    model = keras.Sequential([keras.layers.Input(LARGE[:1]), *layers])
    generator = np.random.default_rng(0)
    model.set_weights([w * (generator.random(w.shape) < 0.1) for w in model.get_weights()])
    dense = dense_tflite(model, signature(model)).blob
    seconds = []
    for _ in range(NUM_REPEATS):
        start = time.perf_counter()
        blob, _ = encode(dense, encoding="storage")
        seconds.append(time.perf_counter() - start)
    start = time.perf_counter()
    converters(model)
    return {
        "bytes": len(dense),
        "own bytes": len(blob),
        "own gzip": len(gzip.compress(blob, GZIP_LEVEL, mtime=0)),
        "seconds, median": float(np.median(seconds)),
        "seconds, slowest": max(seconds),
        "seconds of the converter": time.perf_counter() - start,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="*", default=list(NETWORKS))
    parser.add_argument("--sparsities", nargs="*", type=float, default=list(SPARSITIES))
    arguments = parser.parse_args()
    path = HERE / "results.json"
    results = records.read(path, {"sizes": {}})
    for name in arguments.networks:
        for sparsity in arguments.sparsities:
            key = f"{name}, {sparsity:g}"
            if key not in results["sizes"]:
                results["sizes"][key] = measure(name, sparsity)
                print(key, results["sizes"][key]["float32"], flush=True)
                report.write(results, HERE)
    if "rewriting" not in results:
        results["rewriting"] = time_rewriting()
    report.write(results, HERE)


if __name__ == "__main__":
    main()
