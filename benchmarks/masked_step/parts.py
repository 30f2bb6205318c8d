"""Where the time of a mask update inside `fit` goes, part by part.

    python benchmarks/masked_step/parts.py

LeNet-300-100 is pruned at every step; medians over 400 updates, CPU time on one thread. The least
there is for every part is measured in the same process: an empty call into TensorFlow, and one
pass of NumPy over the largest kernel. Writes `parts.json` beside this file.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

import numpy as np

from benchmarks import records
from benchmarks.masked_step import pairs
from benchmarks.masked_step.in_fit import KERASES, compiled, data

HERE = Path(__file__).parent
NET, STEPS = "lenet_300_100", 400


def timed(times: dict[str, list[float]], name: str, holder: Any, method: str) -> None:
    """Has every call of a function noted under a name."""
    own = getattr(holder, method)

    def call(*args: Any, **options: Any) -> Any:
        before = time.perf_counter()
        result = own(*args, **options)
        times.setdefault(name, []).append(time.perf_counter() - before)
        return result

    setattr(holder, method, call)


def measured(keras: str) -> dict[str, float]:
    from tfticket import _keras, callbacks, schedules
    from tfticket.enforcement import enforcement
    from tfticket.selection import shrinking

    batches, model = data(NET, STEPS), compiled(NET, keras)
    schedule = schedules.Linear(
        0.95, initial_sparsity=0.5, begin_step=0, end_step=100 * STEPS, frequency=1
    )
    pruning = callbacks.PruneOnSchedule(schedule, on_unreachable="warn")

    def fit() -> object:
        return model.fit(batches, epochs=1, verbose=0, shuffle=False, callbacks=[pruning])

    fit()
    times: dict[str, list[float]] = {}
    timed(times, "all", pruning, "on_train_batch_end")
    timed(times, "reading variables", _keras, "view")
    timed(times, "searching", shrinking, "lowest_places")
    timed(times, "new masks", enforcement, "after_moves")
    timed(times, "writing", pruning._enforcement._holding, "put")
    before = time.process_time()
    fit()
    found = {n: round(sum(t) / STEPS * 1e6) for n, t in times.items()}
    found["step with its update"] = round((time.process_time() - before) / STEPS * 1e6)
    kernel = _keras.view(model.trainable_variables[0])
    return {**found, **least(kernel)}


def least(kernel: np.ndarray) -> dict[str, float]:
    """Microseconds of one call into TensorFlow, and of one pass over a kernel, after a pause."""
    import tensorflow as tf

    elsewhere, variable = np.zeros(4_000_000, np.float32), tf.Variable(0.0)

    def median(work: Callable[[], object]) -> float:
        found = []
        for _ in range(200):
            elsewhere[:] = 0  # as a step does: what was at hand is at hand no longer
            before = time.perf_counter()
            work()
            found.append(time.perf_counter() - before)
        return round(statistics.median(found) * 1e6)

    return {
        "least: a call into TensorFlow": median(variable.read_value),
        "least: a pass over the first kernel": median(lambda: np.abs(kernel).max()),
    }


def main() -> None:
    pairs.quiet_threads()
    found = {}
    for keras in KERASES:
        found[f"{keras}, microseconds"] = measured(keras)
        print(keras, json.dumps(found[f"{keras}, microseconds"], indent=1), flush=True)
    records.write(HERE / "parts.json", found, seeds=[0], data=[])


if __name__ == "__main__":
    main()
