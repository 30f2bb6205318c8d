"""`tt.compress` at one percentage point, beside what everybody does.

    python benchmarks/compress/run.py --out runs/compress [--networks plain --seeds 0]
        [--kinds greedy uniform]

Each network of `networks.py` is trained; then, at a drop of at most one point on validation data,
the smallest and the fastest file are searched for, with channels shared out by greedy steps, as
`tt.compress` has it, or uniformly. Beside them: the dense float32 file, its
post-training int8 twin, and tfmot's polynomial decay to 80 % of the weights, trained as long as one
candidate, through TensorFlow's converter. Test data are looked at once, for these files, and all
of them are timed in turn in one process: batch 1, one thread. Started again it goes on, and what is
in `results.json` is not run again. Writes the table in README.md.
"""

from __future__ import annotations

import itertools
import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

import numpy as np
import tensorflow as tf
import tensorflow_model_optimization as tfmot
import tf_keras
from networks import NETWORKS
from rows import every_cell, mean, row, write_table
from trainings import compiled, stream, trained

import tfticket as tt
from tfticket import zoo
from tfticket.tables import markdown

HERE = Path(__file__).parent
MAX_DROP, SPARSITY, TRAININGS = 0.01, 0.8, 8
#: Of trainings after the first, by cosine to zero.
RATE = 1e-3
ARMS = ("dense", "int8", "tfmot", "smallest", "fastest")
ALLOCATIONS = ("greedy", "uniform")
HEADER = (
    *("network", "file", "test accuracy, %", "points lost in validation", "bytes", "gzip"),
    *("ms", "speed", "what it is"),
)


def by_tfmot(model: Any, data: Any, num_steps: int, seed: int, path: Path) -> None:
    """Prunes a copy as tfmot's guide does, and converts it."""
    copy = tf_keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    schedule = tfmot.sparsity.keras.PolynomialDecay(0.0, SPARSITY, 0, int(0.6 * num_steps))
    pruned = tfmot.sparsity.keras.prune_low_magnitude(copy, pruning_schedule=schedule)
    compiled(pruned, falling(num_steps))
    update = tfmot.sparsity.keras.UpdatePruningStep()
    pruned.fit(stream(data, num_steps, seed), verbose=0, shuffle=False, callbacks=[update])
    stripped = tfmot.sparsity.keras.strip_pruning(pruned)
    path.write_bytes(tf.lite.TFLiteConverter.from_keras_model(stripped).convert())


def falling(num_steps: int) -> Any:
    """The learning rate of a training after the first."""
    return tf_keras.optimizers.schedules.CosineDecay(RATE, num_steps)


def cell(name: str, seed: int, out: Path, allocation: str) -> dict[str, Any]:
    """One network and seed: every arm's file, its size, its time and its accuracy."""
    source, num_more = NETWORKS[name][1], NETWORKS[name][3]
    data = zoo.load_data(source)
    model = trained(name, data, seed, out)
    compiled(model, falling(num_more))
    folder, begun = out / f"{name}-{seed}-{allocation}", time.process_time()
    validation = data.validation.x, data.validation.y
    found = {}
    for goal in ("bytes", "latency"):
        found[goal] = tt.compress(
            model,
            lambda network: network.fit(stream(data, num_more, seed + 1), verbose=0, shuffle=False),
            validation=validation,
            budget=tt.Budget(max_drop=MAX_DROP, goal=goal),
            out=folder,
            max_trainings=TRAININGS,
            allocation=allocation,
            on_event=lambda *event: print(name, seed, allocation, *event, flush=True),
        )
    seconds = time.process_time() - begun
    by_tfmot(model, data, num_more, seed + 1, folder / "tfmot.tflite")
    dense = {c.weights: c for c in found["bytes"].candidates if c.treatment.is_dense}
    paths = {
        "dense": dense["float32"].path,
        "int8": dense["int8"].path,
        "tfmot": str(folder / "tfmot.tflite"),
        "smallest": found["bytes"].best.path,
        "fastest": found["latency"].best.path,
    }
    times = tt.litert.latency([paths[arm] for arm in ARMS], num_rounds=100).files
    arms = {arm: row(paths[arm], data, t) for arm, t in zip(ARMS, times, strict=True)}
    for arm, goal in (("smallest", "bytes"), ("fastest", "latency")):
        best = found[goal].best
        arms[arm] |= {"name": best.name, "drop": best.drop, "is_met": found[goal].is_met}
    arms["int8"]["drop"] = dense["int8"].drop
    return {"model": found["bytes"].dense, "arms": arms, "cpu_seconds": round(seconds, 1)}


def main() -> None:
    found = every_cell(__doc__.splitlines()[0], HERE / "results.json", cell, ALLOCATIONS)
    write_table(HERE / "README.md", "budget", table(found))


def table(found: dict[str, Any]) -> str:
    """Renders the means over seeds, a row an arm; of uniform allocations what differs alone."""
    lines = []
    for name, allocation in itertools.product(NETWORKS, ALLOCATIONS):
        cells = [v for k, v in found.items() if k.split("-")[::2] == [name, allocation]]
        is_usual = allocation == ALLOCATIONS[0]
        for arm in (ARMS if is_usual else ARMS[3:]) if cells else ():
            own = [c["arms"][arm] for c in cells]
            lines.append(
                [
                    f"{name}, {len(cells)} seed{'s' * (len(cells) > 1)}",
                    arm if is_usual else f"{arm}, {allocation}",
                    mean(100 * r["test"] for r in own),
                    mean(100 * r["drop"] for r in own) if "drop" in own[0] else "",
                    f"{np.mean([r['bytes'] for r in own]):,.0f}",
                    f"{np.mean([r['gzip'] for r in own]):,.0f}",
                    f"{np.mean([r['ms'][1] for r in own]):.4f}",
                    mean(r["speed"] for r in own),
                    "; ".join(dict.fromkeys(r["name"] for r in own if "name" in r)),
                ]
            )
    return markdown(HEADER, lines)


if __name__ == "__main__":
    main()
