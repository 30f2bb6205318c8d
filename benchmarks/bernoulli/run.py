"""Bernoulli supermasks on MNIST: rescaling, initialisers, and how the mask is evaluated.

LeNet-300-100 with frozen weights; logits from 0, SGD at learning rate 100 with momentum 0.9, as in
the paper, 9 170 steps of 60 (10 epochs), 3 replicates, 55 000 / 5 000 / 10 000 examples. Nothing is
chosen: each network is trained once and measured once on test, with its mask rounded and with five
masks sampled (mean).

    export TFDS_DATA_DIR=...  # a folder with MNIST, prepared
    python benchmarks/bernoulli/run.py

writes `results.json` beside this file, network by network, and goes on from there when started
again.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import warnings
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

from benchmarks import records

HERE = Path(__file__).parent
BATCH_SIZE, NUM_STEPS, NUM_SAMPLES = 60, 9_170, 5
INITIALIZERS = ("signed_kaiming_constant", "kaiming_normal")


def supermask(seed: int, keras: str, initializer: str, **settings):
    from tfticket import _keras, supermasks, zoo
    from tfticket.determinism import restart_names

    restart_names(keras)
    masker = supermasks.Bernoulli(seed=seed, **settings)
    plain = zoo.lenet_300_100(keras=keras, seed=seed)
    model = supermasks.convert(plain, masker=masker, initializer=initializer, seed=seed)
    k = _keras.module(keras)
    model.compile(
        k.optimizers.SGD(100.0, momentum=0.9),
        k.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[k.metrics.SparseCategoricalAccuracy(name="accuracy")],
        steps_per_execution=10,
        jit_compile=False,
    )
    return model


def carry_out(run: dict, keras: str) -> dict:
    from tfticket import zoo
    from tfticket.determinism import set_seeds

    seed, initializer, rescale = run["seed"], run["initializer"], run["rescale"]
    set_seeds(seed)
    data = zoo.load_data("mnist", seed=seed)
    model = supermask(seed, keras, initializer, rescale=rescale)
    stream = zoo.batches(data.train, batch_size=BATCH_SIZE, num_steps=NUM_STEPS, seed=seed)
    untrained = zoo.evaluate(model, data.test)["accuracy"]
    model.fit(stream, shuffle=False, verbose=0)
    rounded = zoo.evaluate(model, data.test)["accuracy"]
    sampling = supermask(seed, keras, initializer, rescale=rescale, evaluation="sampled")
    sampling.set_weights(model.get_weights())
    sampled = [zoo.evaluate(sampling, data.test)["accuracy"] for _ in range(NUM_SAMPLES)]
    masks = [layer.current_mask() for layer in model.layers if hasattr(layer, "current_mask")]
    return {
        **run,
        "untrained": round(100 * untrained, 2),
        "rounded": round(100 * rounded, 2),
        "sampled": [round(100 * s, 2) for s in sampled],
        "density_rounded": sum(int(m.sum()) for m in masks) / sum(m.size for m in masks),
    }


def table(runs: list[dict]) -> str:
    lines = [
        "| weights | rescaled | test accuracy, rounded | sampled | density, rounded |",
        "|---|---|---|---|---|",
    ]
    for initializer in INITIALIZERS:
        for rescale in (True, False):
            own = [r for r in runs if (r["initializer"], r["rescale"]) == (initializer, rescale)]
            cells = [
                mean_and_deviation([r["rounded"] for r in own]),
                mean_and_deviation([statistics.fmean(r["sampled"]) for r in own]),
                f"{statistics.fmean(r['density_rounded'] for r in own):.3f}",
            ]
            name = initializer.replace("_", " ")
            lines.append(f"| {name} | {'yes' if rescale else 'no'} | {' | '.join(cells)} |")
    return "\n".join(lines)


def mean_and_deviation(values: list[float]) -> str:
    spread = f" ± {statistics.stdev(values):.2f}" if len(values) > 1 else ""
    return f"{statistics.fmean(values):.2f}{spread}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replicates", type=int, default=3)
    parser.add_argument("--keras", choices=["keras", "tf_keras"], default="keras")
    parser.add_argument("--out", type=Path, default=HERE, help="folder for results")
    args = parser.parse_args()
    import tensorflow as tf

    warnings.simplefilter("ignore")
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    path = args.out / "results.json"
    runs = records.read(path, {"runs": []})["runs"]
    planned = [
        {"seed": seed, "initializer": initializer, "rescale": rescale}
        for seed in range(args.replicates)
        for initializer in INITIALIZERS
        for rescale in (True, False)
    ]
    for run in planned:
        if not any(all(r[k] == v for k, v in run.items()) for r in runs):
            runs.append(carry_out(run, args.keras))
            records.write(
                path,
                {"keras": args.keras, "runs": runs},
                seeds=range(args.replicates),
                data=[records.zoo("mnist")],
                resumes=True,
            )
            print(json.dumps(runs[-1]), flush=True)
    print(table(runs))


if __name__ == "__main__":
    main()
