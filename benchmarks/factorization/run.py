"""Factorised networks against tickets and smaller networks with as many parameters, on MNIST.

LeNet-300-100 (2 000 steps of 60) and conv_431k (600 steps of 60), Adam at 1.2e-3, 3 replicates. Of
every network at most a tenth of the parameters is left, of LeNet-300-100 also 3 %. Nothing is
chosen: every network is trained as listed and measured once on test.

    export TFDS_DATA_DIR=...  # a folder with mnist, prepared
    python benchmarks/factorization/run.py

writes `results.json` and `table.md` beside this file, arm by arm, and goes on from there when
started again.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import statistics
import sys
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

from benchmarks import records

HERE = Path(__file__).parent
#: Steps of one training, and the shares of the parameters that are left.
NETS = {"lenet_300_100": (2_000, (0.1, 0.03)), "conv_431k": (600, (0.1,))}
BATCH_SIZE, RATE, DECAY, ROUNDS = 60, 1.2e-3, 1e-3, 3
#: All kernels but the output layer's, whose rank would be less than there are classes.
LAYERS = "^(?!output)"
#: Settings of `factorize` by arm.
FACTORIZED = {
    "spectral, Frobenius decay": {},
    "spectral, Frobenius decay 1e-4": {"frobenius_decay": 1e-4},
    "spectral": {"frobenius_decay": None},
    "random, Frobenius decay": {"initialization": "random"},
    "random": {"initialization": "random", "frobenius_decay": None},
    "trained, Frobenius decay": {"begin": "trained"},
}
ARMS = ("ticket", "fewer channels", *FACTORIZED)


@dataclass
class Bench:
    """One replicate of one network: what its arms share."""

    net: str
    number: int

    def __post_init__(self) -> None:
        from tfticket import weights, zoo
        from tfticket.determinism import restart_names, set_seeds
        from tfticket.recipes.run import Run
        from tfticket.zoo.training import Training

        set_seeds(self.number)
        restart_names("keras")
        data = zoo.load_data("mnist", seed=self.number)
        self.num_steps = NETS[self.net][0]
        self.training = Training(self.num_steps, BATCH_SIZE, seed=self.number)
        self.model = zoo.get_model(self.net).build(keras="keras", seed=self.number)
        k = __import__("keras")
        loss = k.losses.SparseCategoricalCrossentropy(from_logits=True)
        accuracy = k.metrics.SparseCategoricalAccuracy(name="accuracy")
        optimizer = k.optimizers.Adam(RATE)
        self.model.compile(optimizer, loss, metrics=[accuracy], steps_per_execution=10)
        self.total = sum(int(a.size) for a in weights.read_all(self.model).values())
        self.run = Run(
            self.model, data, self.training, seed=self.number, recipe_name="factorization"
        )
        self.level = self.run.dense(weights.read(self.model))

    def dense(self) -> dict[str, Any]:
        """The dense network."""
        from tfticket.graph import flops

        counted = flops(self.model).total
        return self._row(self.level.metrics, self.total, counted, self.num_steps)

    def ticket(self, share: float) -> dict[str, Any]:
        """Single weights, pruned in rounds of equal rate and rewound to the start."""
        from tfticket import find_ticket, schedules
        from tfticket.graph import flops
        from tfticket.rewinding import restore

        prunable = self.level.masks.num_weights
        density = (share * self.total - (self.total - prunable)) / prunable
        restore(self.model, self.level.states[0])
        levels = find_ticket(
            self.model,
            self.run.train,
            schedule=schedules.Exponential(1 - density, rounds=ROUNDS),
            evaluate=self.run.evaluate,
            resume=self.level,
        )
        level = list(levels)[-1]
        left = level.masks.num_kept + self.total - prunable
        counted = flops(self.model, level.masks).effective_total
        return self._row(level.metrics, left, counted, (ROUNDS + 1) * self.num_steps)

    def fewer_channels(self, share: float) -> dict[str, Any]:
        """Channels of the smallest L1 norm removed from the dense network, the rest trained on."""
        from tfticket.rewinding import restore

        restore(self.model, self.level.trained)
        small = shrunk_to(self.model, round(share * self.total))
        until = 2 * self.num_steps
        self.run.train(small.model, [], until)
        cost = small.report.after
        metrics = self.run.evaluate(small.model)
        return self._row(metrics, cost.num_parameters, cost.num_flops, until)

    def factorized(self, arm: str, share: float) -> dict[str, Any]:
        """Factors, as the recipe trains them."""
        from tfticket.recipes.factorize import Factorize
        from tfticket.recipes.run import Task

        settings = {"frobenius_decay": DECAY, **FACTORIZED[arm]}
        recipe = Factorize(parameters=share, layers=LAYERS, **settings)
        level = recipe.resolved(Task(self.training, 55_000)).treat(self.run, self.level)
        log, times = level.log, 1 + (recipe.begin == "trained")
        row = self._row(level.metrics, log["parameters"], log["flops"], times * self.num_steps)
        return {**row, "ranks": log["ranks"]}

    def _row(self, metrics: Any, parameters: int, flops: int, num_steps: int) -> dict[str, Any]:
        found = {n: float(metrics[n]) for n in ("test_accuracy", "test_loss")}
        return {**found, "parameters": parameters, "flops": flops, "num_steps": num_steps}


def shrunk_to(model: Any, parameters: int) -> Any:
    """Removes channels of the smallest L1 norm, of each layer the same share, by bisection."""
    from tfticket.slimming import channel_masks, shrink

    low, high = 0.0, 1.0
    for _ in range(12):
        middle = (low + high) / 2
        masks = channel_masks(model, middle, score="l1", scope="layer")
        small = shrink(model, masks, carry_optimizer=True)
        is_small = small.report.after.num_parameters <= parameters
        low, high = (low, middle) if is_small else (middle, high)
    masks = channel_masks(model, high, score="l1", scope="layer")
    return shrink(model, masks, carry_optimizer=True)


def arms(net: str) -> list[tuple[str, float]]:
    """Every arm of a network with the share of the parameters that it has."""
    return [("dense", 1.0), *((arm, share) for share in NETS[net][1] for arm in ARMS)]


def measured(bench: Bench, arm: str, share: float) -> dict[str, Any]:
    """Trains and measures one arm."""
    how = {
        "dense": bench.dense,
        "ticket": functools.partial(bench.ticket, share),
        "fewer channels": functools.partial(bench.fewer_channels, share),
    }.get(arm, functools.partial(bench.factorized, arm, share))
    start = time.process_time()
    row = {"net": bench.net, "seed": bench.number, "arm": arm, "share": share, **how()}
    return {**row, "seconds": round(time.process_time() - start, 1)}


def table(rows: list[dict[str, Any]], net: str) -> str:
    """Means over replicates."""
    lines = [
        f"{net}\n",
        "| arm | parameters | FLOPs | steps of training | test accuracy % |",
        "|---|---|---|---|---|",
    ]
    for arm, share in arms(net):
        own = [r for r in rows if (r["net"], r["arm"], r["share"]) == (net, arm, share)]
        if own:
            counts = [statistics.fmean(r[n] for r in own) for n in ("parameters", "flops")]
            shown = " | ".join(f"{round(n):,}" for n in counts)
            lines.append(f"| {arm} | {shown} | {own[0]['num_steps']:,} | {_cell(own)} |")
    return "\n".join(lines) + "\n"


def _cell(own: list[dict[str, Any]]) -> str:
    values = [100 * r["test_accuracy"] for r in own]
    spread = f" ± {statistics.stdev(values):.2f}" if len(values) > 1 else ""
    return f"{statistics.fmean(values):.2f}{spread} (n = {len(values)})"


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    settings = {
        "nets": NETS,
        "batch_size": BATCH_SIZE,
        "learning_rate": RATE,
        "frobenius_decay": DECAY,
        "rounds": ROUNDS,
        "layers": LAYERS,
        "keras": "keras",
    }
    records.write(
        path,
        {"settings": settings, "rows": rows},
        seeds=sorted({row["seed"] for row in rows}),
        data=[records.zoo("mnist")],
        resumes=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replicates", type=int, default=3)
    parser.add_argument("--nets", nargs="*", choices=list(NETS), default=list(NETS))
    parser.add_argument("--out", type=Path, default=HERE, help="folder for the results")
    args = parser.parse_args()
    import tensorflow as tf

    warnings.simplefilter("ignore")
    tf.get_logger().setLevel("ERROR")
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    path = args.out / "results.json"
    rows = records.read(path, {"rows": []})["rows"]
    for number in range(args.replicates):
        for net in args.nets:
            done = {(r["arm"], r["share"]) for r in rows if (r["net"], r["seed"]) == (net, number)}
            missing = [one for one in arms(net) if one not in done]
            bench = Bench(net, number) if missing else None
            for arm, share in missing:
                rows.append(measured(bench, arm, share))
                write(path, rows)
                print(json.dumps(rows[-1]), flush=True)
                text = "\n".join(table(rows, n) for n in NETS)
                (args.out / "table.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
