"""Sizes and emulated CPU time of whole networks and of files from elsewhere, dense against sparse.

    python benchmarks/generated_graphs/networks.py --sse SITE [--arm SITE --root ROOT] [FILE …]

writes `networks.json`. Files are TFLite files with sparse weights: they are filled to a dense twin,
run on this machine without delegates, and their outputs elsewhere compared with that. CPU seconds
under emulation stand for instructions, not for time on a phone: only their ratio says something.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

import emulators
import graph_table
import graphs
import keras
import numpy as np
import operators

from benchmarks import records

L, K = keras.layers, keras.ops
HERE = Path(__file__).parent
SIDE, SPARSITIES = 96, (0.8, 0.9)
LEAST_RANGE = 1e-3
TIMER = """
import json, sys, time, numpy
from ai_edge_litert.interpreter import Interpreter
stored = numpy.load(sys.argv[2])
interpreter = Interpreter(model_path=sys.argv[1], num_threads=1)
interpreter.allocate_tensors()
for detail, name in zip(interpreter.get_input_details(), stored.files):
    interpreter.set_tensor(detail["index"], stored[name])
seconds = []
for _ in range(4):
    start = time.process_time()
    interpreter.invoke()
    seconds.append(time.process_time() - start)
details = interpreter.get_output_details()
outputs = {str(i): interpreter.get_tensor(d["index"]) for i, d in enumerate(details)}
numpy.savez(sys.argv[3], **outputs)
print(json.dumps(min(seconds[1:])))
"""


def mobilenet() -> Any:
    """MobileNet 0.5, rewritten for phones."""
    from tfticket.export import phone_ready

    given = {"input_shape": (SIDE, SIDE, 3), "weights": None, "classes": 100}
    given["classifier_activation"] = None
    return phone_ready(keras.applications.MobileNet(alpha=0.5, **given))


def detector() -> Any:
    """A detector with leaky units, a bilinear way up and heads by DEPTH_TO_SPACE."""
    given = L.Input((SIDE, SIDE, 3), name="input_0")
    x = K.leaky_relu(L.Conv2D(32, 3, strides=2)(L.ZeroPadding2D(1)(given)))
    for channels in (64, 128, 128):
        x = _unit(x, channels)
    below = x
    for channels in (192, 192, 192):
        below = _unit(below, channels, strides=2 if channels != below.shape[-1] else 1)
    up = L.UpSampling2D(interpolation="bilinear")(L.Conv2D(128, 1)(below))
    x = _unit(x + up, 128)
    heads = [operators.depth_to_space(L.Conv2D(channels, 1)(x)) for channels in (16, 64)]
    return keras.Model(given, heads)


def _unit(x: Any, channels: int, strides: int = 1) -> Any:
    if strides == 2:
        x = L.DepthwiseConv2D(3, strides=2)(L.ZeroPadding2D(1)(x))
    else:
        x = L.DepthwiseConv2D(3, padding="same")(x)
    return K.leaky_relu(L.Conv2D(channels, 1)(x))


def pruned(model: Any, sparsity: float) -> Any:
    """Draws kernels that let images through, a share of each 1x1 and Dense kernel zero."""
    generator, values = np.random.default_rng(0), model.get_weights()
    for i, value in enumerate(values):
        has_zeros = value.ndim == 2 or (value.ndim == 4 and value.shape[:2] == (1, 1))
        if value.ndim > 1:
            values[i] = graphs.drawn(generator, value.shape, sparsity if has_zeros else 0.0)
    model.set_weights(values)
    return model


def timed(machine: emulators.Emulator, path: Path, inputs: Path) -> tuple[float, list[np.ndarray]]:
    """Returns CPU seconds of one call, and its outputs."""
    with tempfile.TemporaryDirectory(prefix="tfticket_") as folder:
        found = Path(folder) / "outputs.npz"
        done = machine.run(TIMER, [str(path), str(inputs), str(found)])
        with np.load(found) as stored:
            return float(done.stdout), [stored[name] for name in stored.files]


def measured(dense: Path, sparse: Path, machines: list[emulators.Emulator]) -> dict:
    """Sizes, our warnings, and per processor CPU seconds of both and how far they are apart."""
    from tfticket.export import inspect
    from tfticket.litert.comparison import difference

    row: dict = {"dense bytes": dense.stat().st_size, "sparse bytes": sparse.stat().st_size}
    row["warnings"] = [warning.code for warning in inspect(sparse).warnings]
    inputs = _inputs(dense)
    for machine in machines:
        slow, expected = timed(machine, dense, inputs)
        fast, found = timed(machine, sparse, inputs)
        if min(np.ptp(one) for one in expected) < LEAST_RANGE:
            raise ValueError("an output is nearly constant: garbage would not be seen")
        apart = max(difference(f, e)[1] for f, e in zip(found, expected, strict=True))
        row[machine.describe()] = {
            "dense seconds": round(slow, 4),
            "sparse seconds": round(fast, 4),
            "dense / sparse": round(slow / fast, 2),
            "apart": float(f"{apart:.2g}"),
        }
    return row


def _inputs(path: Path) -> Path:
    from ai_edge_litert.interpreter import Interpreter

    generator = np.random.default_rng(0)
    details = Interpreter(model_path=str(path)).get_input_details()
    drawn = {d["name"]: generator.random(d["shape"]).astype(d["dtype"]) for d in details}
    np.savez(path.with_suffix(".npz"), **drawn)
    return path.with_suffix(".npz")


def main() -> None:
    from tfticket.export import tflite
    from tfticket.tflite import File, densify

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--qemu-x86", default="qemu-x86_64-static")
    parser.add_argument("--qemu-arm", default="qemu-aarch64-static")
    parser.add_argument("--sse", required=True, help="site-packages with an x86 runtime")
    parser.add_argument("--arm", help="folder with the aarch64 wheels, unpacked")
    parser.add_argument("--root", help="folder with usr/bin/python3.11 of aarch64")
    asked = parser.parse_args()
    machines = [emulators.without_avx(asked.qemu_x86, asked.sse)]
    if asked.arm:
        machines.append(emulators.arm(asked.qemu_arm, asked.arm, asked.root))
    results: dict = {}
    with tempfile.TemporaryDirectory(prefix="tfticket_") as name:
        dense, sparse = Path(name) / "dense.tflite", Path(name) / "sparse.tflite"
        for make in (mobilenet, detector):
            for sparsity in SPARSITIES:
                model = pruned(make(), sparsity)
                tflite(model, dense, sparse="none", num_samples=4)
                tflite(model, sparse, num_samples=4)
                results[f"{make.__name__}, {sparsity:.0%} zeros"] = measured(
                    dense, sparse, machines
                )
        for path in asked.files:
            dense.write_bytes(densify(File.read(path)))
            results[path.name] = measured(dense, path, machines)
    records.write(HERE / "networks.json", results, seeds=[0], data=[])
    graph_table.write_networks(results, HERE)


if __name__ == "__main__":
    main()
