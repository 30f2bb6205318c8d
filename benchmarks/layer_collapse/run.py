"""Layer collapse of untrained networks: the first compression at which a score empties a layer,
and the first at which nothing flows from the input to the output any more.

LeNet-300-100 (5 seeds, initialised twice: as Keras draws Glorot normal, truncated at two standard
deviations, and untruncated), VGG-16-BN (1 seed) and ResNet-20 (3 seeds) in CIFAR-10 shape, and
VGG-16-BN as in the authors' runs on CIFAR-100 (3 seeds, without SynFlow in a hundred rounds, which
takes half an hour each): 100 outputs, He normal untruncated. Four compressions to a factor of ten,
up to the maximal one, which leaves one weight per layer. SNIP and GraSP see ten train examples of
each class of MNIST, or of CIFAR-10 with JPEG loss, or 1 000 of the latter with 100 labels drawn at
random.

    export TFDS_DATA_DIR=...  # a folder with MNIST and cifar10_jpeg, prepared
    python benchmarks/layer_collapse/run.py

writes `results.json` and a picture per network beside this file, curve by curve, and goes on from
there when started again. Most of the time goes to SynFlow on VGG-16-BN.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import warnings
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

import numpy as np

from benchmarks import records

HERE = Path(__file__).parent
#: Score and rounds.
SCORES = {
    "synflow, 1 round": ("synflow", 1),
    "synflow, 10 rounds": ("synflow", 10),
    "synflow, 100 rounds": ("synflow", 100),
    "snip": ("snip", 1),
    "grasp": ("grasp", 1),
    "magnitude": ("magnitude", 1),
    "random": ("random", 1),
}
#: Network, data for SNIP and GraSP, number of seeds.
NETS = {
    "lenet_300_100": ("lenet_300_100", "mnist", 5),
    "lenet_300_100, untruncated": ("lenet_300_100", "mnist", 5),
    "vgg_16_bn": ("vgg_16_bn", "cifar10_jpeg", 1),
    "resnet_20": ("resnet_20", "cifar10_jpeg", 3),
    "vgg_16_bn, 100 outputs, untruncated": ("vgg_16_bn", "cifar10_jpeg", 3),
}
#: Scores that are left out: half an hour each.
LEFT_OUT = {("vgg_16_bn, 100 outputs, untruncated", "synflow, 100 rounds")}


def untruncated(model, seed: int, is_he: bool) -> None:
    """Draws kernels from the He or the Glorot normal distribution itself."""
    from tfticket import weights
    from tfticket.seeds import generator

    drawn = {}
    for path, array in weights.read(model).items():
        if array.ndim < 2:  # norms and biases stay
            continue
        num_inputs = math.prod(array.shape[:-1])
        deviation = math.sqrt(2 / (num_inputs if is_he else sum(array.shape)))
        values = generator(seed, "untruncated", path).standard_normal(array.shape) * deviation
        drawn[path] = values.astype(np.float32)
    weights.write(model, drawn)


def network(name: str, seed: int, keras: str):
    from tfticket import zoo
    from tfticket.zoo.evidence import evidence_from

    net, dataset, _ = NETS[name]
    data = zoo.load_data(dataset, seed=seed)
    if "100 outputs" in name:
        model = zoo.vgg_16_bn(keras=keras, seed=seed, num_classes=100)
        evidence = randomly_labelled(data, seed)
    else:
        model = zoo.get_model(net).compiled(keras=keras, seed=seed)
        evidence = evidence_from(data, model, 10, seed)
    if "untruncated" in name:
        untruncated(model, seed, is_he=net == "vgg_16_bn")
    return model, evidence


def randomly_labelled(data, seed: int):
    """Ten images for each of 100 labels that say nothing of them, in batches of 125."""
    from tfticket import Evidence
    from tfticket.seeds import generator

    rng = generator(seed, "randomly labelled")
    images = data.train.columns[0][np.sort(rng.choice(len(data.train), 1_000, replace=False))]
    labels = rng.permutation(np.repeat(np.arange(100), 10))
    batches = list(zip(np.split(images, 8), np.split(labels, 8), strict=True))
    return Evidence({}, batch=batches, loss=cross_entropy, seed=seed)


def cross_entropy(targets, logits):
    import tensorflow as tf

    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits)
    return tf.reduce_mean(losses)


def log10(ratio: float | None) -> float | None:
    return None if ratio is None else round(math.log10(ratio), 3)


def measure(name: str, seed: int, label: str, model, evidence) -> dict:
    from tfticket import collapse

    score, rounds = SCORES[label]
    is_residual = NETS[name][0] == "resnet_20"  # in a chain an emptied layer disconnects
    curve = collapse.critical_compression(
        model, score, rounds=rounds, evidence=evidence, check_flow=is_residual
    )
    kept = [list(by_path.values()) for by_path in curve.kept]
    return {
        "net": name,
        "seed": seed,
        "score": label,
        "log10_first_collapse": log10(curve.first_collapse),
        "log10_critical_compression": log10(curve.critical_compression),
        "log10_first_disconnection": log10(
            curve.first_disconnection if is_residual else curve.first_collapse
        ),
        "log10_maximal_compression": log10(curve.maximal_compression),
        "collapsed_layers": curve.collapsed_layers,
        "num_weights": dict(curve.num_weights),
        "log10_compression_ratios": [log10(c) for c in curve.compression_ratios],
        "kept": kept,
    }


def table(rows: list[dict], figure: str) -> str:
    """The first collapse or disconnection, log10, over seeds: the least and the largest."""
    nets = list(dict.fromkeys(r["net"] for r in rows))
    lines = ["| score | " + " | ".join(nets) + " |", "|---|" + "---|" * len(nets)]
    for label in SCORES:
        cells = [
            _cell([r for r in rows if (r["net"], r["score"]) == (net, label)], figure)
            for net in nets
        ]
        lines.append(f"| {label} | " + " | ".join(cells) + " |")
    maximal = [next(r for r in rows if r["net"] == n)["log10_maximal_compression"] for n in nets]
    lines.append("| maximal compression | " + " | ".join(f"{m:.2f}" for m in maximal) + " |")
    return "\n".join(lines)


def _cell(rows: list[dict], figure: str) -> str:
    if not rows:
        return "-"
    found = sorted(math.inf if r is None else r for r in (x[figure] for x in rows))
    named = ["none" if math.isinf(f) else f"{f:.2f}" for f in (found[0], found[-1])]
    return named[0] if named[0] == named[1] else "–".join(named)


def plot(rows: list[dict], net: str, path: Path) -> None:
    from tfticket.collapse import CollapseCurve
    from tfticket.reports import plots
    from tfticket.reports.collapse import plot_collapse

    curves = []
    for row in (r for r in rows if (r["net"], r["seed"]) == (net, 0)):
        score, rounds = SCORES[row["score"]]
        paths = list(row["num_weights"])
        curves.append(
            CollapseCurve(
                score,
                rounds,
                row["num_weights"],
                tuple(10**e for e in row["log10_compression_ratios"]),
                tuple(dict(zip(paths, kept, strict=True)) for kept in row["kept"]),
            )
        )
    plots.save(plot_collapse(curves, f"{net}, untrained, seed 0"), path)


def write(path: Path, keras: str, rows: list[dict]) -> None:
    names = {NETS[row["net"]][1] for row in rows}
    records.write(
        path,
        {"keras": keras, "rows": rows},
        seeds=sorted({row["seed"] for row in rows}),
        data=[records.zoo(name) for name in sorted(names)],
        resumes=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nets", nargs="*", choices=list(NETS), default=list(NETS))
    parser.add_argument("--keras", choices=["keras", "tf_keras"], default="keras")
    parser.add_argument("--out", type=Path, default=HERE, help="folder for results and pictures")
    args = parser.parse_args()
    import tensorflow as tf

    warnings.simplefilter("ignore")
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    path = args.out / "results.json"
    rows = records.read(path, {"rows": []})["rows"]
    for name in args.nets:
        for seed in range(NETS[name][2]):
            done = {r["score"] for r in rows if (r["net"], r["seed"]) == (name, seed)}
            wanted = [s for s in SCORES if (name, s) not in LEFT_OUT]
            missing = [s for s in wanted if s not in done]
            if not missing:
                continue
            model, evidence = network(name, seed, args.keras)
            for label in missing:
                rows.append(measure(name, seed, label, model, evidence))
                write(path, args.keras, rows)
                print(name, seed, label, rows[-1]["log10_first_collapse"], flush=True)
        plot(rows, name, args.out / f"{name.replace(', ', '_')}.png")
    for figure in ("log10_first_collapse", "log10_first_disconnection"):
        print(figure, table(rows, figure), sep="\n\n", end="\n\n")


if __name__ == "__main__":
    main()
