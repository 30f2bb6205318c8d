"""Edge-popup on MNIST: masks over weights that are never trained, beside training the weights.

The 1 199 648-weight convolutional network, batches of 64, SGD with momentum 0.9, weight decay 5e-4
(as an L2 penalty of what is trained), learning rate 0.01 falling to 0 as a cosine, step by step;
all 60 000 train examples, as published. Parts, each measured on test at the end of every epoch,
nothing chosen:

    masks    half of the Kaiming-normal weights kept, 20 epochs, 3 replicates
    short    the mask again, and the weights instead of it, 3 epochs each, 1 replicate
    sweep    densities 0.02 to 0.98, Kaiming normal and signed constant, 0.3 epochs, 1 replicate

    export TFDS_DATA_DIR=...  # a folder with MNIST, prepared
    python benchmarks/edge_popup/run.py

writes `results.json`, run by run, and `accuracy_against_density.png`, `scores_and_masks.png`
beside this file, and goes on from there when started again.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
import warnings
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

import numpy as np

from benchmarks import records

HERE = Path(__file__).parent
DATA = records.dataset("mnist", "60 000 train / 10 000 test examples")
BATCH_SIZE, DECAY, SHORT = 64, 5e-4, 3
DENSITIES = (0.02, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 0.98)
INITIALIZERS = ("kaiming_normal", "signed_kaiming_constant")


def planned(epochs: int, replicates: int) -> list[dict]:
    half = {"what": "masks", "density": 0.5, "initializer": "kaiming_normal"}
    runs = [{**half, "seed": seed, "epochs": epochs} for seed in range(replicates)]
    short = {**half, "seed": 0, "epochs": SHORT}
    runs += [{**short, "what": "short"}, {**short, "what": "short, weights", "density": 1.0}]
    runs += [
        {"what": "sweep", "density": d, "initializer": i, "seed": 0, "epochs": 0.3}
        for d in DENSITIES
        for i in INITIALIZERS
    ]
    return runs


def network(run: dict, keras: str):
    """The supermask model of a run, or the plain one with the same initial weights."""
    from tfticket import _keras, supermasks, zoo
    from tfticket.determinism import restart_names, set_seeds

    set_seeds(run["seed"])
    restart_names(keras)
    plain = zoo.get_model("conv_1200k").build(keras=keras, seed=run["seed"])
    penalty = _keras.module(keras).regularizers.L2(DECAY / 2)  # its gradient is DECAY * s
    if "weights" not in run["what"]:
        return supermasks.convert(
            plain,
            masker=supermasks.EdgePopup(run["density"]),
            initializer=run["initializer"],
            scores_regularizer=penalty,
            seed=run["seed"],
        )
    layers = _keras.module(keras).models

    def penalised(layer):
        config = layer.get_config()
        if "kernel_regularizer" in config:
            config["kernel_regularizer"] = penalty
        return type(layer).from_config(config)

    made = layers.clone_model(plain, clone_function=penalised)
    made.set_weights(plain.get_weights())
    return made


def compiled(model, keras: str, steps: int):
    from tfticket import _keras

    k = _keras.module(keras)
    rate = k.optimizers.schedules.CosineDecay(0.01, steps)
    loss = k.losses.SparseCategoricalCrossentropy(from_logits=True)
    accuracy = k.metrics.SparseCategoricalAccuracy(name="accuracy")
    model.compile(k.optimizers.SGD(rate, momentum=0.9), loss, metrics=[accuracy], jit_compile=False)
    return model


def carry_out(run: dict, keras: str) -> tuple[dict, object]:
    from tfticket import _keras, callbacks, zoo

    data = zoo.load_data("mnist", seed=run["seed"])
    everything = zoo.Split(*map(np.concatenate, zip(*_arrays(data), strict=True)))
    epochs = math.ceil(run["epochs"])
    steps = round(len(everything) / BATCH_SIZE * run["epochs"])
    per_epoch = math.ceil(steps / epochs)
    steps = per_epoch * epochs
    model = compiled(network(run, keras), keras, steps)
    stream = zoo.batches(everything, batch_size=BATCH_SIZE, num_steps=steps, seed=run["seed"])
    test: list[float] = []
    begin = time.process_time()

    def measure(epoch, logs):
        nonlocal begin
        spent.append(time.process_time() - begin)
        test.append(100 * zoo.evaluate(model, data.test)["accuracy"])
        begin = time.process_time()

    spent: list[float] = []
    followed = [_keras.module(keras).callbacks.LambdaCallback(on_epoch_end=measure)]
    if "weights" not in run["what"]:
        followed.append(callbacks.SupermaskLog())
    history = model.fit(
        stream,
        epochs=epochs,
        steps_per_epoch=per_epoch,
        shuffle=False,
        verbose=0,
        callbacks=followed,
    ).history
    found = {
        **run,
        "test_accuracy": [round(t, 2) for t in test],
        "cpu_seconds_of_training": round(sum(spent), 1),
        "density_reached": history.get("density", [1.0])[-1],
        "mask_change": [round(c, 4) for c in history.get("mask_change", [])],
    }
    return found, model


def _arrays(data) -> list[tuple[np.ndarray, np.ndarray]]:
    """Train and validation: the published runs train on both, and nothing is chosen here."""
    return [(split.x, split.y) for split in (data.train, data.validation)]


def picture(model, path: Path) -> None:
    """Histograms of a trained model's scores, and the masked weights of its first layer."""
    from matplotlib.figure import Figure

    from tfticket import _keras

    layers = [layer for layer in model.layers if hasattr(layer, "scores")]
    figure = Figure(figsize=(2.6 * (len(layers) + 1.4), 2.8), layout="constrained")
    axes = figure.subplots(1, len(layers) + 1, width_ratios=[1] * len(layers) + [1.4])
    for axis, layer in zip(axes, layers, strict=False):
        scores, kept = _keras.to_numpy(layer.scores), layer.current_mask() != 0
        edges = np.linspace(-abs(scores).max(), abs(scores).max(), 61)
        axis.hist([scores[kept], scores[~kept]], edges, stacked=True, label=["kept", "masked"])
        axis.set(title=f"{layer.name}: scores", yticks=[])
    axes[0].legend(fontsize=7)
    kernel = np.asarray(layers[0].masked_kernel())[:, :, 0]
    tiles = np.full((4 * 4 - 1, 8 * 4 - 1), np.nan)
    for i in range(32):
        row, column = divmod(i, 8)
        tiles[4 * row : 4 * row + 3, 4 * column : 4 * column + 3] = kernel[:, :, i]
    largest = np.nanmax(np.abs(tiles))
    axes[-1].imshow(tiles, cmap="RdBu", vmin=-largest, vmax=largest)
    axes[-1].set(title=f"{layers[0].name}: masked kernel", xticks=[], yticks=[])
    figure.savefig(path, dpi=120)


