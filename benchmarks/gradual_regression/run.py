"""Gradual pruning of a regression MLP, as in a tutorial on tfmot, with a schedule that ends.

The tutorial trains Dense 1024, 1024, 1 on a linear problem of 1 000 features (Adam 1e-3, batch
1 024, 200 epochs of 8 batches: 1 600 steps) and prunes with PolynomialDecay from step 1 000 to step
5 000, which never comes. Here its clock is divided by five, 200 to 1 000, so that the 75 % are
reached and 600 steps are left to recover. Splits: 7 200 train, 800 validation, 2 000 test; columns
and target are divided by their largest absolute values among the training examples. Validation
(every 200 steps) is watched and nothing is chosen by it; the test is looked at once per network.

    python benchmarks/gradual_regression/run.py

keeps a journal in `runs/gradual_regression`, goes on from there when started again, and writes
`results.json` beside this file. Replicate k has another initialisation and order of batches.
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
NUM_STEPS, BATCH, SPARSITY = 1_600, 1_024, 0.75
OURS = {"begin_step": 200, "end_step": 1_000}
TUTORIAL = {"begin_step": 1_000, "end_step": 5_000}
LABELS = {
    "mean": "the training mean, for comparison",
    "least_squares": "linear least squares, for comparison",
    "dense": "dense",
    "gradual": "0 → 75 %, steps 200–1 000, `PruneOnSchedule`, Keras 3",
    "tfmot": "0 → 75 %, steps 200–1 000, `prune_low_magnitude`, tf_keras",
    "one_shot": "75 % at once at step 1 000, `PruneOnSchedule`, Keras 3",
    "tfmot_as_written": "0 → 75 %, steps 1 000–5 000, `prune_low_magnitude`, tf_keras",
}


class Regression:
    """One replicate: its data, its initialisation, and what is done with them."""

    def __init__(self, replicate: int):
        from tfticket import zoo
        from tfticket.zoo.training import Training, evaluate_on, train_on

        self.replicate, self.entry = replicate, zoo.get_model("regression_mlp")
        self.data = zoo.load_data("regression", seed=0)
        training = Training(NUM_STEPS, BATCH, seed=replicate, eval_every=NUM_STEPS // 8)
        self.train, self.evaluate = train_on(self.data, training), evaluate_on(self.data)

    def dense(self) -> list[dict]:
        """Trains without pruning; from the state at step 1 000 on also with one-shot pruning."""
        import tfticket as tt
        from tfticket.rewinding import restore

        model = self.entry.compiled(seed=self.replicate)
        recorder = tt.callbacks.RecordRewindPoint(OURS["end_step"])
        log = self.train(model, [recorder])
        rows = [self.row("dense", model, log)]
        restore(model, recorder.state)
        at_once = tt.schedules.OneShot(SPARSITY, begin_step=OURS["end_step"])
        log = self.train(model, [tt.callbacks.PruneOnSchedule(at_once)])
        return [self.row("one_shot", model, log), *rows]

    def gradual(self) -> list[dict]:
        """Prunes inside one training, in Keras 3, without wrappers."""
        import tfticket as tt

        model = self.entry.compiled(seed=self.replicate)
        callback = tt.callbacks.PruneOnSchedule(tt.schedules.Polynomial(SPARSITY, **OURS))
        log = self.train(model, [callback])
        return [self.row("gradual", model, log) | {"prunings": callback.history}]

    def tfmot(self) -> list[dict]:
        """The same schedule through tfmot's wrappers."""
        return [self._wrapped("tfmot", OURS)]

    def tfmot_as_written(self) -> list[dict]:
        """The tutorial's own steps."""
        return [self._wrapped("tfmot_as_written", TUTORIAL)]

    def references(self) -> list[dict]:
        """What needs no network: the mean, and the best linear function."""
        train, found = self.data.train, []
        with_bias = {
            name: np.c_[split.x, np.ones(len(split))].astype(np.float64)
            for name, split in (("train", train), ("test", self.data.test))
        }
        best = np.linalg.lstsq(with_bias["train"], train.y.astype(np.float64), rcond=None)[0]
        predictions = {"mean": train.y.mean(), "least_squares": with_bias["test"] @ best}
        for arm, predicted in predictions.items():
            error = float(np.mean((self.data.test.y - predicted) ** 2))
            found.append({"replicate": self.replicate, "arm": arm, "test_loss": error})
        return found[::-1]

    def _wrapped(self, arm: str, clock: dict) -> dict:
        from tfticket._tfmot import tfmot

        pruning = tfmot().sparsity.keras
        model = self.entry.compiled(keras="tf_keras", seed=self.replicate)
        schedule = pruning.PolynomialDecay(0.0, SPARSITY, **clock)
        wrapped = pruning.prune_low_magnitude(model, pruning_schedule=schedule)
        wrapped.compile(optimizer=self.entry.optimizer.build("tf_keras"), loss="mse")
        log = self.train(wrapped, [pruning.UpdatePruningStep()])
        stripped = pruning.strip_pruning(wrapped)
        stripped.compile(loss="mse")
        return self.row(arm, stripped, log)

    def row(self, arm: str, model, log: dict) -> dict:
        import tfticket as tt

        metrics = self.evaluate(model)
        kernels = tt.weights.read(model)
        zeros = sum(int(np.count_nonzero(w == 0)) for w in kernels.values())
        return {
            "replicate": self.replicate,
            "arm": arm,
            "sparsity": zeros / sum(w.size for w in kernels.values()),
            "validation_loss": metrics["validation_loss"],
            "test_loss": metrics["test_loss"],
            "curve": log["curve"],
        }


