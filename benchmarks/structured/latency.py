"""How fast the smaller networks are: Keras and TFLite, against FLOPs, one thread, in turn.

    python benchmarks/structured/latency.py --work FOLDER

times the networks that `run.py` kept in its `--work` folder (replicate 0), and MobileNet with half
and three quarters of the channels of every group removed, random weights: Keras' own at 128 pixels,
and mobilenet_small at 32. Dense and smaller networks take turns; a figure is the median over rounds
of the ratio to the dense one in the same round. Writes `latency.json` and `latency.md` beside this
file.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

import numpy as np

from benchmarks import records

HERE = Path(__file__).parent
#: A smaller network may be this much slower than its FLOPs say.
TOLERANCE = 1.3
NETS = ("vgg_small", "resnet_20")


def keras_ratios(models: dict[str, Any], batch_size: int, num_rounds: int) -> dict[str, float]:
    """Milliseconds of the first network, and every network's time against it."""
    import tensorflow as tf

    calls = {}
    for name, model in models.items():
        shape = (batch_size, *model.input_shape[1:])
        x = tf.constant(np.random.default_rng(0).normal(size=shape).astype("float32"))
        traced = tf.function(lambda x, model=model: model(x, training=False))
        calls[name] = (traced.get_concrete_function(x), x)
    times: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(num_rounds + 5):
        for name, (call, x) in calls.items():
            start = time.perf_counter()
            call(x)[0].numpy()
            if number >= 5:
                times[name].append(time.perf_counter() - start)
    dense = next(iter(times.values()))
    found = {
        name: statistics.median(t / d for t, d in zip(own, dense, strict=True))
        for name, own in times.items()
    }
    return {"ms": 1_000 * statistics.median(dense), **found}


def tflite_ratios(models: dict[str, Any], num_rounds: int) -> dict[str, float]:
    """The same for their TFLite files, float32, batch 1, with the default delegate."""
    from tfticket.export import latency, tflite

    with tempfile.TemporaryDirectory(prefix="tfticket_") as folder:
        paths = {name: Path(folder) / f"{i}.tflite" for i, name in enumerate(models)}
        for name, model in models.items():
            tflite(model, paths[name], sparse="none", num_samples=4)
        rows = latency(list(paths.values()), num_rounds=num_rounds).files
    ratios = {name: 1 / row.speed_p50 for name, row in zip(paths, rows, strict=True)}
    return {"ms": rows[0].p50_ms, **ratios}


def without_channels(dense: Any) -> dict[str, Any]:
    """The dense network and the smaller ones."""
    from tfticket import slimming

    found = {"dense": dense}
    for fraction in (0.5, 0.75):
        masks = slimming.channel_masks(dense, fraction, score="l1", scope="layer")
        found[f"{fraction:.0%} of the channels removed"] = slimming.shrink(dense, masks).model
    return found


def kept(work: Path, net: str) -> dict[str, Any]:
    """The networks that `run.py` trained, the dense one first."""
    import keras

    found = {}
    for path in sorted(work.glob(f"{net}_*.keras")):
        name = path.stem.removeprefix(f"{net}_").replace("_", " ")
        if name != "Scratch-B 50 %":  # the architecture of Scratch-E
            found[name] = keras.models.load_model(path, compile=False)
    return {"dense": found.pop("dense"), **found} if "dense" in found else {}


def measured(models: dict[str, Any], num_rounds: int) -> dict[str, Any]:
    """FLOPs, and both latencies, of each network against the first."""
    from tfticket.graph import flops

    counted = {name: flops(model).total for name, model in models.items()}
    timed = {
        "keras, batch 1": keras_ratios(models, 1, num_rounds),
        "keras, batch 32": keras_ratios(models, 32, num_rounds // 4),
        "tflite": tflite_ratios(models, num_rounds),
    }
    whole = counted["dense"]
    return {"flops": {n: c / whole for n, c in counted.items()}, "latency": timed}


def table(name: str, found: dict[str, Any]) -> str:
    """A row per network: the ratio of FLOPs, and of each latency."""
    timed = found["latency"]
    head = " | ".join(f"{kind} ({row['ms']:.3g} ms)" for kind, row in timed.items())
    lines = [f"**{name}**", "", f"| network | FLOPs | {head} |", "|---|---|" + "---|" * len(timed)]
    for network, ratio in found["flops"].items():
        cells = [f"{row[network]:.3f}" for row in timed.values()]
        lines.append(f"| {network} | {ratio:.3f} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, default=HERE / "states", help="folder of `run.py`")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--out", type=Path, default=HERE)
    args = parser.parse_args()
    import tensorflow as tf

    warnings.simplefilter("ignore")
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    import keras

    from tfticket import zoo

    stock = keras.applications.MobileNet(input_shape=(128, 128, 3), weights=None)
    groups = {
        "MobileNet, 128 pixels": without_channels(stock),
        "mobilenet_small, 32 pixels": without_channels(zoo.mobilenet_small(seed=0)),
    }
    groups |= {net: models for net in NETS if (models := kept(args.work, net))}
    results = {name: measured(models, args.rounds) for name, models in groups.items()}
    records.write(args.out / "latency.json", results, seeds=[0], data=[])
    text = "\n\n".join(table(name, found) for name, found in results.items())
    (args.out / "latency.md").write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
