"""Edge-popup's training step by what it ranks: each layer, all layers, a density that moves.

    python benchmarks/against_pytorch/rankings.py

The network, batches and optimizer of `edge_popup.py`, on one thread, all fits in step with a plain
one. Writes `rankings.json` beside this file, Keras by Keras.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

import edge_popup

from benchmarks import records
from benchmarks.masked_step import pairs

HERE = Path(__file__).parent
KERASES = ("keras", "tf_keras")
STEPS = 20
NAMES = ("plain", "by layer", "global", "global, scheduled", "by layer, scheduled")


def arms(keras: str, blocks: int) -> dict:
    """One `fit` per way of ranking, half of the weights kept in the end."""
    import tensorflow as tf

    from tfticket import _keras, callbacks, schedules, supermasks, zoo

    k = _keras.module(keras)
    examples = edge_popup.examples(edge_popup.BATCH * STEPS)
    batches = tf.data.Dataset.from_tensor_slices(examples).batch(edge_popup.BATCH)
    batches = pairs.untuned(batches.cache())
    end = STEPS * (blocks + 1)

    def fit(name: str):
        model = zoo.get_model("conv_1200k").build(keras=keras, seed=0)
        follow = []
        if name != "plain":
            density = edge_popup.DENSITY
            if "scheduled" in name:
                density = schedules.Linear(0.5, begin_step=0, end_step=end, frequency=10)
                follow = [callbacks.FollowDensity()]
            scope = "global" if "global" in name else "layer"
            masker = supermasks.EdgePopup(density, scope=scope)
            model = supermasks.convert(model, masker=masker)
        loss = k.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(k.optimizers.SGD(0.01, 0.9, weight_decay=5e-4), loss, jit_compile=False)
        return lambda turns: model.fit(
            batches, epochs=blocks + 1, verbose=0, shuffle=False, callbacks=[*follow, turns]
        )

    return {name: fit(name) for name in NAMES}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--blocks", type=int, default=40)
    args = parser.parse_args()
    pairs.quiet_threads()
    path = HERE / "rankings.json"
    for keras in KERASES:
        if keras in records.read(path, {}):
            continue
        times = pairs.in_step(arms(keras, args.blocks), STEPS, args.blocks)
        row = {"pairs": args.blocks, "over a plain step": pairs.ratios(times, "plain")}
        row["over a step by layer"] = pairs.ratios(times, "by layer")
        print(keras, json.dumps(row, indent=1), flush=True)
        records.write(
            path, {**records.read(path, {}), keras: row}, seeds=[0], data=[], resumes=True
        )


if __name__ == "__main__":
    main()
