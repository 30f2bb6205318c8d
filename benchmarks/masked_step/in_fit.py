"""What masks, and updates of masks, cost inside `fit`, beside the same `fit` without masks.

    python benchmarks/masked_step/in_fit.py --nets lenet_300_100 --keras keras

writes `in_fit.json` beside this file, network by network and Keras by Keras; those that are there
already are not measured again.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

import numpy as np

from benchmarks import records
from benchmarks.masked_step import pairs

HERE = Path(__file__).parent
#: Batch size, and steps in a block: one epoch of a `fit`.
NETS = {"lenet_300_100": (60, 200), "conv_431k": (64, 40)}
KERASES = ("keras", "tf_keras")


def compiled(net: str, keras: str):
    """The network with Adam, as every arm trains it."""
    from tfticket import _keras, zoo

    k = _keras.module(keras)
    model = zoo.get_model(net).build(keras=keras, seed=0, input_shape=(28, 28, 1))
    loss = k.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(k.optimizers.Adam(1e-3), loss, jit_compile=False)
    return model


def data(net: str, steps: int):
    """Random images and labels, so many batches of them, in memory."""
    import tensorflow as tf

    batch, rng = NETS[net][0], np.random.default_rng(0)
    x = rng.random((batch * steps, 28, 28, 1), dtype=np.float32)
    y = rng.integers(0, 10, batch * steps)
    return pairs.untuned(tf.data.Dataset.from_tensor_slices((x, y)).batch(batch).cache())


def with_one_pass(model):
    """Has every kernel's gradient multiplied by ones: the least that anything done to it takes."""
    import tensorflow as tf

    optimizer, name = model.optimizer, "apply" if hasattr(model.optimizer, "apply") else None
    kernels = [v for v in model.trainable_variables if len(v.shape) > 1]
    ones = {tuple(v.shape): tf.Variable(tf.ones(v.shape), trainable=False) for v in kernels}

    def multiplied(gradient):
        held = ones.get(tuple(gradient.shape))
        return gradient if held is None else gradient * held

    if name is None:  # tf_keras
        own = optimizer.apply_gradients
        vars(optimizer)["apply_gradients"] = lambda pairs, *args, **options: own(
            [(multiplied(g), v) for g, v in pairs], *args, **options
        )
    else:
        own = optimizer.apply
        vars(optimizer)["apply"] = lambda grads, *args: own([multiplied(g) for g in grads], *args)
    return model


def arms(net: str, keras: str, blocks: int, epochs: int = 1) -> dict:
    """One `fit` per arm: plain, with masks that stay, that move, and pruned ever more often.

    Args:
        net: one of `NETS`.
        keras: one of `KERASES`.
        blocks: how many blocks are to be run; schedules end with one more.
        epochs: of each `fit`, which takes further callbacks.
    """
    from tfticket import callbacks, masks, schedules, selection, weights

    steps = NETS[net][1]
    batches = data(net, steps)

    def fit(model, *found):
        return lambda *further: model.fit(
            batches, epochs=epochs, verbose=0, shuffle=False, callbacks=[*found, *further]
        )

    masked = compiled(net, keras)
    read = weights.read(masked)
    scores = {p: np.abs(w) for p, w in read.items()}
    ninety = selection.select(scores, masks.ones_like(read), 0.9, scope="layer")
    found = {
        "plain": fit(compiled(net, keras)),
        "plain again": fit(compiled(net, keras)),
        "plain, gradients multiplied by ones": fit(with_one_pass(compiled(net, keras))),
        "masked 90 %": fit(masked, callbacks.EnforceMasks(ninety)),
    }
    end = steps * (blocks + 1)
    moving = callbacks.DynamicSparse(0.9, frequency=100, end_step=end)
    found["RigL 90 %, frequency 100"] = fit(compiled(net, keras), moving)
    for frequency in (100, 10, 1):
        schedule = schedules.Linear(
            0.95, initial_sparsity=0.5, begin_step=0, end_step=end, frequency=frequency
        )
        pruning = callbacks.PruneOnSchedule(schedule, on_unreachable="warn")
        found[f"PruneOnSchedule, frequency {frequency}"] = fit(compiled(net, keras), pruning)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--blocks", type=int, default=40)
    parser.add_argument("--nets", nargs="*", choices=list(NETS), default=list(NETS))
    parser.add_argument("--keras", nargs="*", choices=KERASES, default=list(KERASES))
    args = parser.parse_args()
    pairs.quiet_threads()
    path = HERE / "in_fit.json"
    for net, keras in ((n, k) for n in args.nets for k in args.keras):
        name = f"{net}, {keras}"
        if name in records.read(path, {}):
            continue
        steps = NETS[net][1]
        fits = arms(net, keras, args.blocks, args.blocks + 1)
        times = pairs.in_step(fits, steps, args.blocks)
        row = {"pairs": args.blocks, "steps": steps, **pairs.ratios(times, "plain")}
        row["milliseconds of a plain step"] = round(
            sum(times["plain"]) / args.blocks / steps * 1e3, 2
        )
        print(name, json.dumps(row, indent=1), flush=True)
        found = {**records.read(path, {}), name: row}  # another process may have written since
        records.write(path, found, seeds=[0], data=[], resumes=True)


if __name__ == "__main__":
    main()
