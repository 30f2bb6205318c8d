"""Sparsity that is trained, against iterative magnitude pruning at the densities it reaches.

LeNet-300-100 on MNIST, 1 500 steps of 60, Adam at 1.2e-3, 3 replicates. Continuous sparsification
and soft thresholds find their densities; magnitude pruning is then given each of them, in one round
and in three, rewound to the start. Nothing is chosen: every network is trained as listed and
measured once on test.

    export TFDS_DATA_DIR=...  # a folder with mnist, prepared
    python benchmarks/trained_sparsity/run.py

writes `results.json` and `table.md` beside this file, arm by arm, and goes on from there when
started again.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
import warnings
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

from benchmarks import records

HERE = Path(__file__).parent
NUM_STEPS, BATCH_SIZE, RATE = 1_500, 60, 1.2e-3
#: Recipe and settings by arm.
TRAINED = {
    "continuous sparsification": ("continuous_sparsification", {}),
    "soft thresholds, score -5": ("soft_threshold", {"initial_score": -5.0}),
    "continuous sparsification, score -0.1": (
        "continuous_sparsification",
        {"initial_score": -0.1},
    ),
    "soft thresholds, score -4": ("soft_threshold", {"initial_score": -4.0}),
    "continuous sparsification, 3 rounds": ("continuous_sparsification", {"rounds": 3}),
    "soft thresholds, score -3": ("soft_threshold", {"initial_score": -3.0}),
    "soft thresholds, score -5, decay 0.01": ("soft_threshold", {"scores_weight_decay": 0.01}),
    "soft thresholds, score -5, decay 0.1": ("soft_threshold", {"scores_weight_decay": 0.1}),
}
ROUNDS = (1, 3)


class Bench:
    """One replicate: the data, the network at its initialisation, and its dense training."""

    def __init__(self, number: int):
        import keras

        from tfticket import weights, zoo
        from tfticket.determinism import restart_names, set_seeds
        from tfticket.zoo.training import Training

        set_seeds(number)
        restart_names("keras")
        self.number, self.training = number, Training(NUM_STEPS, BATCH_SIZE, seed=number)
        self.data = zoo.load_data("mnist", seed=number)
        self.model = zoo.get_model("lenet_300_100").build(keras="keras", seed=number)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        accuracy = keras.metrics.SparseCategoricalAccuracy(name="accuracy")
        optimizer = keras.optimizers.Adam(RATE)
        self.model.compile(optimizer, loss, metrics=[accuracy], steps_per_execution=10)
        with self.run() as run:
            self.level = run.dense(weights.read(self.model))

    def run(self) -> Any:
        """Returns a run of its own for every arm: a run keeps the search it has begun."""
        from tfticket.recipes.run import Run

        of = {"seed": self.number, "recipe_name": "trained_sparsity"}
        return Run(self.model, self.data, self.training, **of)

    def dense(self) -> dict[str, Any]:
        """The dense network."""
        return self._row("dense", self.level, 1)

    def trained(self, arm: str) -> dict[str, Any]:
        """A network whose sparsity is trained."""
        name, settings = TRAINED[arm]
        (level,) = self._levels(name, **settings)
        own = level.log.get("search_steps", 0) + level.log["end_step"]
        row = self._row(arm, level, own // NUM_STEPS)
        return {**row, "by_layer": {p: round(float(m.mean()), 4) for p, m in level.masks.items()}}

    def pruned(self, arm: str, density: float, rounds: int) -> dict[str, Any]:
        """Single weights of the smallest magnitude masked in equal rounds, the rest rewound."""
        levels = self._levels("lottery_ticket", sparsity=1 - density, rounds=rounds)
        return self._row(arm, levels[-1], rounds + 1)

    def _levels(self, recipe: str, **settings: Any) -> list[Any]:
        from tfticket.recipes import RECIPES
        from tfticket.recipes.run import Task, levels_of

        resolved = RECIPES[recipe](**settings).resolved(Task(self.training, 55_000))
        with self.run() as run:
            return list(levels_of(resolved, run, self.level))

    def _row(self, arm: str, level: Any, trainings: int) -> dict[str, Any]:
        found = {n: float(level.metrics[n]) for n in ("test_accuracy", "test_loss")}
        return {
            "seed": self.number,
            "arm": arm,
            **found,
            "density": level.density,
            "trainings": trainings,
        }


def magnitude(arm: str, rounds: int) -> str:
    """Names the arm of magnitude pruning at the density of another."""
    return f"magnitude, {rounds} round{'s' * (rounds > 1)}, as dense as {arm}"


def arms() -> list[str]:
    """Every arm, in the order in which they are trained."""
    pruned = {arm: [magnitude(arm, n) for n in ROUNDS] for arm in TRAINED}
    return ["dense", *(one for arm in TRAINED for one in (arm, *pruned[arm]))]


def measured(bench: Bench, arm: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Trains and measures one arm."""
    start = time.process_time()
    if arm == "dense":
        row = bench.dense()
    elif arm in TRAINED:
        row = bench.trained(arm)
    else:
        of, rounds = next((a, n) for a in TRAINED for n in ROUNDS if magnitude(a, n) == arm)
        like = next(r for r in rows if (r["seed"], r["arm"]) == (bench.number, of))
        row = bench.pruned(arm, like["density"], rounds)
    return {**row, "seconds": round(time.process_time() - start, 1)}


def table(rows: list[dict[str, Any]]) -> str:
    """Means and standard deviations over replicates."""
    lines = [
        "| arm | density % | trainings | test accuracy % | replicates |",
        "|---|---|---|---|---|",
    ]
    for arm in arms():
        own = [r for r in rows if r["arm"] == arm]
        if own:
            density, accuracy = (_cell(own, n) for n in ("density", "test_accuracy"))
            trainings = own[0]["trainings"]
            lines.append(f"| {arm} | {density} | {trainings} | {accuracy} | {len(own)} |")
    return "\n".join(lines) + "\n"


def _cell(own: list[dict[str, Any]], name: str) -> str:
    values = [100 * r[name] for r in own]
    spread = f" ± {statistics.stdev(values):.2f}" if len(values) > 1 else ""
    return f"{statistics.fmean(values):.2f}{spread}"


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    settings = {
        "num_steps": NUM_STEPS,
        "batch_size": BATCH_SIZE,
        "learning_rate": RATE,
        "trained": {arm: settings for arm, (_, settings) in TRAINED.items()},
        "keras": "keras",
    }
    seeds = sorted({row["seed"] for row in rows})
    results = {"settings": settings, "rows": rows}
    records.write(path, results, seeds=seeds, data=[records.zoo("mnist")], resumes=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replicates", type=int, default=3)
    parser.add_argument("--out", type=Path, default=HERE, help="folder for the results")
    args = parser.parse_args()
    import tensorflow as tf

    warnings.simplefilter("ignore")
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    path = args.out / "results.json"
    rows = records.read(path, {"rows": []})["rows"]
    for number in range(args.replicates):
        done = {r["arm"] for r in rows if r["seed"] == number}
        missing = [arm for arm in arms() if arm not in done]
        bench = Bench(number) if missing else None
        for arm in missing:
            rows.append(measured(bench, arm, rows))
            write(path, rows)
            print(json.dumps(rows[-1]), flush=True)
            (args.out / "table.md").write_text(table(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
