"""Smaller networks, by every way to them: accuracy, parameters, FLOPs, and FLOPs of training.

vgg_small on MNIST (1 000 steps of 64) and ResNet-20 on CIFAR-10 with JPEG loss (360 steps of 128,
1.0 epoch), SGD with momentum 0.9 and a constant rate, 3 replicates. Trainings are a hundredth of
the published ones: arms are compared with each other, not with papers. Nothing is chosen: every
network is trained once and measured once on test, after its BatchNormalization statistics were
taken anew over 20 batches of training examples, for all arms alike.

    export TFDS_DATA_DIR=...  # a folder with mnist and cifar10_jpeg, prepared
    python benchmarks/structured/run.py

writes `results.json` and `table.md` beside this file, arm by arm, and goes on from there when
started again; `--work` keeps the trained states and models, for that and for `latency.py`.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import statistics
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

from benchmarks import records

HERE = Path(__file__).parent
#: Data, steps, examples per step, learning rate, strength of the penalty on scales.
NETS = {
    "vgg_small": ("mnist", 1_000, 64, 0.05, 5e-4),
    "resnet_20": ("cifar10_jpeg", 360, 128, 0.05, 1e-3),
}
ARMS = (
    *("dense", "slimming 50 %", "early-bird 50 %", "Scratch-E 50 %", "L1 50 %", "random 50 %"),
    *("slimming 70 %", "one-shot ticket 50 %", "Scratch-B 50 %"),
)


@dataclass
class Bench:
    """One replicate of one network: what its arms share."""

    net: str
    number: int
    work: Path

    def __post_init__(self) -> None:
        from tfticket import zoo
        from tfticket.determinism import restart_names, set_seeds
        from tfticket.rewinding import capture
        from tfticket.zoo.training import Training, evaluate_on, train_on

        data_name, num_steps, batch_size, rate, self.strength = NETS[self.net]
        set_seeds(self.number)
        restart_names("keras")
        data = zoo.load_data(data_name, seed=self.number)
        self.model = zoo.get_model(self.net).build(keras="keras", seed=self.number)
        k = __import__("keras")
        loss = k.losses.SparseCategoricalCrossentropy(from_logits=True)
        accuracy = k.metrics.SparseCategoricalAccuracy(name="accuracy")
        self.model.compile(
            k.optimizers.SGD(rate, momentum=0.9), loss, metrics=[accuracy], steps_per_execution=10
        )
        self.training = Training(num_steps, batch_size, seed=self.number)
        self.examples = len(data.train)
        self.train, self.evaluate = train_on(data, self.training), evaluate_on(data)
        self.data = data
        self.initial = capture(self.model)
        self.half = num_steps // 2

    def dense(self) -> dict[str, Any]:
        """Trains the dense network."""
        from tfticket.rewinding import restore

        restore(self.model, self.initial)
        self.train(self.model, [])
        self._keep("dense")
        return self._row(self.model, self.training.num_steps)

    def slimming(self, sparsity: float) -> dict[str, Any]:
        """Removes channels after training with the penalty, and fine-tunes half as long."""
        return self._pruned(sparsity, "scale", "global", "sparse")

    def pruned(self, score: str) -> dict[str, Any]:
        """Removes half of the channels of every group of the dense network, and fine-tunes."""
        return self._pruned(0.5, score, "layer", "dense")

    def early_bird(self) -> dict[str, Any]:
        """Stops when the mask has settled, removes channels and trains on to the end."""
        from tfticket.recipes.early_bird import EarlyBird

        every = self.training.num_steps // 40
        return self._carried_out(EarlyBird(penalty=self.strength, every=every), self.state("dense"))

    def trained_again(self, which: str) -> dict[str, Any]:
        """Trains the architecture that slimming finds, from its own or from new weights."""
        from tfticket.rewinding import restore
        from tfticket.slimming import channel_masks, shrink
        from tfticket.zoo.initialization import initialize

        restore(self.model, self.state("sparse"))
        masks = channel_masks(self.model, 0.5, score="scale")
        restore(self.model, self.initial)
        small = shrink(self.model, masks, carry_optimizer=True)
        if which != "one-shot":
            initialize(small.model, 1_000 + self.number)
        ratio = small.report.before.num_flops / small.report.after.num_flops
        times = min(2.0, ratio) if which == "Scratch-B" else 1.0
        until = -(-round(times * self.training.num_steps) // 10) * 10  # whole executions
        self.train(small.model, [], until=until)
        search = 0 if which != "one-shot" else self._flops(self.model, self.training.num_steps)
        return self._row(small.model, until, search)

    def state(self, name: str):
        """Reads a trained state; trains the one with the penalty where there is none."""
        from tfticket import files
        from tfticket.rewinding import TrainingState, restore
        from tfticket.slimming import penalize_scales

        path = self._path(name)
        if not path.exists():
            if name == "dense":
                self.dense()
            else:
                restore(self.model, self.initial)
                with penalize_scales(self.model, self.strength, initial_scale=0.5):
                    self.train(self.model, [])
                self._keep("sparse")
        found = sorted(files.read_arrays(path).items())
        return TrainingState.from_arrays({n.partition(":")[2]: a for n, a in found})

    def _keep(self, name: str) -> None:
        from tfticket import files
        from tfticket.rewinding import capture

        arrays = capture(self.model).arrays().items()
        files.write_arrays(self._path(name), {f"{i:05d}:{n}": a for i, (n, a) in enumerate(arrays)})

    def _path(self, name: str) -> Path:
        return self.work / f"{self.net}_{self.number}_{name}.safetensors"

    def _pruned(self, sparsity: float, score: str, scope: str, start: str) -> dict[str, Any]:
        from tfticket.recipes.l1_filters import L1Filters

        chosen = {"channel_sparsity": sparsity, "score": score, "scope": scope}
        recipe = L1Filters(**chosen, fine_tune_steps=self.half)
        row = self._carried_out(recipe, self.state(start))
        row["training_flops"] += self._flops(self.model, self.training.num_steps)
        return row

    def _carried_out(self, recipe: Any, trained: Any) -> dict[str, Any]:
        """Lets a recipe go on after a training of the dense network."""
        from tfticket.graph import channel_graph
        from tfticket.lottery import Level
        from tfticket.recipes.run import Task
        from tfticket.tickets import Ticket

        start = Ticket(channel_graph(self.model).masks({}), self.initial.weights)
        before = Level(0, start, trained, states={0: self.initial})
        recipe = recipe.resolved(Task(self.training, self.examples))
        level = recipe.treat(self._run(), before)
        log = level.log
        found = {n: log[n] for n in ("parameters", "flops", "training_flops", "channels")}
        found |= {n: log[n] for n in ("found_at", "looks") if n in log}
        return {**level.metrics, **found}

    def _run(self) -> Any:
        from tfticket.recipes.run import Run

        run = Run(self.model, self.data, self.training, seed=self.number, recipe_name="structured")
        run.evaluate = self._evaluated
        return run

    def _evaluated(self, model: Any) -> dict[str, float]:
        from tfticket import zoo
        from tfticket.slimming import reestimate_norms

        size = self.training.batch_size
        reestimate_norms(model, zoo.batches(self.data.train, batch_size=size, num_steps=20, seed=0))
        self.last = model
        return self.evaluate(model)

    def _row(self, model: Any, num_steps: int, search: int = 0) -> dict[str, Any]:
        from tfticket.graph import flops

        row = dict(self._evaluated(model))
        row["parameters"] = sum(
            int(v.numpy().size) for v in model.variables if "seed" not in v.path
        )
        row["flops"] = flops(model).total
        row["training_flops"] = search + self._flops(model, num_steps)
        return row

    def _flops(self, model: Any, num_steps: int) -> int:
        from tfticket.graph import flops
        from tfticket.recipes._channels import training_flops

        log = {"start_step": 0, "end_step": num_steps}
        return training_flops(self._run(), flops(model).total, log)


def measured(bench: Bench, arm: str) -> dict[str, Any]:
    """Trains one arm and keeps its network for `latency.py`."""
    how = {
        "dense": bench.dense,
        "slimming 50 %": functools.partial(bench.slimming, 0.5),
        "slimming 70 %": functools.partial(bench.slimming, 0.7),
        "early-bird 50 %": bench.early_bird,
        "one-shot ticket 50 %": functools.partial(bench.trained_again, "one-shot"),
        "L1 50 %": functools.partial(bench.pruned, "l1"),
        "random 50 %": functools.partial(bench.pruned, "random"),
        "Scratch-E 50 %": functools.partial(bench.trained_again, "Scratch-E"),
        "Scratch-B 50 %": functools.partial(bench.trained_again, "Scratch-B"),
    }[arm]
    row = {"net": bench.net, "seed": bench.number, "arm": arm, **how()}
    if bench.number == 0:
        bench.last.save(bench.work / f"{bench.net}_{arm.replace(' ', '_')}.keras")
    return row


def table(rows: list[dict[str, Any]], net: str) -> str:
    """Means over replicates, beside the dense network."""
    lines = [
        "| arm | test accuracy % | parameters | FLOPs | FLOPs of training |",
        "|---|---|---|---|---|",
    ]
    dense = [r for r in rows if r["net"] == net and r["arm"] == "dense"]
    for arm in ARMS:
        own = [r for r in rows if r["net"] == net and r["arm"] == arm]
        if own and dense:
            ratios = [_ratio(own, dense, n) for n in ("parameters", "flops", "training_flops")]
            lines.append(f"| {arm} | {_cell(own)} | " + " | ".join(ratios) + " |")
    return "\n".join(lines)


def _ratio(own: list[dict[str, Any]], dense: list[dict[str, Any]], name: str) -> str:
    return (
        f"{statistics.fmean(r[name] for r in own) / statistics.fmean(r[name] for r in dense):.3f}"
    )


def _cell(own: list[dict[str, Any]]) -> str:
    values = [100 * r["test_accuracy"] for r in own]
    spread = f" ± {statistics.stdev(values):.2f}" if len(values) > 1 else ""
    return f"{statistics.fmean(values):.2f}{spread} (n = {len(values)})"


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    settings = {"data_steps_batch_rate_penalty": NETS, "keras": "keras"}
    nets = {row["net"] for row in rows}
    records.write(
        path,
        {"settings": settings, "rows": rows},
        seeds=sorted({row["seed"] for row in rows}),
        data=[records.zoo(NETS[net][0]) for net in NETS if net in nets],
        resumes=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replicates", type=int, default=3)
    parser.add_argument("--nets", nargs="*", choices=list(NETS), default=list(NETS))
    parser.add_argument("--arms", nargs="*", choices=ARMS, default=list(ARMS))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, default=HERE, help="folder for the results")
    parser.add_argument("--work", type=Path, default=HERE / "states", help="folder for states")
    args = parser.parse_args()
    import tensorflow as tf

    warnings.simplefilter("ignore")
    tf.get_logger().setLevel("ERROR")
    tf.config.threading.set_intra_op_parallelism_threads(args.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    for folder in (args.out, args.work):
        folder.mkdir(parents=True, exist_ok=True)
    path = args.out / "results.json"
    rows = records.read(path, {"rows": []})["rows"]
    for number in range(args.replicates):
        for net in args.nets:
            done = {r["arm"] for r in rows if (r["net"], r["seed"]) == (net, number)}
            missing = [a for a in args.arms if a not in done]
            bench = Bench(net, number, args.work) if missing else None
            for arm in missing:
                rows.append(measured(bench, arm))
                write(path, rows)
                print(json.dumps({**rows[-1], "looks": None, "channels": None}), flush=True)
                tables = [f"{n}\n\n{table(rows, n)}\n" for n in args.nets]
                (args.out / "table.md").write_text("\n".join(tables))


if __name__ == "__main__":
    main()
