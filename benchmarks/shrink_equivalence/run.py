"""Whether shrinking leaves outputs as they are: many architectures, in either Keras.

Each network gets random weights and random normalisation statistics; half of the channels of every
group are masked at random, the masked network is compared with the shrunk one in inference.

    python benchmarks/shrink_equivalence/run.py

writes `results.json` and the table in `README.md` after every network, and goes on from there
when started again; delete `results.json` to measure anew. `--only NAME …` runs some of the
networks, `--keras` one Keras.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

import connections
import images
import numpy as np
import sequences

from benchmarks import records

HERE = Path(__file__).parent
NETWORKS = {**connections.NETWORKS, **images.NETWORKS, **sequences.NETWORKS}
#: The smallest of each family, and the side of its images; some want at least 71 or 75.
APPLICATIONS = {
    "ConvNeXtTiny": 32,
    "DenseNet121": 32,
    "EfficientNetB0": 32,
    "EfficientNetV2B0": 32,
    "InceptionResNetV2": 75,
    "InceptionV3": 75,
    "MobileNet": 32,
    "MobileNetV2": 32,
    "MobileNetV3Large": 32,
    "MobileNetV3Small": 32,
    "NASNetMobile": 32,
    "RegNetX002": 32,
    "RegNetY002": 32,
    "ResNet50": 32,
    "ResNet50V2": 32,
    "ResNetRS50": 32,
    "VGG16": 32,
    "VGG19": 32,
    "Xception": 71,
}
MASKED = {
    "all": ("out", "along", "in"),
    "kernels": ("out",),
}
LIMIT = 1e-5
UNSTRUCTURED = 0.97


def built(k, name: str):
    """One of the networks, or `None` where this Keras has no such application."""
    k.utils.set_random_seed(0)
    if name in NETWORKS:
        return NETWORKS[name](k)
    make = getattr(k.applications, name, None)
    if make is None and hasattr(k.applications, name.lower()):
        make = getattr(getattr(k.applications, name.lower()), name, None)
    if make is None:
        return None
    side = APPLICATIONS[name]
    return make(weights=None, input_shape=(side, side, 3), classes=10, classifier_activation=None)


def perturb(model) -> None:
    """Normalisation as after some training: no scale of 1, no offset or mean of 0."""
    from tfticket import weights

    rng = np.random.default_rng(0)
    for path, variable in weights.variables(model).items():
        name = path.rpartition("/")[2]
        shape = tuple(variable.shape)
        if name in ("beta", "moving_mean", "mean") or name.endswith("bias"):
            variable.assign(rng.normal(0, 0.3, shape))
        elif len(shape) == 1 and "float" in str(variable.dtype):  # also ConvNeXt's layer scale
            variable.assign(rng.uniform(0.5, 1.5, shape))


def batch(model, size: int = 4):
    """Random inputs; an open length is 8."""
    rng, made = np.random.default_rng(1), []
    for tensor in model.inputs:
        shape = [size, *(8 if n is None else n for n in tuple(tensor.shape)[1:])]
        is_index = "int" in str(tensor.dtype)
        made.append(
            rng.integers(0, 12, shape).astype("int32")
            if is_index
            else rng.normal(size=shape).astype("float32")
        )
    return made[0] if len(made) == 1 else made


def outputs(model, inputs) -> list[np.ndarray]:
    found = model(inputs, training=False)
    return [np.asarray(o) for o in (found if isinstance(found, (list, tuple)) else [found])]


def changed(model, shrunk, inputs) -> float:
    """How much the masks changed the outputs, relative to the largest: or the check is vain."""
    pairs = list(zip(outputs(model, inputs), outputs(shrunk, inputs), strict=True))
    return max(float(np.abs(a - b).max() / np.abs(a).max()) for a, b in pairs)


def reloaded(k, model, inputs) -> float | str:
    """Largest difference after saving and loading; or why this Keras cannot."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "shrunk.keras")
        try:
            model.save(path)
            again = k.models.load_model(path, safe_mode=False)
        except Exception as error:
            return f"{type(error).__name__}: {error}".splitlines()[0][:100]
    pairs = zip(outputs(model, inputs), outputs(again, inputs), strict=True)
    return max(float(np.abs(a - b).max()) for a, b in pairs)


