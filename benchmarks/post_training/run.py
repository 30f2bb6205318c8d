"""A small GPT pruned without training: magnitude, Wanda and SparseGPT at 50 % and 2:4.

Four blocks, 0.79 million weights in them, trained on the sources of this Python's standard library
byte by byte; 3 replicates (seeds of initialisation, windows and calibration). Kernels of the blocks
are pruned, the embeddings and logits are not, as in the papers; 128 windows of the train part
calibrate. The perplexity is that of a byte, of the first 262 144 of the test part; nothing is
chosen.

    python benchmarks/post_training/run.py

writes `results.json` beside this file, replicate by replicate, and goes on from there when started
again. The last part prunes a matrix of 4 096 x 4 096 in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

import numpy as np

from benchmarks import memory, records

HERE = Path(__file__).parent
PATTERNS = {"50 %": "weight", "2:4": "2:4"}
METHODS = ("magnitude", "wanda", "sparsegpt")
NUM_WINDOWS = 128
PRUNABLE = r"^block_"


def replicate(seed: int) -> dict[str, Any]:
    """Trains one network and prunes it in every way."""
    import keras

    from benchmarks.post_training import network
    from tfticket import weights

    text = network.corpus()
    began = time.process_time()
    model = network.train(keras, text["train"], seed)
    found: dict[str, Any] = {"seed": seed, "train_seconds": time.process_time() - began}
    test = text["test"][: 1 << 18]
    found["dense"] = network.perplexity(model, test)
    dense = weights.read_all(model)
    calibration = network.batches(text["train"], NUM_WINDOWS, 1_000 + seed)
    for pattern, granularity in PATTERNS.items():
        for method in METHODS:
            began = time.process_time()
            ticket = pruned(model, calibration, method, granularity)
            seconds = time.process_time() - began
            ticket.apply(model)
            layers = ticket.provenance.get("layers", {})
            found[f"{method}, {pattern}"] = {
                "perplexity": network.perplexity(model, test),
                "sparsity": ticket.sparsity,
                "error": statistics.fmean(r["error"] for r in layers.values()) if layers else None,
                "cpu_seconds": seconds,
            }
            weights.write(model, dense)
    found["off_float64"] = largest_difference(model, calibration)
    return found


def pruned(model: Any, calibration: list[np.ndarray], method: str, granularity: str) -> Any:
    import tfticket as tt

    if method == "magnitude":
        return tt.prune(
            model,
            schedule=tt.schedules.OneShot(0.5),
            scope="layer",
            granularity=granularity,
            prunable=PRUNABLE,
        )
    return tt.post_training.prune_after_training(
        model, calibration, method, sparsity=0.5, granularity=granularity, prunable=PRUNABLE
    )


def largest_difference(model: Any, calibration: list[np.ndarray]) -> float:
    """How far a layer's error lies from that of the same steps in float64, relatively."""
    from tfticket import weights
    from tfticket.post_training.matrices import relative_error, sparsegpt
    from tfticket.tracing.products import products, watched

    found, _ = products(model, weights.read(model, PRUNABLE))
    grams: dict[str, np.ndarray] = {}

    def take(path: str, rows: Any) -> None:
        own = np.einsum("gri,grj->gij", *(np.asarray(rows, np.float64),) * 2, optimize=True)
        grams[path] = grams.get(path, 0) + own

    with watched(found, take):
        for batch in calibration[:2]:
            model(batch, training=False)
    worst = 0.0
    for path, product in found.items():
        (matrix,) = product.matrices(weights.read(model, PRUNABLE)[path])
        (gram,) = grams[path]
        own = sparsegpt(matrix, gram, 0.5)
        exact = in_float64(matrix, gram, own.mask)
        errors = [relative_error(matrix.astype("f8"), w, gram) for w in (own.weights, exact)]
        worst = max(worst, abs(errors[0] / errors[1] - 1))
    return worst


def in_float64(matrix: np.ndarray, gram: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """SparseGPT's updates for a mask, by the inverse of what is left, one input after another."""
    hessian = gram + 0.01 * np.diagonal(gram).mean() * np.eye(len(gram))
    upper = np.linalg.cholesky(np.linalg.inv(hessian)).T
    left = matrix.astype(np.float64)
    for i in range(len(left)):
        error = np.where(mask[i], 0, left[i] / upper[i, i])
        left[i:] -= upper[i, i:, None] * error
    return left * mask


def large_layer(size: int = 4_096) -> dict[str, float]:
    """Seconds and memory of one large matrix, in this process."""
    from tfticket.post_training import sparsegpt, wanda

    rng = np.random.default_rng(0)
    matrix = rng.standard_normal((size, size), np.float32)
    rows = rng.standard_normal((2 * size, size), np.float32)
    gram = rows.T @ rows
    del rows
    found = {}
    for name, method in (("wanda", wanda), ("sparsegpt", sparsegpt)):
        began = time.process_time()
        grown = memory.peak(lambda method=method: method(matrix, gram, 0.5))
        found[f"{name}_cpu_seconds"] = time.process_time() - began
        found[f"{name}_megabytes_beside_matrix_and_gram"] = grown / 1e6
    return found


def table(rows: list[dict[str, Any]]) -> str:
    from tfticket.tables import markdown

    def cell(values: list[float]) -> str:
        spread = f" ± {statistics.stdev(values):.3f}" if len(values) > 1 else ""
        return f"{statistics.fmean(values):.3f}{spread}"

    lines = [["dense", *[cell([r["dense"] for r in rows])] * len(PATTERNS), ""]]
    for method in METHODS:
        own = [[r[f"{method}, {p}"] for r in rows] for p in PATTERNS]
        seconds = [x["cpu_seconds"] for x in own[0]]
        perplexities = [cell([x["perplexity"] for x in each]) for each in own]
        lines.append([method, *perplexities, f"{statistics.fmean(seconds):.1f}"])
    return markdown(["", *PATTERNS, "CPU s"], lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replicates", type=int, default=3)
    parser.add_argument("--large-layer", action="store_true", help="only that, as JSON")
    args = parser.parse_args()
    import tensorflow as tf

    warnings.simplefilter("ignore")
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    if args.large_layer:
        print(json.dumps(large_layer()))
        return
    path = HERE / "results.json"
    results = records.read(path, {"replicates": [], "large_layer": None})
    for seed in range(args.replicates):
        if seed in [r["seed"] for r in results["replicates"]]:
            continue
        results["replicates"].append(replicate(seed))
        keep(path, results, args.replicates)
    if results["large_layer"] is None:
        command = [sys.executable, __file__, "--large-layer"]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        results["large_layer"] = json.loads(done.stdout)
        keep(path, results, args.replicates)
    print(table(results["replicates"]), results["large_layer"], sep="\n\n")


def keep(path: Path, results: dict[str, Any], replicates: int) -> None:
    split = "by files: 18 in 20 train / 1 validation / 1 test"
    data = [records.dataset(f"sources of Python {sys.version.split()[0]}", split)]
    records.write(path, results, seeds=range(replicates), data=data, resumes=True)


if __name__ == "__main__":
    main()
