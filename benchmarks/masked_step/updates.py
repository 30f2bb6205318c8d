"""What one mask update inside `fit` costs, of this version and of one before, side by side.

    git worktree add /tmp/before 578fb07
    python benchmarks/masked_step/updates.py --before /tmp/before

A process of each version has a Dense kernel with Adam, and is asked in turn for the update that
`PruneOnSchedule` makes after a step: from 50 % on, a thousandth of the weights each time, after the
weights have moved. Writes `updates.json` beside this file.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

from benchmarks import records
from benchmarks.masked_step import checkouts, pairs

HERE = Path(__file__).parent
SIZES = (10**5, 10**6, 10**7)
KERASES = ("keras", "tf_keras")


def answer(size: int, keras: str, updates: int) -> None:
    """Moves the weights and makes an update whenever it is asked, and tells the update's time."""
    import numpy as np

    from tfticket import _keras, _optimizers, callbacks, schedules

    pairs.quiet_threads()
    k = _keras.module(keras)
    wide = round(size**0.5)
    dense = k.layers.Dense(wide, use_bias=False)
    model = k.Sequential([k.layers.Input((wide,)), dense])
    model.compile(k.optimizers.Adam(), "mse")
    _optimizers.build(model.optimizer, model.trainable_variables)
    end = 0.5 + 0.001 * updates
    schedule = schedules.Linear(
        end, initial_sparsity=0.5, begin_step=0, end_step=updates, frequency=1
    )
    pruning = callbacks.PruneOnSchedule(schedule, on_unreachable="warn")
    pruning.set_model(model)
    pruning.set_params({"epochs": 1, "steps": updates})
    pruning.on_train_begin()
    pruning.on_epoch_begin(0)
    rng, kernel = np.random.default_rng(0), _keras.native(dense.kernel)
    steps = _keras.native(model.optimizer.iterations)

    batches = itertools.count()

    def move() -> None:
        noise = rng.standard_normal(kernel.shape, dtype=np.float32)
        kernel.assign_add(1e-5 * noise * pruning.masks[next(iter(pruning.masks))])
        steps.assign_add(1)

    def update() -> None:
        done = len(pruning.history)
        pruning.on_train_batch_end(next(batches))
        if len(pruning.history) != done + 1:
            raise RuntimeError("nothing was pruned, so nothing was measured")

    checkouts.answer({"move": move, "update": update})


def least(size: int, goes: int = 60) -> dict[str, float]:
    """CPU milliseconds of what no update can do without: reading all, and writing what changes."""
    import numpy as np
    import tensorflow as tf

    pairs.quiet_threads()
    rng, wide = np.random.default_rng(0), round(size**0.5)
    kernel = rng.standard_normal((wide, wide), dtype=np.float32)
    mask, bound = rng.random(kernel.shape) < 0.5, np.float32(1e-3)
    variables = [tf.Variable(kernel) for _ in range(4)]  # mask, weight and Adam's two slots
    places = np.sort(rng.choice(kernel.size, size // 1_000, replace=False))
    at = tf.constant(np.stack(np.unravel_index(places, kernel.shape), axis=1))
    zeros = tf.zeros(len(places))

    def read() -> None:
        np.count_nonzero((kernel < bound) & mask)

    @tf.function(autograph=False)
    def write() -> None:
        for v in variables:
            tf.raw_ops.ResourceScatterNdUpdate(ref=v.handle, indices=at, updates=zeros)

    elsewhere = np.zeros(8_000_000, np.float32)

    def elsewhere_first() -> None:
        elsewhere[:] = 1  # as a step does: what was at hand is at hand no longer

    times: dict[str, list[float]] = {"reading alone": [], "writing alone": []}
    for _ in range(goes):
        for name, work in zip(times, (read, write), strict=True):
            elsewhere_first()
            before = time.process_time()
            work()
            times[name].append(time.process_time() - before)
    return {n: round(sorted(t)[goes // 2] * 1e3, 2) for n, t in times.items()}


def measured(size: int, keras: str, before: Path, updates: int) -> dict:
    both = [
        checkouts.Version(folder, __file__, size, keras, updates)
        for folder in (before, checkouts.ROOT)
    ]
    times = []
    for _ in range(updates):
        for version in both:
            version.seconds("move")
        times.append([version.seconds("update") for version in both])
    for version in both:
        version.end()
    old, new = map(list, zip(*times[10:], strict=True))
    middle = len(new) // 2
    return {
        "pairs": len(new),
        **pairs.ratio(old, new),
        "milliseconds": round(sorted(new)[middle] * 1e3, 2),
        "milliseconds before": round(sorted(old)[middle] * 1e3, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--before", type=Path, help="a checkout; without it only the least")
    parser.add_argument("--updates", type=int, default=60)
    parser.add_argument("--answer", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--least", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.least:
        print(json.dumps(least(args.least)))
        return
    if args.answer:
        size, keras, updates = args.answer
        answer(int(size), keras, int(updates))
        return
    path = HERE / "updates.json"
    for size, keras in ((s, k) for s in SIZES for k in KERASES):
        row = records.read(path, {}).get(f"{size:.0e}, {keras}", {})
        if args.before:
            row = measured(size, keras, args.before, args.updates)
        command = [sys.executable, __file__, "--least", str(size)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        row["least milliseconds"] = json.loads(done.stdout.splitlines()[-1])
        print(f"{size:.0e}, {keras}", row, flush=True)
        found = {**records.read(path, {}), f"{size:.0e}, {keras}": row}
        records.write(path, found, seeds=[0], data=[], resumes=True)


if __name__ == "__main__":
    main()
