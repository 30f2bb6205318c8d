"""Pruning before training on MNIST: accuracy of every score from density 1 to 0.001.

LeNet-300-100 (5 000 steps of 60) and the 431 080-parameter convolutional network (600 steps of
64), Adam at 1.2e-3, 3 replicates, 55 000 / 5 000 / 10 000 examples. SynFlow has 100 rounds, the
others one; SNIP and GraSP see ten train examples of each class. Nothing is chosen: every network is
trained once, with masks enforced, and measured once on test.

    export TFDS_DATA_DIR=...  # a folder with MNIST, prepared
    python benchmarks/pruning_at_init/run.py

writes `results.json` and `accuracy.png` beside this file, network by network, and goes on from
there when started again.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import warnings
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

from benchmarks import records

HERE = Path(__file__).parent
STEPS = {"lenet_300_100": (5_000, 60), "conv_431k": (600, 64)}
ROUNDS = {"synflow": 100, "snip": 1, "grasp": 1, "magnitude": 1, "random": 1}
EXPONENTS = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0)


def compiled(net: str, keras: str, seed: int):
    from tfticket import _keras, zoo
    from tfticket.determinism import restart_names, set_seeds

    set_seeds(seed)
    restart_names(keras)
    model = zoo.get_model(net).build(keras=keras, seed=seed)
    k = _keras.module(keras)
    loss = k.losses.SparseCategoricalCrossentropy(from_logits=True)
    accuracy = k.metrics.SparseCategoricalAccuracy(name="accuracy")
    model.compile(k.optimizers.Adam(1.2e-3), loss, metrics=[accuracy], steps_per_execution=50)
    return model


def replicate(net: str, number: int, keras: str, rows: list[dict], keep) -> None:
    """Trains what is missing of one replicate of one network."""
    from tfticket import masks, prune, schedules, tickets, train_ticket, weights, zoo
    from tfticket.rewinding import capture, restore
    from tfticket.zoo.evidence import evidence_from
    from tfticket.zoo.training import Training, evaluate_on, train_on

    done = {(r["score"], r["exponent"]) for r in rows if (r["net"], r["seed"]) == (net, number)}
    planned = [("dense", 0.0), *((s, e) for s in ROUNDS for e in EXPONENTS)]
    if done.issuperset(planned):
        return
    num_steps, batch_size = STEPS[net]
    data = zoo.load_data("mnist", seed=number)
    model = compiled(net, keras, number)
    train = train_on(data, Training(num_steps, batch_size, seed=number))
    evaluate = evaluate_on(data)
    initial = capture(model)
    evidence = evidence_from(data, model, 10, number)
    for score, exponent in planned:
        if (score, exponent) in done:
            continue
        restore(model, initial)
        if score == "dense":
            ticket = tickets.Ticket(masks.ones_like(weights.read(model)), initial.weights, {})
        else:
            ticket = prune(
                model,
                score=score,
                scope="global",
                schedule=schedules.Exponential(1 - 10**-exponent, rounds=ROUNDS[score]),
                on_collapse="ignore",
                evidence=evidence,
            )
        level = train_ticket(model, train, ticket, evaluate=evaluate)
        keep(
            {
                "net": net,
                "seed": number,
                "score": score,
                "exponent": exponent,
                "num_kept": ticket.masks.num_kept,
                "collapsed": masks.collapsed_layers(ticket.masks),
                "test_accuracy": level.metrics["test_accuracy"],
                "validation_accuracy": level.metrics["validation_accuracy"],
            }
        )


def curves(rows: list[dict], net: str) -> dict[str, dict[float, list[float]]]:
    """Test accuracies in percent by score and exponent."""
    found: dict[str, dict[float, list[float]]] = {}
    for row in rows:
        if row["net"] == net:
            by_exponent = found.setdefault(row["score"], {})
            by_exponent.setdefault(row["exponent"], []).append(100 * row["test_accuracy"])
    return found


def table(rows: list[dict], net: str) -> str:
    found = curves(rows, net)
    dense = found["dense"][0.0]
    lines = [
        f"{net}: dense {_cell(dense)}",
        "",
        "| score | " + " | ".join(f"10^-{e:g}" for e in EXPONENTS) + " |",
        "|---|" + "---|" * len(EXPONENTS),
    ]
    for score in ROUNDS:
        cells = [_cell(found.get(score, {}).get(e, [])) for e in EXPONENTS]
        lines.append(f"| {score} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(values: list[float]) -> str:
    if not values:
        return "-"
    spread = f" ± {statistics.stdev(values):.2f}" if len(values) > 1 else ""
    return f"{statistics.fmean(values):.2f}{spread}"


def plot(rows: list[dict], path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), layout="constrained")
    panels = figure.subplots(1, len(STEPS), sharey=True)
    for panel, net in zip(panels, STEPS, strict=True):
        found = curves(rows, net)
        dense = found.pop("dense")[0.0]
        panel.axhline(statistics.fmean(dense), color="0.5", linestyle="--", label="dense")
        for score, by_exponent in found.items():
            x = [10**e for e in sorted(by_exponent)]
            y = [by_exponent[e] for e in sorted(by_exponent)]
            spread = [statistics.stdev(v) if len(v) > 1 else 0 for v in y]
            means = [statistics.fmean(v) for v in y]
            panel.errorbar(x, means, yerr=spread, marker="o", ms=3, capsize=2, label=score)
        panel.set(xscale="log", xlabel="compression ratio", title=net)
    panels[0].set_ylabel("test accuracy (%)")
    panels[0].legend()
    count = len({r["seed"] for r in rows})
    figure.suptitle(f"Pruned before training, MNIST, {count} replicates, mean ± sd")
    figure.savefig(path, dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replicates", type=int, default=3)
    parser.add_argument("--nets", nargs="*", choices=list(STEPS), default=list(STEPS))
    parser.add_argument("--keras", choices=["keras", "tf_keras"], default="keras")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, default=HERE, help="folder for results and picture")
    args = parser.parse_args()
    import tensorflow as tf

    warnings.simplefilter("ignore")
    tf.config.threading.set_intra_op_parallelism_threads(args.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    path = args.out / "results.json"
    rows = records.read(path, {"rows": []})["rows"]
    settings = {"keras": args.keras, "steps_and_batch": STEPS, "rounds": ROUNDS}

    def keep(row: dict) -> None:
        rows.append(row)
        records.write(
            path,
            {"settings": settings, "rows": rows},
            seeds=range(args.replicates),
            data=[records.zoo("mnist")],
            resumes=True,
        )
        print(json.dumps(row), flush=True)

    for net in args.nets:
        for number in range(args.replicates):
            replicate(net, number, args.keras, rows, keep)
    for net in args.nets:
        print(table(rows, net), end="\n\n")
    if len(args.nets) == len(STEPS):
        plot(rows, args.out / "accuracy.png")


if __name__ == "__main__":
    main()
