"""A trained network found inside a random one by pruning alone: accuracy, error, time, memory.

LeNet-300-100, trained on MNIST (Adam at 1.2e-3, batches of 60, 5 000 steps), 3 replicates. For each
number of candidates a random network is pruned to the trained one; nothing of it is trained, and
nothing is chosen. Controls have the same masks with their entries, or the random weights under
them, shuffled within each layer. Beside it the law of the error: 20 000 numbers, uniform in
[-1, 1], approximated by subset sums of products of random numbers.

    export TFDS_DATA_DIR=...  # a folder with mnist, prepared
    python benchmarks/strong_tickets/run.py

writes `results.json`, `table.md` and `error.png` beside this file, row by row, and goes on from
there when started again. Each row runs in a process of its own, whose peak memory is its own.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import statistics
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

import numpy as np

from benchmarks import records

HERE = Path(__file__).parent
NUM_STEPS, BATCH_SIZE, RATE = 5_000, 60, 1.2e-3
CANDIDATES = (2, 4, 6, 8, 10, 12, 14, 16)
CONTROLS = ("shuffle_mask", "reshuffle")
CONTROLLED = 12
LAW = tuple(range(2, 21, 2))
NUM_NUMBERS = 20_000


def target(number: int, work: Path) -> tuple[Any, Any, dict[str, float]]:
    """Returns the trained network, its data and metrics; trains it where it is not kept."""
    import keras

    from tfticket import zoo
    from tfticket.determinism import restart_names, set_seeds
    from tfticket.zoo.training import Training, evaluate_on, train_on

    set_seeds(number)
    restart_names("keras")
    data = zoo.load_data("mnist", seed=number)
    model = zoo.lenet_300_100(keras="keras", seed=number)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    accuracy = keras.metrics.SparseCategoricalAccuracy(name="accuracy")
    model.compile(keras.optimizers.Adam(RATE), loss, metrics=[accuracy], steps_per_execution=10)
    path = work / f"target_{number}.weights.h5"
    if path.exists():
        model.load_weights(path)
    else:
        train_on(data, Training(NUM_STEPS, BATCH_SIZE, seed=number))(model, [])
        model.save_weights(path)
    return model, data, evaluate_on(data)(model)


def measured(number: int, candidates: int, work: str) -> dict[str, Any]:
    """Prunes one random network, in a process of its own."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    from tfticket import controls, strong_tickets
    from tfticket.zoo.training import evaluate_on

    model, data, dense = target(number, Path(work))
    evaluate = evaluate_on(data)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    found = strong_tickets.approximate(model, candidates, seed=number, nonnegative_inputs=True)
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    report = found.report
    row = {
        "seed": number,
        "candidates": candidates,
        "target": dense["test_accuracy"],
        "test_accuracy": evaluate(found.model)["test_accuracy"],
        "agreement": _agreement(model, found.model, data.test.x),
        "num_weights": report.num_weights,
        "num_kept": report.num_kept,
        "mean_error": report.mean_error,
        "max_error": report.max_error,
        "seconds": round(seconds, 1),
        "peak_megabytes": round(peak / 1024),
        "megabytes_before": round(before / 1024),
    }
    for name in CONTROLS if candidates == CONTROLLED else ():
        controls.make(name, found.ticket, found.model, seed=number).apply(found.model)
        row[name] = evaluate(found.model)["test_accuracy"]
    return row


def _agreement(model: Any, other: Any, images: np.ndarray) -> float:
    """How often both name the same class."""
    classes = [m.predict(images, batch_size=1_000, verbose=0).argmax(1) for m in (model, other)]
    return float((classes[0] == classes[1]).mean())


def law(candidates: int) -> dict[str, Any]:
    """The error of numbers in [-1, 1], with products `u · v` of u in [-2, 2] and v in [0, 1]."""
    from tfticket.seeds import generator
    from tfticket.strong_tickets import closest_subsets

    draw = generator(0, "error law", candidates)
    shape = (NUM_NUMBERS, candidates)
    products = draw.uniform(-2, 2, shape) * draw.random(shape)
    targets = draw.uniform(-1, 1, NUM_NUMBERS)
    start = time.process_time()
    errors = np.abs((products * closest_subsets(products, targets)).sum(1) - targets)
    return {
        "candidates": candidates,
        "median_error": float(np.median(errors)),
        "mean_error": float(errors.mean()),
        "quantile_99": float(np.quantile(errors, 0.99)),
        "seconds": round(time.process_time() - start, 2),
    }


def slope(rows: list[dict[str, Any]], name: str, least: int) -> float:
    """How log2 of an error changes with each candidate, from `least` candidates on."""
    own = [r for r in rows if r["candidates"] >= least]
    return float(np.polyfit([r["candidates"] for r in own], np.log2([r[name] for r in own]), 1)[0])


