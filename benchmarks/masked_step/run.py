"""What masks cost while training: `fit` steps, mask updates and memory; plain Keras, ours, tfmot.

Every ratio is the median over interleaved pairs of short blocks in one process, in user-CPU time
on one thread, so that a drifting or shared machine touches both sides alike.

    python benchmarks/masked_step/run.py

writes `results.json` beside this file, part by part, and goes on from there when started
again; delete it to measure anew.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import sys
import tracemalloc
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

import numpy as np

from benchmarks import records

HERE = Path(__file__).parent
#: Batch size, and how many times fewer steps a block has than for the smallest net.
NETS = {"lenet_300_100": (60, 1), "conv_431k": (64, 5), "conv_4": (60, 20)}
SHAPES = {"conv_4": (32, 32, 3)}


def user_time(work) -> float:
    """User-CPU seconds of a call; `os.times` counts in hundredths, this in microseconds."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    work()
    return resource.getrusage(resource.RUSAGE_SELF).ru_utime - before


def interleaved(arms: dict, blocks: int) -> dict[str, list[float]]:
    """Times of every arm, block by block in turn, after one block each to warm up."""
    for work in arms.values():
        work()
    times = {name: [] for name in arms}
    for _ in range(blocks):
        for name, work in arms.items():
            times[name].append(user_time(work))
    return times


