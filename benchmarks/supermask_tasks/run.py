"""Supermasks beyond classification: a segmentation and a regression, beside training the weights.

Segmentation: 40 x 40 images made of one MNIST digit over lines and noise; every pixel is to be told
digit or not (intersection over union of the digit's pixels, test). Regression: Friedman's function
of ten uniform inputs, five of them irrelevant (mean squared error by variance, test). Each network
is trained three ways from the same initial weights, 3 replicates: its weights, its mask by
edge-popup at density 0.5 (signed Kaiming constant), and nothing but a random mask, as the floor.
Adam for the weights, SGD with momentum 0.9 for the scores, learning rates as below, chosen on
validation at seed 100, which is none of the replicates.

    export TFDS_DATA_DIR=...  # a folder with MNIST, prepared
    python benchmarks/supermask_tasks/run.py

writes `results.json` beside this file, network by network, and goes on from there when started
again.
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

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

import numpy as np

from benchmarks import records

HERE = Path(__file__).parent
DATA = (
    records.dataset(
        "mnist digits over lines and noise", "4 000 train / 500 validation / 1 000 test"
    ),
    records.dataset("Friedman's function", "8 000 train / 1 000 validation / 2 000 test"),
)
ARMS = ("weights", "mask", "random mask")
RATES = {
    ("segmentation", "weights"): 3e-3,
    ("segmentation", "mask"): 1.0,
    ("regression", "weights"): 3e-3,
    ("regression", "mask"): 0.1,
}
STEPS = {"segmentation": 300, "regression": 4_000}
BATCH = {"segmentation": 16, "regression": 64}
SIDE = 40


def segmentation(seed: int):
    """Digits at random places over lines and noise, and where the digits are."""
    from tfticket import zoo

    rng = np.random.default_rng(seed)
    digits = zoo.load_data("mnist", seed=0)

    def make(split, count: int):
        chosen = rng.choice(len(split), count, replace=False)
        x = rng.uniform(0, 0.4, (count, SIDE, SIDE, 1)).astype(np.float32)
        y = np.zeros((count, SIDE, SIDE, 1), np.float32)
        for i, at in enumerate(chosen):
            for _ in range(3):  # lines as bright as digits
                along, place = rng.integers(2), rng.integers(SIDE)
                line = x[i, :, place, 0] if along else x[i, place, :, 0]  # a view
                np.maximum(line, rng.uniform(0.6, 1.0), out=line)
            top, left = rng.integers(0, SIDE - 28, 2)
            digit = split.x[at].reshape(28, 28)
            window = (i, slice(top, top + 28), slice(left, left + 28), 0)
            x[window] = np.maximum(x[window], digit)
            y[window] = digit > 0.5
        return x, y

    return make(digits.train, 4_000), make(digits.validation, 500), make(digits.test, 1_000)


def regression(seed: int):
    """Friedman's first function, with noise of deviation 1 in train and validation only."""
    rng = np.random.default_rng(seed)

    def make(count: int, noise: float):
        x = rng.uniform(0, 1, (count, 10))
        y = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2
        y += 10 * x[:, 3] + 5 * x[:, 4] + noise * rng.standard_normal(count)
        scaled = (y[:, None] - 14.4) / 4.9  # the function's mean and deviation
        return (2 * x - 1).astype(np.float32), scaled.astype(np.float32)

    return make(8_000, 1.0), make(1_000, 1.0), make(2_000, 0.0)


def network(task: str, keras: str, seed: int):
    from tfticket import _keras
    from tfticket.zoo.initialization import initialize

    k = _keras.module(keras)
    make = k.layers
    plain = {"use_bias": False, "kernel_initializer": "he_normal"}
    if task == "regression":
        inputs = x = k.Input((10,))
        for number in (1, 2):
            x = make.Dense(256, activation="relu", name=f"dense_{number}", **plain)(x)
        outputs = make.Dense(1, name="output", **plain)(x)
    else:
        inputs = x = k.Input((SIDE, SIDE, 1))
        for number in (1, 2, 3):
            x = make.Conv2D(32, 5, padding="same", name=f"conv_{number}", **plain)(x)
            x = make.BatchNormalization(scale=False, center=False, name=f"norm_{number}")(x)
            x = make.ReLU(name=f"relu_{number}")(x)
        outputs = make.Conv2D(1, 1, name="output", **plain)(x)
    model = k.Model(inputs, outputs, name=task)
    initialize(model, seed)
    return model


