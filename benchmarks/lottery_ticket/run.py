"""The lottery-ticket experiment of Frankle & Carbin 2019 on MNIST, with its controls.

LeNet-300-100, Adam 1.2e-3, batch 60, 55 000 / 5 000 / 10 000 examples, magnitude pruning per layer
at 0.2 a round (output layer 0.1), rewinding to step 0. Every network is trained on its own for the
same number of steps; the early-stop step is that of the least validation loss, measured every 100
steps; test accuracy is measured once, at the end of training. The run can be stopped and started
again; finished networks are kept.

    TFDS_DATA_DIR=… python benchmarks/lottery_ticket/run.py --out runs/lenet_mnist

writes `results.json` and `accuracy_and_early_stop.png` beside this file, and prints the table.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

from benchmarks import records

HERE = Path(__file__).parent
#: Level by percent of weights remaining, as the paper names them.
COMPARED = {51.3: 3, 21.1: 7, 13.5: 9, 7.0: 12, 3.6: 15}
ARMS = ("dense", "ticket", "reinitialize", "reinitialize_from_kept", "random_sparse")


def spec(args):
    from tfticket.experiments.spec import Spec

    return Spec(
        model="lenet_300_100",
        data="mnist",
        recipe="lottery_ticket",
        keras=args.keras,
        rounds=15,
        num_steps=args.steps,
        eval_every=100,
        steps_per_execution=100,
        seed=0,
        replicates=args.replicates,
        controls=ARMS[2:],
        control_levels=tuple(COMPARED.values()),
    )


def train(args) -> list:
    """Trains what is not in the run folder yet and returns every result."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(args.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    from tfticket.experiments.plan import make_plan
    from tfticket.experiments.store import LevelStore
    from tfticket.recipes.run import run_levels

    store = LevelStore(args.out)
    run_levels(make_plan(spec(args)), store, lambda event: print(event.text, flush=True))
    return store.results()


def kept_weights(results) -> list[dict]:
    """The number of kept weights per level, with the percentage of the published grid."""
    tickets = {r.round: r for r in results if r.arm in ("dense", "ticket")}
    return [
        {
            "level": level,
            "num_kept": r.num_kept,
            "percent_kept": round(100 * r.num_kept / r.num_weights, 1),
        }
        for level, r in sorted(tickets.items())
    ]


def summary(results) -> list[dict]:
    """Mean and standard deviation over replicates, per level and arm."""
    rows = defaultdict(list)
    for r in results:
        rows[r.round, r.arm].append(r)
    return [
        {
            "level": level,
            "percent_kept": round(100 * found[0].num_kept / found[0].num_weights, 2),
            "arm": arm,
            "replicates": len(found),
            **_mean_sd("test_accuracy", [r.metrics["test_accuracy"] for r in found]),
            **_mean_sd("early_stop_step", [r.log["early_stop_step"] for r in found]),
            **_mean_sd("accuracy_at_early_stop", [_at_early_stop(r) for r in found]),
        }
        for (level, arm), found in sorted(rows.items())
    ]


def _at_early_stop(result) -> float:
    """Validation accuracy at the early-stop step (the test split is looked at once, at the end)."""
    curve = result.log["curve"]
    at = curve["step"].index(result.log["early_stop_step"])
    return curve["validation_accuracy"][at]


def _mean_sd(name: str, values: list[float]) -> dict:
    sd = statistics.stdev(values) if len(values) > 1 else None
    return {name: statistics.fmean(values), f"{name}_sd": sd}


def plot(rows: list[dict], path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), layout="constrained")
    accuracy, stop = figure.subplots(1, 2)
    for arm in ARMS[1:]:
        own = [r for r in rows if r["arm"] == arm or (arm == "ticket" and r["arm"] == "dense")]
        x = [r["percent_kept"] for r in own]
        for axis, name in ((accuracy, "test_accuracy"), (stop, "early_stop_step")):
            y, sd = [r[name] for r in own], [r[f"{name}_sd"] or 0 for r in own]
            axis.errorbar(x, y, yerr=sd, marker="o", ms=3, capsize=2, label=arm)
    for axis, title in ((accuracy, "test accuracy"), (stop, "early-stop step")):
        axis.set(xscale="log", xlabel="weights remaining (%)", title=title)
        axis.invert_xaxis()
    accuracy.legend()
    count = max(r["replicates"] for r in rows)
    figure.suptitle(f"LeNet-300-100 on MNIST, {count} replicates, mean ± sd")
    figure.savefig(path, dpi=120)


def table(rows: list[dict]) -> str:
    lines = ["| kept % | arm | test accuracy % | early-stop step |", "|---|---|---|---|"]
    shown = [r for r in rows if r["level"] in (0, *COMPARED.values())]
    for r in sorted(shown, key=lambda r: (-r["percent_kept"], ARMS.index(r["arm"]))):
        accuracy = f"{100 * r['test_accuracy']:.2f} ± {100 * (r['test_accuracy_sd'] or 0):.2f}"
        stop = f"{r['early_stop_step']:.0f} ± {r['early_stop_step_sd'] or 0:.0f}"
        lines.append(f"| {r['percent_kept']:.1f} | {r['arm']} | {accuracy} | {stop} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default="runs/lenet_mnist", help="run folder, to go on from")
    parser.add_argument("--steps", type=int, default=10_000, help="optimizer steps per training")
    parser.add_argument("--replicates", type=int, default=5)
    parser.add_argument("--keras", default="keras", choices=["keras", "tf_keras"])
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    results = train(args)
    rows = summary(results)
    settings = {k: v for k, v in vars(args).items() if k not in ("out", "threads")}
    found = {"settings": settings, "kept_weights": kept_weights(results), "rows": rows}
    seeds = range(args.replicates)
    records.write(HERE / "results.json", found, seeds=seeds, data=[records.zoo("mnist")])
    plot(rows, HERE / "accuracy_and_early_stop.png")
    print(table(rows))


if __name__ == "__main__":
    main()
