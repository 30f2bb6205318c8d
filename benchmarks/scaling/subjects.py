"""What `run.py` measures, each in a process of its own: it prints what it found as JSON.

Times are CPU seconds on one thread, the least of several goes. Memory is what the process grows by
at its peak, in multiples of the bytes of the weights, in the first go on a model, after one on a
small model has loaded what is loaded once.
"""

from __future__ import annotations

import gc
import json
import resource
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from benchmarks.memory import peak
from tfticket import masks, pruning, schedules, selection, slimming, weights
from tfticket.experiments.runner import run
from tfticket.experiments.spec import Spec
from tfticket.scores import Evidence

SPARSITY = 0.9
_SMALL = 10**5


def dense_stack(num_weights: int, depth: int) -> Any:
    """So many Dense layers of one width, which have that many weights in all."""
    width, layers = round((num_weights / depth) ** 0.5), keras.layers
    inputs = x = layers.Input((width,))
    for number in range(depth):
        x = layers.Dense(width, use_bias=False, name=f"dense_{number}")(x)
    return keras.Model(inputs, x)


def conv_stack(num_weights: int, depth: int) -> Any:
    """So many 3 x 3 convolutions of one width, each with BatchNormalization and ReLU."""
    width, layers = round((num_weights / depth / 9) ** 0.5), keras.layers
    inputs = x = layers.Input((8, 8, width))
    for number in range(depth):
        x = layers.Conv2D(width, 3, padding="same", use_bias=False, name=f"conv_{number}")(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(10, name="output")(x))


def least(work: Callable[[], object], goes: int = 3) -> float:
    """CPU seconds of the fastest go."""
    found = []
    for _ in range(goes):
        gc.collect()
        before = time.process_time()
        work()
        found.append(time.process_time() - before)
    return min(found)


def global_prune(num_weights: int, depth: int) -> dict:
    """Magnitude over all layers together, beside one `np.partition` of as many numbers."""
    model = dense_stack(num_weights, depth)
    own, partition = _partition(weights.read(model))

    def prune(model: Any = model) -> object:
        schedule = schedules.OneShot(SPARSITY)
        return pruning.prune(model, schedule=schedule, scope="global")

    prune(dense_stack(_SMALL, depth))
    memory = round(peak(prune) / own, 2)
    return {"seconds": least(prune), "partition": partition, "memory": memory}


def _partition(read: Mapping[str, np.ndarray]) -> tuple[int, float]:
    """The bytes of weights, and the seconds that a partition of all of them takes."""
    everything = np.concatenate([np.abs(w).reshape(-1) for w in read.values()])
    cut = round(SPARSITY * everything.size)
    return everything.nbytes, least(lambda: np.partition(everything, cut))


def channels(num_weights: int, depth: int) -> dict:
    """Half of the channels by L1 norm over all layers: which ones, and the smaller network."""
    model = conv_stack(num_weights, depth)
    own = 4 * sum(w.size for w in weights.read(model).values())
    evidence = Evidence({}, seed=0)
    found: dict[str, Any] = {}

    def choose() -> None:
        found["masks"] = slimming.channel_masks(
            model, 0.5, score="l1", evidence=evidence, scope="layer"
        )

    def shrink() -> object:
        return slimming.shrink(model, found["masks"])

    choose()
    memory = round(peak(shrink) / own, 2)
    return {"choose": least(choose), "shrink": least(shrink, 2), "memory": memory}


def synflow(num_weights: int, depth: int, rounds: int = 5) -> dict:
    """SynFlow's rounds: the first search on a model, which traces, and a second one."""
    model = dense_stack(num_weights, depth)
    own = 4 * sum(w.size for w in weights.read(model).values())

    def prune(model: Any = model) -> object:
        return pruning.prune(
            model,
            score="synflow",
            schedule=schedules.Exponential(SPARSITY),
            scope="global",
            rounds=rounds,
        )

    prune(dense_stack(_SMALL, depth))
    found: dict[str, float] = {}

    def timed() -> None:
        found["first"] = least(prune, 1)

    memory = round(peak(timed) / own, 2)
    return {**found, "second": least(prune, 2), "memory": memory}


def update(num_weights: int, depth: int) -> dict:
    """Selecting anew from 80 to 90 %, as an update does that finds no bound to go on from."""
    model = dense_stack(num_weights, depth)
    score = {p: np.abs(w) for p, w in weights.read(model).items()}
    kept = selection.select(score, masks.ones_like(score), 0.8, scope="layer")

    def select() -> object:
        return selection.select(score, kept, SPARSITY, scope="layer")

    select()
    return {"seconds": least(select)}


def run_of(rounds: int, replicates: int) -> dict:
    """A whole run of lottery tickets on digits, 200 steps a training, without files."""
    import tempfile

    spec = Spec(
        model="lenet_300_100",
        data="digits",
        recipe="lottery_ticket",
        num_steps=200,
        rounds=rounds,
        replicates=replicates,
        export=[],
    )
    with tempfile.TemporaryDirectory() as folder:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
        run(spec, Path(folder) / "run")
        seconds = resource.getrusage(resource.RUSAGE_SELF).ru_utime - before
    return {"seconds": seconds, "trainings": replicates * (rounds + 1)}


WORKS = {f.__name__: f for f in (global_prune, channels, synflow, update, run_of)}


def measure(name: str, numbers: Iterable[int]) -> None:
    """Prints what a work found as JSON."""
    warnings.simplefilter("ignore")
    sys.setrecursionlimit(100_000)  # Keras follows a model's layers by recursion
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    found = WORKS[name](*numbers)
    print(json.dumps({k: round(v, 4) if isinstance(v, float) else v for k, v in found.items()}))
