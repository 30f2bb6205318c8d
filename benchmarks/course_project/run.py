"""A course project on lottery tickets, repeated with masks that are enforced.

The project trains a conv net of 431 080 parameters on MNIST (SGD 0.01, batch 64, 4 690 steps),
keeps the weights with |w| > mean(|w|) + α·std(w) at α = 1, and compares rewinding them with drawing
them anew. Its code takes mean(w), masks biases too, and then trains without the mask. Here the
same network is pruned to both densities, the one that the formula gives and the one that the code
gives, and every arm is trained with its mask in force. Validation (5 000 of the 60 000 training
examples, cut with seed 0) is watched every 938 steps; nothing is chosen by it, because steps and
densities are the project's. The test is looked at once per network.

    TFDS_DATA_DIR=… python benchmarks/course_project/run.py

keeps every finished network in `runs/course_project`, goes on from there when started again, and
writes `results.json` beside this file. Replicate k has another initialisation, order of batches and
draw of the controls; the split is the same.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

import numpy as np

from benchmarks import records

HERE = Path(__file__).parent
ALPHA, SEED_DENSITY, NUM_STEPS, BATCH = 1.0, 0.384, 4_690, 64
TRAINED = {"lf_mask": None, "reinitialize": "reinitialize", "random_mask": "shuffle_mask"}
UNTRAINED = {"untrained_lf_mask": None, "untrained_random_mask": "shuffle_mask"}
AS_CODED = {"as_coded": None, "as_coded_reinitialize": "reinitialize"}
#: What the project's own notebook printed, in percent, by density and arm.
PRINTED = {
    ("-", "untrained_dense"): "10.78",
    ("0.384", "as_coded"): "98.51",
    ("0.384", "as_coded_reinitialize"): "97.85",
    ("0.384", "lf_mask"): "claims 98.51",
    ("0.384", "reinitialize"): "claims 97.85",
    ("0.384", "untrained_lf_mask"): "78.41 (biases masked)",
    ("0.384", "untrained_random_mask"): "17.02 (one density in all layers)",
}
LABELS = {
    "untrained_dense": "dense, untrained",
    "dense": "dense",
    "as_coded": "LF mask applied once, trained without it",
    "as_coded_reinitialize": "the same, drawn anew",
    "lf_mask": "LF mask, rewound",
    "reinitialize": "LF mask, drawn anew",
    "random_mask": "random mask, rewound",
    "untrained_lf_mask": "LF mask, untrained",
    "untrained_random_mask": "random mask, untrained",
}


def lf_fraction(weights: dict, alpha: float, *, absolute: bool) -> float:
    """The fraction of weights above the project's threshold, as its text or its code has it."""
    values = np.concatenate([w.ravel() for w in weights.values()]).astype(np.float64)
    mean = np.abs(values).mean() if absolute else values.mean()
    return float(np.mean(np.abs(values) > mean + alpha * values.std()))


