"""tfmot's `prune_low_magnitude` and ours, side by side in one run: the same seeds and batches.

PolynomialDecay from 0 to 75 % on a regression MLP (1 000 features, Dense 1024, 1024, 1) and on
MNIST (LeNet-300-100), short trainings of three replicates; then the time of a training step at
frequency 1 and 100. Initial weights are tf_keras' in every arm, Keras 3 included. Nothing is chosen
by the test split. Times are user-CPU seconds on one thread, of blocks of `fit` in turn.

    python benchmarks/tfmot_side_by_side/run.py

writes `results.json` and `table.md` beside this file, part by part, and goes on from there.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import statistics
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

import numpy as np

from benchmarks import records

HERE = Path(__file__).parent
TARGET = 0.75
ARMS = ("plain", "tfmot", "ours", "ours, Keras 3")
TASKS = {
    "regression": {"net": "regression_mlp", "steps": 160, "batch": 256, "rate": 1e-3},
    "mnist": {"net": "lenet_300_100", "steps": 2_000, "batch": 60, "rate": 1.2e-3},
}
#: Pruning runs from an eighth of the training to five eighths of it, at eight places in between.
BEGIN, END, TURNS = 1 / 8, 5 / 8, 8
#: Steps of a block, and how many blocks each arm has, by frequency.
STEPS = {"regression": 100, "mnist": 1_000}
BLOCKS = {100: 15, 1: 5}


def other(name: str):
    """A script of a neighbouring folder, as a module."""
    path = HERE.parent / name / "run.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Task:
    """One problem: its data, and models of either Keras with the same initial weights."""

    def __init__(self, name: str, replicate: int):
        from tfticket import zoo

        self.name, self.replicate, self.settings = name, replicate, TASKS[name]
        self.data, self.entry = zoo.load_data(name, seed=0), zoo.get_model(self.settings["net"])
        self.shape = tuple(self.data.train.x.shape[1:])

    def batches(self, steps: int):
        """The batches of a training, the same in every arm of a replicate."""
        import tensorflow as tf

        batch, train = self.settings["batch"], self.data.train
        rng = np.random.default_rng(self.replicate)
        epochs = -(-steps * batch // len(train))
        order = np.concatenate([rng.permutation(len(train)) for _ in range(epochs)])
        order = order[: steps * batch]
        found = tf.data.Dataset.from_tensor_slices((np.asarray(train.x)[order], train.y[order]))
        return found.batch(batch)

    def model(self, keras: str):
        made = self.entry.build(keras="tf_keras", seed=self.replicate, input_shape=self.shape)
        if keras == "tf_keras":
            return made
        other_ = self.entry.build(keras=keras, seed=self.replicate, input_shape=self.shape)
        other_.set_weights(made.get_weights())
        return other_

    def compile(self, model, keras: str) -> None:
        from tfticket import _keras

        k = _keras.module(keras)
        loss, metrics = k.losses.MeanSquaredError(), []
        if self.name == "mnist":
            loss, metrics = k.losses.SparseCategoricalCrossentropy(from_logits=True), ["accuracy"]
        optimizer = k.optimizers.Adam(self.settings["rate"])
        model.compile(optimizer, loss, metrics=metrics, jit_compile=False)

    def prepared(self, arm: str, schedule) -> tuple:
        """A compiled model, its callbacks, and what makes a plain model of it."""
        import tfticket as tt
        from tfticket import tfmot_bridge
        from tfticket._tfmot import tfmot

        theirs = tfmot().sparsity.keras
        keras = "keras" if arm.endswith("Keras 3") else "tf_keras"
        model, callbacks, strip = self.model(keras), [], lambda trained: trained
        if arm.startswith("ours"):
            model = tfmot_bridge.prune_low_magnitude(model, pruning_schedule=schedule)
            callbacks, strip = [tt.callbacks.UpdatePruningStep()], tfmot_bridge.strip_pruning
        elif arm.startswith("tfmot"):
            model = theirs.prune_low_magnitude(model, pruning_schedule=schedule)
            callbacks, strip = [theirs.UpdatePruningStep()], theirs.strip_pruning
        self.compile(model, keras)
        return model, callbacks, strip


def polynomial(begin: int, end: int, frequency: int):
    from tfticket._tfmot import tfmot

    decay = tfmot().sparsity.keras.PolynomialDecay
    return decay(0.0, TARGET, begin_step=begin, end_step=end, frequency=frequency)


def accuracy(name: str, replicate: int, arm: str) -> dict:
    """Trains one network and looks at the test split once."""
    from tfticket import weights

    task = Task(name, replicate)
    steps = task.settings["steps"]
    begin, end = int(BEGIN * steps), int(END * steps)
    schedule = polynomial(begin, end, (end - begin) // TURNS)
    model, callbacks, strip = task.prepared(arm, schedule)
    model.fit(task.batches(steps), verbose=0, shuffle=False, callbacks=callbacks)
    plain = strip(model)
    task.compile(plain, "keras" if arm.endswith("Keras 3") else "tf_keras")
    test = task.data.test
    figures = plain.evaluate(test.x, test.y, batch_size=1_000, verbose=0, return_dict=True)
    kernels = weights.read(plain).values()
    zeros = sum(int(np.count_nonzero(w == 0)) for w in kernels)
    return {"sparsity": zeros / sum(w.size for w in kernels), **figures}


def step_times(name: str, frequency: int) -> dict:
    """Ratios of step times to plain Keras', in tf_keras."""
    timing, task = other("masked_step"), Task(name, 0)
    steps, blocks = STEPS[name], BLOCKS[frequency]
    data = task.batches(steps).cache()
    schedule = polynomial(0, steps * (blocks + 2), frequency)
    arms = {}
    for arm in ("plain", "tfmot", "ours"):
        model, callbacks, _ = task.prepared(arm, schedule)
        arms[arm] = _block(model, data, callbacks)
    times = timing.interleaved(arms, blocks)
    found = timing.ratios(times, "plain")
    return {**found, "ours / tfmot": timing.ratios(times, "tfmot")["ours"]}