def prepared(task: str, arm: str, keras: str, seed: int, rate: float | None):
    from tfticket import _keras, supermasks
    from tfticket.determinism import restart_names, set_seeds

    set_seeds(seed)
    restart_names(keras)
    k = _keras.module(keras)
    model = network(task, keras, seed)
    if arm != "weights":
        masker = supermasks.EdgePopup(0.5)
        drawn = "signed_kaiming_constant"
        model = supermasks.convert(model, masker=masker, initializer=drawn, seed=seed)
    rate = RATES.get((task, arm), 0.0) if rate is None else rate
    optimizer = k.optimizers.Adam(rate) if arm == "weights" else k.optimizers.SGD(rate, 0.9)
    loss = k.losses.MeanSquaredError()
    if task == "segmentation":
        loss = k.losses.BinaryCrossentropy(from_logits=True)
    model.compile(optimizer, loss, jit_compile=False)
    return model


def measured(task: str, model, split) -> float:
    """Intersection over union, or mean squared error by variance; in percent."""
    x, y = split
    found = np.asarray(model.predict(x, batch_size=250, verbose=0))
    if task == "regression":
        return 100 * float(np.mean((found - y) ** 2) / np.var(y))
    inside, wanted = found > 0, y > 0.5
    return 100 * float((inside & wanted).sum() / (inside | wanted).sum())


def carry_out(task: str, arm: str, keras: str, seed: int, rate: float | None = None) -> dict:
    from tfticket import zoo

    train, validation, test = {"segmentation": segmentation, "regression": regression}[task](seed)
    model = prepared(task, arm, keras, seed, rate)
    begin = time.process_time()
    if arm != "random mask":
        split, steps = zoo.Split(*train), STEPS[task]
        stream = zoo.batches(split, batch_size=BATCH[task], num_steps=steps, seed=seed)
        model.fit(stream, shuffle=False, verbose=0)
    spent = round(time.process_time() - begin, 1)
    found = {"task": task, "arm": arm, "seed": seed, "cpu_seconds_of_training": spent}
    found["validation"] = round(measured(task, model, validation), 2)
    if rate is None:
        found["test"] = round(measured(task, model, test), 2)
    return found


def table(runs: list[dict]) -> str:
    lines = [
        "| trained | segmentation: IoU % | CPU s | regression: MSE, % of variance | CPU s |",
        "|---|---|---|---|---|",
    ]
    for arm in ARMS:
        cells = []
        for task in ("segmentation", "regression"):
            own = [r for r in runs if (r["task"], r["arm"]) == (task, arm)]
            values = [r["test"] for r in own]
            spread = f" ± {statistics.stdev(values):.2f}" if len(values) > 1 else ""
            seconds = statistics.fmean(r["cpu_seconds_of_training"] for r in own)
            cells += [f"{statistics.fmean(values):.2f}{spread}", f"{seconds:.1f}"]
        lines.append(f"| {arm} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replicates", type=int, default=3)
    parser.add_argument("--keras", choices=["keras", "tf_keras"], default="keras")
    parser.add_argument("--try-rates", action="store_true", help="validation at seed 100 only")
    parser.add_argument("--out", type=Path, default=HERE, help="folder for results")
    args = parser.parse_args()
    import tensorflow as tf

    warnings.simplefilter("ignore")
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    if args.try_rates:
        for task, arm in RATES:
            for rate in (1e-3, 3e-3) if arm == "weights" else (0.1, 1.0, 10.0):
                print(rate, json.dumps(carry_out(task, arm, args.keras, 100, rate)), flush=True)
        return
    path = args.out / "results.json"
    runs = records.read(path, {"runs": []})["runs"]
    done = {(r["task"], r["arm"], r["seed"]) for r in runs}
    for task in STEPS:
        for seed in range(args.replicates):
            for arm in (a for a in ARMS if (task, a, seed) not in done):
                runs.append(carry_out(task, arm, args.keras, seed))
                found = {"keras": args.keras, "runs": runs}
                records.write(path, found, seeds=range(args.replicates), data=DATA, resumes=True)
                print(json.dumps(runs[-1]), flush=True)
    print(table(runs))


if __name__ == "__main__":
    main()
