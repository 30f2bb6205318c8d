"""From a dense network to files on MNIST: tickets, blocks, fewer channels, int8; measured as files.

    python benchmarks/mnist_to_file/run.py

writes `results.json`, `mnist_to_file.png` and the table in `README.md` after every replicate, and
goes on from there when started again; delete `results.json` to start anew. `--replicates` and
`--steps` run less. MNIST comes from tensorflow-datasets: see `TFDS_DATA_DIR`.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

import numpy as np
import report

from benchmarks import records

HERE = Path(__file__).parent
NETWORK = "lenet_300_100"
SPARSITY = 0.95
NUM_ROUNDS = 5
#: A thousand weights, in which twelve blocks of four cannot serve ten classes.
LEFT_ALONE = "output"
CHANNEL_SPARSITY = 0.75
BATCH_SIZE = 60
STEPS_PER_CALL = 50
NUM_CALIBRATION = 256
#: Of each file: the network it is made of, the type of its weights, and how zeros are stored.
FILES = {
    "dense": ("dense", "float32", "none"),
    "ticket": ("ticket", "float32", "storage"),
    "block ticket (4x1)": ("block ticket", "float32", "compute"),
    "slimmed": ("slimmed", "float32", "none"),
    "dense, int8": ("dense", "int8", "none"),
    "ticket, int8": ("ticket", "int8", "none"),
    "slimmed, int8": ("slimmed", "int8", "none"),
}


def trainer(data, num_steps: int, seed: int):
    """Returns `train(model, callbacks)`: the same batches for every network of a replicate."""
    from tfticket import zoo

    def train(model, callbacks):
        start = int(model.optimizer.iterations)
        stream = zoo.batches(
            data.train, batch_size=BATCH_SIZE, num_steps=num_steps, seed=seed, start_step=start
        )
        model.fit(stream, verbose=0, shuffle=False, callbacks=callbacks)

    return train


def compiled(seed: int):
    from tfticket import zoo

    return zoo.get_model(NETWORK).compiled(seed=seed, steps_per_execution=STEPS_PER_CALL)


def networks(data, num_steps: int, seed: int) -> dict:
    """Trains everything that becomes a file: models by name."""
    from tfticket import Filter, find_ticket, schedules, selection
    from tfticket.rewinding import restore

    train, found = trainer(data, num_steps, seed), {}
    schedule = schedules.Exponential(SPARSITY, rounds=NUM_ROUNDS)
    units = {"ticket": "weight", "block ticket": selection.Block((4, 1))}
    for name, granularity in units.items():
        search = find_ticket(
            compiled(seed),
            train,
            schedule=schedule,
            granularity=granularity,
            prunable=Filter(exclude=LEFT_ALONE),
        )
        levels = list(search)
        for kind, level in (("dense", levels[0]), (name, levels[-1])):
            found[kind] = compiled(seed)
            restore(found[kind], level.trained)
    found["slimmed"] = slimmed(found["dense"], train)
    return found


def slimmed(dense, train):
    """Removes channels of least L1 norm from the trained network and trains on as long again."""
    from tfticket import slimming, zoo

    masks = slimming.channel_masks(dense, CHANNEL_SPARSITY, score="l1", scope="layer")
    smaller = slimming.shrink(dense, masks).model
    entry = zoo.get_model(NETWORK)
    smaller.compile(entry.optimizer.build("keras"), dense.loss, steps_per_execution=STEPS_PER_CALL)
    train(smaller, [])
    return smaller


def accuracy(path: Path, data, name: str) -> float:
    """Runs a file on every test image, as a user would, and compares with the labels."""
    from tfticket.litert.verify import run

    inputs = {name: np.asarray(data.test.x, np.float32)}
    with_delegates = run(path, inputs, batch_sizes=(100,))[0]
    if with_delegates.error:
        raise RuntimeError(with_delegates.error)
    (logits,) = with_delegates.outputs.values()
    return float((logits.argmax(-1) == data.test.y).mean())


def measure(data, num_steps: int, seed: int, num_rounds: int) -> dict:
    """Trains, exports, and measures the files of one replicate."""
    from tfticket.export import tflite
    from tfticket.export.signature import signature
    from tfticket.reports import profile_files

    models = networks(data, num_steps, seed)
    typical, rows = np.asarray(data.train.x[:NUM_CALIBRATION]), {}
    with tempfile.TemporaryDirectory(prefix="tfticket_") as folder:
        paths = {}
        for number, (name, (kind, weights, sparse)) in enumerate(FILES.items()):
            paths[name] = Path(folder) / f"{number}.tflite"
            given = "representative_data" if weights == "int8" else "inputs"
            kept = tflite(
                models[kind], paths[name], weights=weights, sparse=sparse, **{given: typical}
            )
            rows[name] = {"zeros": [kept.zeros_before, kept.zeros_after], "layout": kept.layout}
        profile = profile_files(list(paths.values()), num_rounds=num_rounds)
        for (name, path), file in zip(paths.items(), profile.files, strict=True):
            input_name = signature(models[FILES[name][0]]).names[0]
            rows[name] |= {
                "accuracy": accuracy(path, data, input_name),
                "bytes": file.latency.file_bytes,
                "gzip": file.gzip_bytes,
                "sparsity": file.sparsity,
                "p50_ms": file.latency.p50_ms,
                "p90_ms": file.latency.p90_ms,
                "speed": file.latency.speed_p50,
                "speed_p10": file.latency.speed_p10,
                "speed_p90": file.latency.speed_p90,
                "kernels": {"own": file.latency.builtin, "XNNPACK": file.latency.delegated},
            }
    return {"seed": seed, "files": rows, "conditions": profile.conditions}


def main() -> None:
    from tfticket import zoo

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replicates", type=int, default=3)
    parser.add_argument("--steps", type=int, default=3_000)
    parser.add_argument("--rounds", type=int, default=200)
    arguments = parser.parse_args()
    path = HERE / "results.json"
    results = records.read(path, {"replicates": []})
    results["num_steps"] = arguments.steps
    data = zoo.load_data("mnist", seed=0)
    for seed in range(len(results["replicates"]), arguments.replicates):
        found = measure(data, arguments.steps, seed, arguments.rounds)
        results["replicates"].append(found)
        print(seed, {n: (row["accuracy"], row["gzip"]) for n, row in found["files"].items()})
        report.write(results, HERE)


if __name__ == "__main__":
    main()
