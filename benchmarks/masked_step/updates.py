"""What one mask update inside `fit` costs, of this version and of one before, side by side.

    git worktree add /tmp/before 578fb07
    python benchmarks/masked_step/updates.py --before /tmp/before

A process of each version has a Dense kernel with Adam, and is asked in turn for the update that
`PruneOnSchedule` makes after a step: from 50 % on, a thousandth of the weights each time, after the
weights have moved. Writes `updates.json` beside this file.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
SIZES = (10**5, 10**6, 10**7)
KERASES = ("keras", "tf_keras")


def answer(size: int, keras: str, updates: int) -> None:
    """Makes an update whenever a line comes in, and prints the CPU seconds it took."""
    import warnings

    import numpy as np
    import tensorflow as tf

    from tfticket import _keras, _optimizers, callbacks, schedules

    warnings.simplefilter("ignore")
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
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
    for number in range(updates):
        sys.stdin.readline()
        noise = rng.standard_normal(kernel.shape, dtype=np.float32)
        kernel.assign_add(1e-5 * noise * pruning.masks[next(iter(pruning.masks))])
        steps.assign_add(1)
        before = time.process_time()
        pruning.on_train_batch_end(number)
        print("took", time.process_time() - before, flush=True)


def ask(process: subprocess.Popen) -> float:
    process.stdin.write("\n")
    process.stdin.flush()
    while not (line := process.stdout.readline()).startswith("took"):
        if process.poll() is not None:
            raise RuntimeError("a version ended before its last update")
    return float(line.split()[1])


def started(folder: Path, *settings: object) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, __file__, "--answer", *map(str, settings)],
        env={**os.environ, "PYTHONPATH": str(folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def measured(size: int, keras: str, before: Path, updates: int) -> dict:
    from benchmarks.masked_step import pairs

    both = [started(folder, size, keras, updates) for folder in (before, ROOT)]
    times = [[ask(process) for process in both] for _ in range(updates)][10:]
    for process in both:
        process.communicate()
    old, new = map(list, zip(*times, strict=True))
    middle = len(new) // 2
    return {
        "pairs": len(new),
        **pairs.ratio(old, new),
        "milliseconds": round(sorted(new)[middle] * 1e3, 2),
        "milliseconds before": round(sorted(old)[middle] * 1e3, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--before", type=Path, help="a checkout of the version before")
    parser.add_argument("--updates", type=int, default=60)
    parser.add_argument("--answer", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.answer:
        size, keras, updates = args.answer
        answer(int(size), keras, int(updates))
        return
    sys.path.insert(0, str(ROOT))
    from benchmarks import records

    path = HERE / "updates.json"
    for size, keras in ((s, k) for s in SIZES for k in KERASES):
        row = measured(size, keras, args.before, args.updates)
        print(f"{size:.0e}, {keras}", row, flush=True)
        found = {**records.read(path, {}), f"{size:.0e}, {keras}": row}
        records.write(path, found, seeds=[0], data=[], resumes=True)


if __name__ == "__main__":
    main()