def _block(model, data, callbacks):
    return lambda: model.fit(data, verbose=0, shuffle=False, callbacks=callbacks)


def carry_out(path: Path, replicates: int) -> dict:
    found = records.read(path, {})
    units = [
        (f"{name}/{replicate}/{arm}", accuracy, (name, replicate, arm))
        for name in TASKS
        for replicate in range(replicates)
        for arm in ARMS
    ]
    units += [(f"{n}/steps, {f}", step_times, (n, f)) for n in TASKS for f in BLOCKS]
    for key, measure, arguments in units:
        if key not in found:
            found[key] = measure(*arguments)
            records.write(
                path, found, seeds=range(replicates), data=map(records.zoo, TASKS), resumes=True
            )
            print(key, found[key], flush=True)
    return found


def table(found: dict, replicates: int) -> str:
    lines = [
        "| | regression: sparsity | test mse · 10³ | MNIST: sparsity | test accuracy |",
        "|---|---|---|---|---|",
    ]
    for arm in ARMS:
        cells = []
        for name, figure, scale in (("regression", "loss", 1e3), ("mnist", "accuracy", 1)):
            rows = [found[f"{name}/{r}/{arm}"] for r in range(replicates)]
            values = [scale * row[figure] for row in rows]
            spread = f" ± {statistics.stdev(values):.2g}" if replicates > 1 else ""
            sparsities = sorted({f"{row['sparsity']:.4f}" for row in rows})
            cells += [", ".join(sparsities), f"{statistics.fmean(values):.4g}{spread}"]
        lines.append(f"| {arm} | {' | '.join(cells)} |")
    lines += ["", "| step time / plain Keras | regression | MNIST |", "|---|---|---|"]
    for arm in ("tfmot", "ours", "ours / tfmot"):
        for frequency in BLOCKS:
            ratios = [found[f"{n}/steps, {frequency}"][arm] for n in TASKS]
            lines.append(f"| {arm}, {frequency} | {' | '.join(_ratio(r) for r in ratios)} |")
    return "\n".join(lines)


def _ratio(found: dict) -> str:
    return f"{found['ratio']:.2f} ({found['p10']:.2f}–{found['p90']:.2f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replicates", type=int, default=3)
    parser.add_argument("--out", type=Path, default=HERE)
    args = parser.parse_args()
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    found = carry_out(args.out / "results.json", args.replicates)
    text = table(found, args.replicates)
    (args.out / "table.md").write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