ONCE, EACH = ("mean", "tfmot_as_written"), ("dense", "gradual", "tfmot")


def units(replicates: int, arms: list[str]) -> list[tuple[int, str]]:
    """Everything to be done; what does not depend on the replicate is done once."""
    once = [(0, arm) for arm in ONCE if arm in arms]
    return once + [(r, arm) for r in range(replicates) for arm in EACH if arm in arms]


def carry_out(args) -> list[dict]:
    """Does what the journal does not hold yet, writing each result as it comes."""
    journal = args.out / "journal.jsonl"
    args.out.mkdir(parents=True, exist_ok=True)
    rows = [json.loads(x) for x in journal.read_text().splitlines()] if journal.exists() else []
    done = {(r["replicate"], r["arm"]) for r in rows}
    for replicate, arm in (u for u in units(args.replicates, args.arms) if u not in done):
        began, regression = time.process_time(), Regression(replicate)
        found = getattr(regression, {"mean": "references"}.get(arm, arm))()
        found[-1]["cpu_seconds"] = round(time.process_time() - began, 1)
        rows += found
        with journal.open("a") as file:
            file.writelines(json.dumps(row) + "\n" for row in found)
        print({k: v for k, v in found[-1].items() if k != "curve"}, flush=True)
    return rows


def summary(rows: list[dict]) -> list[dict]:
    """Mean and standard deviation over replicates, by arm."""
    found = []
    for arm in LABELS:
        own = [r for r in rows if r["arm"] == arm]
        if own:
            names = [n for n in ("sparsity", "validation_loss", "test_loss") if n in own[0]]
            figures = {k: v for n in names for k, v in _mean_sd(n, own).items()}
            found.append({"arm": arm, "replicates": len(own), **figures})
    return found


def _mean_sd(name: str, rows: list[dict]) -> dict:
    values = [r[name] for r in rows]
    sd = statistics.stdev(values) if len(values) > 1 else None
    return {name: statistics.fmean(values), f"{name}_sd": sd}


def table(found: list[dict]) -> str:
    """The summary as Markdown; errors in units of 1e-3 of the scaled target, squared."""
    lines = [
        "| network | n | sparsity at the end | validation mse · 10³ | test mse · 10³ |",
        "|---|---|---|---|---|",
    ]
    for row in found:
        sparsity = f"{row['sparsity']:.4f}" if "sparsity" in row else "–"
        losses = [_cell(row, name) for name in ("validation_loss", "test_loss")]
        cells = (LABELS[row["arm"]], str(row["replicates"]), sparsity, *losses)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(row: dict, name: str) -> str:
    if name not in row:
        return "–"
    sd = row[f"{name}_sd"]
    return f"{1_000 * row[name]:.4g}" + (f" ± {1_000 * sd:.2g}" if sd else "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("runs/gradual_regression"))
    parser.add_argument("--replicates", type=int, default=3)
    parser.add_argument("--arms", nargs="+", choices=ONCE + EACH, default=[*ONCE, *EACH])
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(args.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    rows = carry_out(args)
    found = summary(rows)
    results = {"summary": found, "networks": rows}
    seeds = sorted({row["replicate"] for row in rows})
    records.write(HERE / "results.json", results, seeds=seeds, data=[records.zoo("regression")])
    print(table(found))


if __name__ == "__main__":
    main()