def table(rows: list[dict[str, Any]], laws: list[dict[str, Any]]) -> str:
    """Both tables, means over replicates."""
    lines = [
        "| candidates | random weights | kept | mean error | largest error | test accuracy %"
        " | minus target's, pp | same class % | seconds | peak MB |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for candidates in sorted({r["candidates"] for r in rows}):
        own = [r for r in rows if r["candidates"] == candidates]
        values = {n: [r[n] for r in own] for n in own[0]}
        mean = {n: statistics.fmean(v) for n, v in values.items()}
        lost = [100 * (r["test_accuracy"] - r["target"]) for r in own]
        lines.append(
            f"| {candidates} | {round(mean['num_weights']):,} | {round(mean['num_kept']):,}"
            f" | {mean['mean_error']:.1e} | {mean['max_error']:.1e}"
            f" | {_cell([100 * a for a in values['test_accuracy']])} | {_cell(lost)}"
            f" | {100 * mean['agreement']:.2f} | {mean['seconds']:.1f}"
            f" | {round(mean['peak_megabytes']):,} |"
        )
    controlled = [r for r in rows if r["candidates"] == CONTROLLED]
    for name in CONTROLS if controlled else ():
        lines.append(f"\n{name}: {_cell([100 * r[name] for r in controlled])} %")
    lines += ["", "| candidates | median error | mean error | 99 % below |", "|---|---|---|---|"]
    for r in laws:
        shown = (f"{r[n]:.1e}" for n in ("median_error", "mean_error", "quantile_99"))
        lines.append(f"| {r['candidates']} | {' | '.join(shown)} |")
    for name in ("median_error", "mean_error") if len(laws) == len(LAW) else ():
        lines.append(f"\nlog2 of the {name} per candidate, from 8 on: {slope(laws, name, 8):.3f}")
    return "\n".join(lines) + "\n"


def _cell(values: list[float]) -> str:
    spread = f" ± {statistics.stdev(values):.2f}" if len(values) > 1 else ""
    return f"{statistics.fmean(values):.2f}{spread}"


def picture(rows: list[dict[str, Any]], laws: list[dict[str, Any]], path: Path) -> None:
    """Errors against candidates, over the law; and the accuracy."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
    x = np.array([r["candidates"] for r in laws])
    left.semilogy(x, [r["median_error"] for r in laws], "o-", label="median")
    left.semilogy(x, [r["mean_error"] for r in laws], "s-", label="mean")
    anchor = laws[len(laws) // 2]
    left.semilogy(
        x, anchor["median_error"] * 2.0 ** (anchor["candidates"] - x), "k:", label="half per step"
    )
    left.set(title="a number in [-1, 1]", xlabel="candidates", ylabel="error")
    left.legend()
    counts = sorted({r["candidates"] for r in rows})
    for seed in sorted({r["seed"] for r in rows}):
        own = {r["candidates"]: r for r in rows if r["seed"] == seed}
        right.plot(counts, [100 * own[n]["test_accuracy"] for n in counts if n in own], "o-")
        right.axhline(100 * next(iter(own.values()))["target"], color="grey", linewidth=0.8)
    right.set(title="LeNet-300-100; grey: trained", xlabel="candidates", ylabel="test accuracy %")
    figure.savefig(path, dpi=120, metadata={"Software": None})
    plt.close(figure)


def write(path: Path, rows: list[dict[str, Any]], laws: list[dict[str, Any]]) -> None:
    settings = {"num_steps": NUM_STEPS, "batch_size": BATCH_SIZE, "learning_rate": RATE}
    results: dict[str, Any] = {"settings": settings, "rows": rows, "law": laws}
    if len(laws) == len(LAW):
        names = ("median_error", "mean_error")
        results["slopes"] = {n: round(slope(laws, n, 8), 4) for n in names}
    seeds = sorted({row["seed"] for row in rows})
    records.write(path, results, seeds=seeds, data=[records.zoo("mnist")], resumes=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replicates", type=int, default=3)
    parser.add_argument("--out", type=Path, default=HERE, help="folder for the results")
    parser.add_argument("--work", type=Path, default=HERE / "states", help="folder for targets")
    args = parser.parse_args()
    for folder in (args.out, args.work):
        folder.mkdir(parents=True, exist_ok=True)
    path = args.out / "results.json"
    kept = records.read(path, {"rows": [], "law": []})
    rows, laws = kept["rows"], kept["law"]
    laws += [law(n) for n in LAW if n not in {r["candidates"] for r in laws}]
    done = {(r["seed"], r["candidates"]) for r in rows}
    context = multiprocessing.get_context("spawn")
    for number in range(args.replicates):
        for candidates in CANDIDATES:
            if (number, candidates) in done:
                continue
            with context.Pool(1) as pool:
                rows.append(pool.apply(measured, (number, candidates, str(args.work))))
            write(path, rows, laws)
            print(json.dumps(rows[-1]), flush=True)
            (args.out / "table.md").write_text(table(rows, laws), encoding="utf-8")
    picture(rows, laws, args.out / "error.png")


if __name__ == "__main__":
    main()
