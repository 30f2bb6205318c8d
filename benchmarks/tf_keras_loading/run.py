"""How long tf_keras takes to load its own `.keras` files, and how long `_keras.load_model` takes.

    python benchmarks/tf_keras_loading/run.py

User-CPU and system seconds of one load each, of stock networks with random weights, compiled with
SGD; the loaded weights are compared. Writes `results.json` and prints the table. Nearly all of the
time is tf_keras'.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

import numpy as np

from benchmarks import records

HERE = Path(__file__).parent
NETWORKS = ("MobileNetV2", "ResNet50", "ResNet101")


def measure(name: str) -> dict[str, float | bool]:
    """Saves one network and loads it in both ways."""
    import tf_keras

    from tfticket import _keras

    model = getattr(tf_keras.applications, name)(weights=None, input_shape=(96, 96, 3), classes=10)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.compile("sgd", "mse")
        model.save(path)
        ways = {
            "ours": lambda: _keras.load_model(tf_keras, path),
            "tf_keras": lambda: tf_keras.models.load_model(path),
        }
        found: dict[str, float | bool] = {"MB": round(path.stat().st_size / 1e6, 1)}
        for way, load in ways.items():
            start = time.process_time()
            loaded = load()
            found[way] = round(time.process_time() - start, 1)
            pairs = zip(loaded.get_weights(), model.get_weights(), strict=True)
            found[f"{way} equal"] = all(np.array_equal(a, b) for a, b in pairs)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="*", default=list(NETWORKS))
    args = parser.parse_args()
    found = {name: measure(name) for name in args.networks}
    records.write(HERE / "results.json", found, seeds=[], data=[])
    print("| network | file | tf_keras | ours |", "|---|---|---|---|", sep="\n")
    for name, row in found.items():
        print(f"| {name} | {row['MB']} MB | {row['tf_keras']} s | {row['ours']} s |")


if __name__ == "__main__":
    main()
