"""Zhou's criteria and actions on MNIST: what makes a mask good, and what of the weights matters.

LeNet-300-100, Adam at 1.2e-3, 3 000 steps of 60, 3 replicates, 55 000 / 5 000 / 10 000 examples.
A dense network is trained once per replicate; masks are taken from it in one shot, layer by layer,
at three densities. Each mask is tried over the initial weights and over their signed constant
without training, and trained from the initial weights. Then, for the mask of the largest final
weights, the mask-1 and mask-0 actions. Nothing is chosen; every network is measured once on test.

    export TFDS_DATA_DIR=...  # a folder with MNIST, prepared
    python benchmarks/zhou/run.py

writes `results.json` beside this file, network by network, and goes on from there when started
again.
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
DENSITIES = (0.5, 0.2, 0.05)
NUM_STEPS, BATCH_SIZE = 3_000, 60
CRITERIA = (
    *("large_final", "magnitude_increase", "displacement", "large_init_large_final", "large_init"),
    *("random", "small_init", "small_init_small_final", "small_final"),
)
#: Mask-1 actions by their description: name and settings.
KEPT = {
    "rewind": {"name": "rewind"},
    "fresh draw": {"name": "reinitialize", "seed": 1},
    "fresh draw, sign kept": {"name": "reinitialize", "seed": 1, "signed": True},
    "reshuffle kept": {"name": "reshuffle", "seed": 1},
    "reshuffle kept, sign kept": {"name": "reshuffle", "seed": 1, "signed": True},
    "reshuffle layer": {"name": "reshuffle", "seed": 1, "among": "layer"},
    "reshuffle layer, sign kept": {
        "name": "reshuffle",
        "seed": 1,
        "among": "layer",
        "signed": True,
    },
    "constant, sign kept": {"name": "signed_constant"},
    "constant, signs shuffled": {"name": "signed_constant", "seed": 1, "random_sign": True},
}
#: Mask-0 actions.
PRUNED = ("zero", "freeze_at_init", "zero_if_toward_zero")


class Replicate:
    """One dense network, and the masks taken from it."""

    def __init__(self, number: int, keras: str, num_steps: int = NUM_STEPS):
        from tfticket import _keras, masks, tickets, train_ticket, weights, zoo
        from tfticket.determinism import restart_names, set_seeds
        from tfticket.initializers import draws
        from tfticket.rewinding import capture
        from tfticket.zoo.training import Training, evaluate_on, train_on

        set_seeds(number)
        restart_names(keras)
        data = zoo.load_data("mnist", seed=number)
        self.number, self.model = number, zoo.lenet_300_100(keras=keras, seed=number)
        k = _keras.module(keras)
        self.model.compile(
            k.optimizers.Adam(1.2e-3),
            k.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=[k.metrics.SparseCategoricalAccuracy(name="accuracy")],
            steps_per_execution=50,
        )
        self.data = data
        self.train = train_on(data, Training(num_steps, BATCH_SIZE, seed=number))
        self.evaluate = evaluate_on(data)
        self.initial = capture(self.model)
        read = weights.read(self.model)
        self.dense_masks = masks.ones_like(read)
        self.draws = draws(self.model, read)
        ticket = tickets.Ticket(self.dense_masks, self.initial.weights, {})
        self.dense = train_ticket(self.model, self.train, ticket, evaluate=self.evaluate)

    def masks(self, criterion: str, density: float):
        from tfticket import Evidence, scores, selection

        own = {p: self.dense.trained.weights[p] for p in self.dense_masks}
        start = {0: {p: self.initial.weights[p] for p in self.dense_masks}}
        evidence = Evidence(own, rewind_points=start, seed=self.number, masks=self.dense_masks)
        found = scores.get(criterion)(self.model, evidence)
        return selection.select(found, self.dense_masks, 1 - density, scope="layer")

    def ticket(self, masks, kept, pruned="zero"):
        from tfticket import actions, tickets

        points = actions.RewindPoints({0: self.initial.weights}, self.draws)
        trained = self.dense.trained.weights
        start = actions.get(kept)(trained, masks, points)
        held = actions.get_pruned(pruned)(trained, masks, points)
        return tickets.Ticket(masks, start, {}, pruned_values=held)

    def untrained(self, ticket) -> float:
        from tfticket.rewinding import TrainingState, restore

        restore(self.model, TrainingState(ticket.start_weights, {}, step=0))
        return self.evaluate(self.model)["test_accuracy"]

    def trained(self, ticket) -> float:
        from tfticket import train_ticket

        level = train_ticket(self.model, self.train, ticket, evaluate=self.evaluate)
        return level.metrics["test_accuracy"]


def planned() -> list[dict]:
    rewind, zero = "rewind", "zero"
    rows = [
        {"criterion": c, "density": d, "kept": rewind, "pruned": zero}
        for c in CRITERIA
        for d in DENSITIES
    ]
    for density in DENSITIES[1:]:
        common = {"criterion": "large_final", "density": density}
        rows += [{**common, "kept": k, "pruned": zero} for k in KEPT if k != rewind]
        rows += [{**common, "kept": rewind, "pruned": p} for p in PRUNED if p != zero]
    return rows


def table(rows: list[dict], keys: list[tuple[str, dict]], columns: list[tuple[str, str, float]]):
    """Means and standard deviations in percent; a row per key, a column per figure and density."""
    lines = [
        "| | " + " | ".join(f"{label}, density {d:g}" for label, _, d in columns) + " |",
        "|---|" + "---|" * len(columns),
    ]
    for label, wanted in keys:
        cells = []
        for _, figure, density in columns:
            chosen = {**wanted, "density": density}
            values = [
                100 * r[figure] for r in rows if all(r.get(k) == v for k, v in chosen.items())
            ]
            spread = f" ± {statistics.stdev(values):.1f}" if len(values) > 1 else ""
            cells.append(f"{statistics.fmean(values):.1f}{spread}" if values else "-")
        lines.append(f"| {label} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def tables(rows: list[dict]) -> str:
    dense = [100 * r["trained"] for r in rows if r["criterion"] == "dense"]
    spread = f" ± {statistics.stdev(dense):.2f}" if len(dense) > 1 else ""
    criteria = [(c, {"criterion": c, "kept": "rewind", "pruned": "zero"}) for c in CRITERIA]
    untrained = [("untrained", "untrained", d) for d in DENSITIES]
    constant = [("untrained, signed constant", "untrained_signed_constant", d) for d in DENSITIES]
    trained = [("trained", "trained", d) for d in DENSITIES]
    large = {"criterion": "large_final"}
    kept = [(k, {**large, "kept": k, "pruned": "zero"}) for k in KEPT]
    pruned = [(p, {**large, "kept": "rewind", "pruned": p}) for p in PRUNED]
    both = [(f, f, d) for d in DENSITIES[1:] for f in ("untrained", "trained")]
    return "\n\n".join(
        [
            f"Dense: {statistics.fmean(dense):.2f}{spread}, {len(dense)} replicates",
            table(rows, criteria, untrained + constant),
            table(rows, criteria, trained),
            table(rows, kept, both),
            table(rows, pruned, both),
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replicates", type=int, default=3)
    parser.add_argument("--keras", choices=["keras", "tf_keras"], default="keras")
    parser.add_argument("--out", type=Path, default=HERE, help="folder for results")
    args = parser.parse_args()
    import tensorflow as tf

    warnings.simplefilter("ignore")
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    path = args.out / "results.json"
    rows = records.read(path, {"rows": []})["rows"]

    def keep(row: dict) -> None:
        rows.append(row)
        settings = {"keras": args.keras, "num_steps": NUM_STEPS, "batch_size": BATCH_SIZE}
        records.write(
            path,
            {"settings": settings, "rows": rows},
            seeds=range(args.replicates),
            data=[records.zoo("mnist")],
            resumes=True,
        )
        print(json.dumps(row), flush=True)

    for number in range(args.replicates):
        done = [{k: r.get(k) for k in _KEY} for r in rows if r["seed"] == number]
        missing = [p for p in planned() if p not in done]
        if not missing:
            continue
        own = Replicate(number, args.keras)
        if not any(r["criterion"] == "dense" for r in rows if r["seed"] == number):
            accuracy = own.dense.metrics["test_accuracy"]
            keep({"seed": number, "criterion": "dense", "trained": accuracy})
        for row in missing:
            masks = own.masks(row["criterion"], row["density"])
            ticket = own.ticket(masks, KEPT[row["kept"]], row["pruned"])
            figures = {"untrained": own.untrained(ticket)}
            if row["kept"] == "rewind" and row["pruned"] == "zero":
                constant = own.ticket(masks, KEPT["constant, sign kept"])
                figures["untrained_signed_constant"] = own.untrained(constant)
            figures["trained"] = own.trained(ticket)
            keep({"seed": number, **row, **figures})
    print(tables(rows))


_KEY = ("criterion", "density", "kept", "pruned")


if __name__ == "__main__":
    main()