def plot(runs: list[dict], path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.5, 3.6), layout="constrained")
    axis = figure.subplots()
    for name in INITIALIZERS:
        own = [r for r in runs if r["what"] == "sweep" and r["initializer"] == name]
        own.sort(key=lambda r: r["density"])
        x, y = [r["density"] for r in own], [r["test_accuracy"][-1] for r in own]
        axis.plot(x, y, marker="o", ms=3, label=name.replace("_", " "))
    axis.set(xlabel="density", ylabel="test accuracy (%)", title="edge-popup, MNIST, 0.3 epochs")
    axis.legend()
    figure.savefig(path, dpi=120)


def table(runs: list[dict]) -> str:
    lines = ["| | epoch 1 | last epoch | CPU seconds of training |", "|---|---|---|---|"]
    for run in runs:
        name = f"{run['what']}, density {run['density']:g}, {run['initializer']}, {run['seed']}"
        first, last = run["test_accuracy"][0], run["test_accuracy"][-1]
        lines.append(f"| {name} | {first:.2f} | {last:.2f} | {run['cpu_seconds_of_training']} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--replicates", type=int, default=3)
    parser.add_argument("--parts", nargs="*", default=["masks", "short", "sweep"])
    parser.add_argument("--keras", choices=["keras", "tf_keras"], default="keras")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, default=HERE, help="folder for results and pictures")
    args = parser.parse_args()
    import tensorflow as tf

    warnings.simplefilter("ignore")
    tf.config.threading.set_intra_op_parallelism_threads(args.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    path = args.out / "results.json"
    runs = records.read(path, {"runs": []})["runs"]
    settings = {"keras": args.keras, "batch_size": BATCH_SIZE, "threads": args.threads}
    for run in planned(args.epochs, args.replicates):
        is_done = any(all(r.get(k) == v for k, v in run.items()) for r in runs)
        if is_done or run["what"].partition(",")[0] not in args.parts:
            continue
        found, model = carry_out(run, args.keras)
        runs.append(found)
        records.write(
            path,
            {"settings": settings, "runs": runs},
            seeds=range(args.replicates),
            data=[DATA],
            resumes=True,
        )
        print(json.dumps(found), flush=True)
        if (run["what"], run["density"]) == ("sweep", 0.5):
            picture(model, args.out / "scores_and_masks.png")
    print(table(runs))
    if any(r["what"] == "sweep" for r in runs):
        plot(runs, args.out / "accuracy_against_density.png")


if __name__ == "__main__":
    main()