def ratios(times: dict[str, list[float]], base: str) -> dict[str, dict[str, float]]:
    found = {}
    for name, own in times.items():
        pairs = sorted(a / b for a, b in zip(own, times[base], strict=True))
        found[name] = {
            "ratio": round(statistics.median(pairs), 3),
            "p10": round(pairs[len(pairs) // 10], 3),
            "p90": round(pairs[-1 - len(pairs) // 10], 3),
        }
    return found


def step_arms(keras: str, net: str, steps: int, blocks: int) -> dict:
    """One `fit` of so many steps per arm: plain, masked, pruned on a schedule, tfmot."""
    import tensorflow as tf

    from tfticket import callbacks, masks, schedules, selection, weights, zoo

    entry, batch = zoo.get_model(net), NETS[net][0]
    shape = SHAPES.get(net, (28, 28, 1))
    rng = np.random.default_rng(0)
    x = rng.random((batch * steps, *shape), dtype=np.float32)
    y = rng.integers(0, 10, batch * steps)
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(batch).cache()
    total = steps * (blocks + 2)

    def compiled():
        # Adam for every net: the costlier optimizer, and the one tfmot's guides use
        model = entry.build(keras=keras, seed=0, input_shape=shape)
        compile_(model, keras)
        return model

    def fit(model, callback=None):
        found = [] if callback is None else [callback]
        return lambda: model.fit(data, epochs=1, verbose=0, shuffle=False, callbacks=found)

    def ninety(model):
        read = weights.read(model)
        scores = {p: np.abs(w) for p, w in read.items()}
        return selection.select(scores, masks.ones_like(read), 0.9, scope="layer")

    def scheduled(frequency):
        schedule = schedules.Linear(
            0.95, initial_sparsity=0.5, begin_step=0, end_step=total, frequency=frequency
        )
        return callbacks.PruneOnSchedule(schedule, on_unreachable="warn")

    plain, masked = compiled(), compiled()
    arms = {"plain": fit(plain), "masked 90 %": fit(masked, callbacks.EnforceMasks(ninety(masked)))}
    masked = compiled()
    arms["masked 90 %, a byte each"] = in_bytes(fit(masked, callbacks.EnforceMasks(ninety(masked))))
    for frequency in (100, 10, 1):
        arms[f"PruneOnSchedule, frequency {frequency}"] = fit(compiled(), scheduled(frequency))
    if keras == "tf_keras":
        for frequency in (100, 1):
            arms[f"tfmot, frequency {frequency}"] = tfmot_fit(compiled(), fit, frequency, total)
    return arms


def in_bytes(block):
    """Runs a block once, so that its masks come into force as those of large weights do."""
    from tfticket.enforcement import pruned_weight

    pruned_weight._MAX_NUMBERS, usual = 0, pruned_weight._MAX_NUMBERS
    try:
        block()
    finally:
        pruned_weight._MAX_NUMBERS = usual
    return block


def compile_(model, keras: str) -> None:
    from tfticket import _keras

    k = _keras.module(keras)
    loss = k.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(k.optimizers.Adam(1e-3), loss, jit_compile=False)


def tfmot_fit(model, fit, frequency: int, total: int):
    from tfticket._tfmot import tfmot

    sparsity = tfmot().sparsity.keras
    schedule = sparsity.PolynomialDecay(0.5, 0.95, 0, total, power=1, frequency=frequency)
    wrapped = sparsity.prune_low_magnitude(model, pruning_schedule=schedule)
    compile_(wrapped, "tf_keras")
    return fit(wrapped, sparsity.UpdatePruningStep())


def update_arms(size: int) -> dict:
    """One mask update of so many weights: ours, from dense and at 80 %, and tfmot's."""
    import tensorflow as tf

    from tfticket import _keras, masks, selection
    from tfticket._tfmot import tfmot

    tfmot()
    from tensorflow_model_optimization.python.core.sparsity.keras import pruning_impl

    rng = np.random.default_rng(0)
    variable = tf.Variable(rng.standard_normal((size // 100, 100), dtype=np.float32))
    dense = masks.ones_like({"kernel": variable})
    first = selection.select({"kernel": np.abs(variable.numpy())}, dense, 0.8)

    def ours(start, sparsity):
        def update():
            scores = {"kernel": np.abs(_keras.view(variable))}
            return selection.select(scores, start, sparsity)

        return update

    schedule = tfmot().sparsity.keras.ConstantSparsity(0.9, 0, -1, 1)
    theirs = pruning_impl.Pruning(lambda: 1, [], schedule, (1, 1), "AVG")
    traced = tf.function(lambda: theirs._update_mask(variable))
    return {"tfmot": traced, "from dense": ours(dense, 0.9), "from 80 %": ours(first, 0.9)}


def memory(size: int) -> dict:
    """Bits per weight: masks at rest, in training, on disk; and the peak of one update."""
    from tfticket import masks, selection

    weights = {"kernel": np.random.default_rng(0).standard_normal(size, dtype=np.float32)}
    scores = {"kernel": np.abs(weights["kernel"])}
    dense = masks.ones_like(weights)
    tracemalloc.start()
    selection.select(scores, dense, 0.9)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return {
        "weights": size,
        "in memory": 8 * dense["kernel"].nbytes / size,
        "in training": {f"{n:.0e}": bits_in_training(n) for n in (10**6, 10**7)},
        "on disk": 8 * masks.pack(dense)["kernel"].nbytes / size,
        "tfmot in training": 32,
        "peak of one update": round(8 * peak / size, 1),
    }


def bits_in_training(size: int) -> float:
    """Bits per weight of the mask that one kernel of so many weights is trained with."""
    import keras

    from tfticket import _keras, enforce, masks, weights

    dense = keras.layers.Dense(1_000, use_bias=False, name="dense")
    model = keras.Sequential([keras.layers.Input((size // 1_000,)), dense])
    with enforce(model, masks.ones_like(weights.read(model))):
        held = _keras.native(dense.kernel), dense.kernel.constraint.pruned_weight
        return 8 * held[1].num_bytes / int(np.prod(held[0].shape))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--blocks", type=int, default=9)
    parser.add_argument("--steps", type=int, default=400, help="steps per block")
    parser.add_argument("--nets", nargs="*", choices=list(NETS), default=list(NETS))
    args = parser.parse_args()
    import warnings

    import tensorflow as tf

    warnings.simplefilter("ignore")
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    path = HERE / "results.json"
    settings = {"blocks": args.blocks, "steps_per_block": args.steps, "threads": 1}
    found = records.read(path, settings)
    for net, keras in ((n, k) for n in args.nets for k in ("keras", "tf_keras")):
        row = found.setdefault("step", {}).setdefault(net, {})
        if keras not in row:
            steps = args.steps // NETS[net][1]
            times = interleaved(step_arms(keras, net, steps, args.blocks), args.blocks)
            row[keras] = ratios(times, "plain")
            print(net, keras, json.dumps(row[keras], indent=1), flush=True)
            records.write(path, found, seeds=[0], data=[], resumes=True)
    for size in (10**5, 10**6, 10**7):
        row = found.setdefault("update", {})
        if f"{size:.0e}" not in row:
            row[f"{size:.0e}"] = update(size, args.blocks)
            print(f"{size:.0e}", row[f"{size:.0e}"], flush=True)
            records.write(path, found, seeds=[0], data=[], resumes=True)
    found["memory_bits_per_weight"] = memory(10**7)
    print(found["memory_bits_per_weight"])
    records.write(path, found, seeds=[0], data=[], resumes=True)


def update(size: int, blocks: int) -> dict:
    """How many times faster our mask update is than tfmot's."""
    repeat = max(1, 10**6 // size)
    arms = {n: _repeated(work, repeat) for n, work in update_arms(size).items()}
    inverse = ratios(interleaved(arms, 5 if size == 10**7 else blocks), "tfmot")
    return {n: round(1 / r["ratio"], 1) for n, r in inverse.items() if n != "tfmot"}


def _repeated(work, times: int):
    def run():
        for _ in range(times):
            work()

    return run


if __name__ == "__main__":
    main()