def halved(graph) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(2)
    return {
        n: rng.permutation(g.num_channels) >= g.num_channels // 2 for n, g in graph.groups.items()
    }


def row(model, masks, inputs) -> dict:
    from tfticket.slimming import max_relative_difference, shrink

    start = time.process_time()
    shrunk = shrink(model, masks)
    seconds = time.process_time() - start
    before, after = shrunk.report.before, shrunk.report.after
    return {
        "difference": max_relative_difference(model, masks, shrunk.model, inputs),
        "changed": changed(model, shrunk.model, inputs),
        "removed": shrunk.report.num_removed,
        "parameters": round(after.num_parameters / before.num_parameters, 4),
        "flops": round(after.num_flops / max(1, before.num_flops), 4),
        "folded": sum(shrunk.report.folded.values()),
        "seconds": round(seconds, 2),
        "model": shrunk.model,
    }


def measure(k, model) -> dict:
    from tfticket import weights
    from tfticket.graph import channel_graph

    perturb(model)
    inputs, graph = batch(model), channel_graph(model)
    kept = halved(graph)
    found = {
        "channels": graph.num_channels,
        "groups": len(graph.groups),
        "fixed": sum(n for n, _ in graph.fixed.values()),
        "not_followed": dict(graph.refused),
    }
    for name, roles in MASKED.items():
        found[name] = row(model, graph.masks(kept, roles=roles), inputs)
    found["reloaded"] = reloaded(k, found["all"]["model"], inputs)
    rng = np.random.default_rng(3)
    single = {
        p: rng.random(tuple(v.shape)) >= UNSTRUCTURED
        for p, v in weights.prunable_weights(model).variables.items()
    }
    found["single"] = row(model, single, inputs)
    for name in (*MASKED, "single"):
        del found[name]["model"]
    rows = [found[name] for name in (*MASKED, "single")]
    found["equal"] = all(r["difference"] <= LIMIT for r in rows)
    return found


def table(results: dict) -> str:
    lines = [
        "| network | Keras | channels | stay | removed | parameters | FLOPs | difference"
        " | kernels only | single weights | layers not followed |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, by_keras in results.items():
        for keras, r in by_keras.items():
            if r is None:
                continue
            whole, kernels, single = r["all"], r["kernels"], r["single"]
            refused = sorted(set(r["not_followed"].values()))
            lines.append(
                f"| {name} | {keras} | {r['channels']} | {r['fixed']} | {whole['removed']}"
                f" | {whole['parameters']:.2f} | {whole['flops']:.2f} | {whole['difference']:.0e}"
                f" | {kernels['removed']}: {kernels['difference']:.0e}"
                f" | {single['removed']}: {single['difference']:.0e}"
                f" | {len(r['not_followed'])}{': ' if refused else ''}{'; '.join(refused)} |"
            )
    return "\n".join(lines)


def write(results: dict) -> None:
    path, seeds = HERE / "results.json", range(4)  # of weights, statistics, inputs and masks
    records.write(path, results, seeds=seeds, data=[], resumes=True)
    readme = HERE / "README.md"
    text = readme.read_text() if readme.exists() else "<!-- table -->\n"
    start, _, _ = text.partition("<!-- table -->")
    readme.write_text(f"{start}<!-- table -->\n\n{table(results)}\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", default=[*NETWORKS, *APPLICATIONS])
    parser.add_argument("--keras", nargs="*", default=["keras", "tf_keras"])
    args = parser.parse_args()
    from tfticket import _keras

    path = HERE / "results.json"
    results = records.read(path, {})
    for name in args.only:
        for keras in args.keras:
            if keras in results.get(name, {}):
                continue
            k = _keras.module(keras)
            model = built(k, name)
            found = None if model is None else measure(k, model)
            results.setdefault(name, {})[keras] = found
            print(name, keras, found and (found["equal"], found["all"]), flush=True)
            write(results)
            k.backend.clear_session()
            del model
            gc.collect()


if __name__ == "__main__":
    main()