class Project:
    """One replicate: its data, its initialisation, and what is done with them."""

    def __init__(self, replicate: int, out: Path):
        from tfticket import zoo
        from tfticket.zoo.training import Training, evaluate_on, train_on

        self.replicate, self.folder = replicate, out / f"replicate_{replicate}"
        self.entry = zoo.get_model("conv_431k")
        data = zoo.load_data("mnist", seed=0, standardize=True)
        training = Training(NUM_STEPS, BATCH, seed=replicate, eval_every=NUM_STEPS // 5)
        self.train, self.evaluate = train_on(data, training), evaluate_on(data)

    def model(self):
        return self.entry.compiled(seed=self.replicate, steps_per_execution=67)

    def dense(self) -> list[dict]:
        """Trains the dense network and keeps the tickets drawn from it."""
        import tfticket as tt

        model = self.model()
        initial = tt.weights.read_all(model)
        rows = [self.row("untrained_dense", "-", self.evaluate(model))]
        self.train(model, [])
        rows.append(self.row("dense", "-", self.evaluate(model)))
        kernels, everything = tt.weights.read(model), tt.weights.read_all(model)
        rows[-1]["fractions"] = {
            "formula_kernels": lf_fraction(kernels, ALPHA, absolute=True),
            "formula_all": lf_fraction(everything, ALPHA, absolute=True),
            "code_all": lf_fraction(everything, ALPHA, absolute=False),
        }
        fractions, evidence = rows[-1]["fractions"], tt.Evidence({}, rewind_points={0: initial})
        drawn = {
            "alpha": (fractions["formula_kernels"], None),
            "0.384": (SEED_DENSITY, None),
            "as_coded": (fractions["code_all"], tt.Filter(kinds=("kernel", "bias"))),
        }
        for name, (density, prunable) in drawn.items():
            schedule = tt.schedules.OneShot(1 - density)
            choices = {"schedule": schedule, "scope": "global", "action": "rewind"}
            ticket = tt.prune(model, prunable=prunable, evidence=evidence, **choices)
            ticket.save(self.folder / name)
        return rows

    def arm(self, arm: str, density: str) -> list[dict]:
        """Trains, or only evaluates, a kept ticket or its control."""
        import tfticket as tt

        ticket, model = tt.Ticket.load(self.folder / density), self.model()
        control = {**TRAINED, **UNTRAINED}[arm]
        if control:
            ticket = tt.controls.make(control, ticket, model, seed=self.replicate)
        if arm in UNTRAINED:
            ticket.apply(model)
            metrics = self.evaluate(model)
        else:
            metrics = tt.train_ticket(model, self.train, ticket, evaluate=self.evaluate).metrics
        row = self.row(arm, density, metrics)
        kept = {p: int(np.count_nonzero(w)) for p, w in tt.weights.read(model).items()}
        return [row | counts(ticket) | {"num_nonzero": kept}]

    def as_coded(self, arm: str) -> list[dict]:
        """Multiplies by the mask once and trains without it, as the project does."""
        import tfticket as tt

        ticket, model = tt.Ticket.load(self.folder / "as_coded"), self.model()
        if AS_CODED[arm]:
            ticket = tt.controls.make(AS_CODED[arm], ticket, model, seed=self.replicate)
        ticket.apply(model)
        self.train(model, [])
        after = sum(int(np.count_nonzero(w)) for w in tt.weights.read_all(model).values())
        row = self.row(arm, "0.384", self.evaluate(model))
        return [row | counts(ticket) | {"num_nonzero_after": after}]

    def row(self, arm: str, density: str, metrics: dict) -> dict:
        return {"replicate": self.replicate, "arm": arm, "density": density, **metrics}


def counts(ticket) -> dict:
    return {"num_kept": ticket.masks.num_kept, "num_weights": ticket.masks.num_weights}


def units(replicates: int) -> list[tuple[int, str, str]]:
    """Everything to be done, the dense network of each replicate first."""
    found = []
    for replicate in range(replicates):
        found.append((replicate, "dense", "-"))
        arms = [(arm, density) for density in ("0.384", "alpha") for arm in (*UNTRAINED, *TRAINED)]
        found += [(replicate, *pair) for pair in arms]
        if replicate == 0:
            found += [(replicate, arm, "0.384") for arm in AS_CODED]
    return found


def carry_out(args) -> list[dict]:
    """Does what the journal does not hold yet, writing each result as it comes."""
    journal = args.out / "journal.jsonl"
    args.out.mkdir(parents=True, exist_ok=True)
    rows = [json.loads(x) for x in journal.read_text().splitlines()] if journal.exists() else []
    done, project = {(r["replicate"], r["arm"], r["density"]) for r in rows}, None
    for replicate, arm, density in (u for u in units(args.replicates) if u not in done):
        if project is None or project.replicate != replicate:
            project = Project(replicate, args.out)
        began = time.process_time()
        if arm in AS_CODED:
            found = project.as_coded(arm)
        else:
            found = project.dense() if arm == "dense" else project.arm(arm, density)
        found[-1]["cpu_seconds"] = round(time.process_time() - began, 1)
        rows += found
        with journal.open("a") as file:
            file.writelines(json.dumps(row) + "\n" for row in found)
        print(found[-1], flush=True)
    return rows


def summary(rows: list[dict]) -> list[dict]:
    """Mean and standard deviation over replicates, by density and arm."""
    found = []
    for density in ("-", "0.384", "alpha"):
        for arm in LABELS:
            own = [r for r in rows if (r["density"], r["arm"]) == (density, arm)]
            if own:
                kept = [r["num_kept"] / r["num_weights"] for r in own if "num_kept" in r]
                found.append(
                    {"density": density, "arm": arm, "replicates": len(own)}
                    | ({"kept": statistics.fmean(kept)} if kept else {})
                    | _mean_sd("test_accuracy", own)
                    | _mean_sd("validation_accuracy", own)
                )
    return found


def _mean_sd(name: str, rows: list[dict]) -> dict:
    values = [r[name] for r in rows]
    sd = statistics.stdev(values) if len(values) > 1 else None
    return {name: statistics.fmean(values), f"{name}_sd": sd}


def table(found: list[dict]) -> str:
    """The summary as Markdown, the project's own figures in the last column."""
    lines = [
        "| network | kept | n | test accuracy % | the project's notebook |",
        "|---|---|---|---|---|",
    ]
    for row in found:
        sd = row["test_accuracy_sd"]
        accuracy = f"{100 * row['test_accuracy']:.2f}" + (f" ± {100 * sd:.2f}" if sd else "")
        kept = f"{row['kept']:.3f}" if "kept" in row else "1"
        printed = PRINTED.get((row["density"], row["arm"]), "–")
        cells = (LABELS[row["arm"]], kept, str(row["replicates"]), accuracy, printed)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("runs/course_project"))
    parser.add_argument("--replicates", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(args.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    rows = carry_out(args)
    found = summary(rows)
    results = {"summary": found, "networks": rows}
    seeds = sorted({row["replicate"] for row in rows})
    records.write(HERE / "results.json", results, seeds=seeds, data=[records.zoo("mnist")])
    print(table(found))


if __name__ == "__main__":
    main()
