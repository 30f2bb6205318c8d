"""Sparse from the first step on: masks that move by RigL or SET, and masks that stay.

LeNet-300-100 (5 000 steps a training) and the convolutional network of 431 000 weights (2 000), on
MNIST, at sparsities 0.9, 0.95 and 0.98 divided by ERK, 3 replicates; beside them gradual pruning in
as many steps, and lottery tickets, pruned in halves, which take as many steps again for each round.
Nothing is chosen; test accuracy.

    export TFDS_DATA_DIR=...  # a folder with MNIST, prepared
    python benchmarks/dynamic_sparse/run.py --out runs/dynamic_sparse

runs `lenet.yaml` and `conv.yaml`, which go on where they stopped, and writes `results.json`.
FLOPs are those of multiplications by kept weights, forward and twice as many backward, of all
trainings that a network took, over those of one dense training.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

import numpy as np

from benchmarks import records
from tfticket.experiments.opening import open_run
from tfticket.experiments.study import read_study
from tfticket.experiments.studying import run_study
from tfticket.progress import ProgressLines
from tfticket.tables import markdown

HERE = Path(__file__).parent
NETWORKS = {"lenet": "lenet_300_100", "conv": "conv_431k"}
#: Positions that a kernel is multiplied at, of the convolutional network.
_POSITIONS = {"conv_1/kernel": 24 * 24, "conv_2/kernel": 8 * 8}
NAMES = {
    "rigl": "RigL",
    "set": "SET",
    "random_at_init": "static",
    "gradual": "gradual",
    "lottery_ticket": "lottery ticket",
}


def rows_of(folder: Path, network: str) -> list[dict[str, Any]]:
    """One row for each replicate of a run: its last level."""
    run = open_run(folder)
    recipe = run.settings["recipe"]
    last = max(r.round for r in run.results)
    found = []
    for result in run.results:
        if (result.arm, result.round) != ("ticket", last):
            continue
        masks = [run.level(k, result.replicate).masks for k in range(last + 1)]
        dense = next(r for r in run.results if (r.arm, r.replicate) == ("dense", result.replicate))
        found.append(
            {
                "network": network,
                "recipe": recipe,
                "sparsity": round(result.sparsity, 4),
                "replicate": result.replicate,
                "dense": dense.metrics["test_accuracy"],
                "accuracy": result.metrics["test_accuracy"],
                "trainings": last + 1 if recipe == "lottery_ticket" else 1,
                "flops": relative_flops(recipe, masks),
            }
        )
    return found


def relative_flops(recipe: str, masks: list[Any]) -> float:
    """FLOPs of what a network took, over those of one dense training."""
    densities = [_dense_share(m) for m in masks]
    if recipe == "lottery_ticket":
        return sum(densities)
    if recipe == "gradual":  # a cube from dense to sparse in three quarters of the training
        begin, end = densities[0], densities[-1]
        progress = np.linspace(0, 1, 1_001)
        falling = end + (begin - end) * (1 - progress) ** 3
        return float(0.75 * falling.mean() + 0.25 * end)
    return densities[-1]


def _dense_share(masks: Any) -> float:
    kept = {p: _POSITIONS.get(p, 1) * m.sum() for p, m in masks.items()}
    whole = {p: _POSITIONS.get(p, 1) * m.size for p, m in masks.items()}
    return float(sum(kept.values()) / sum(whole.values()))


def table(rows: list[dict[str, Any]], network: str) -> str:
    own = [r for r in rows if r["network"] == network]
    sparsities = sorted({round(r["sparsity"], 2) for r in own})
    lines = []
    for recipe, name in NAMES.items():
        cells = []
        for sparsity in sparsities:
            chosen = [
                r for r in own if r["recipe"] == recipe and round(r["sparsity"], 2) == sparsity
            ]
            cells.append(_cell(chosen))
        lines.append([name, *cells])
    return markdown(["", *[f"sparsity {s:g}" for s in sparsities]], lines)


def _cell(rows: list[dict[str, Any]]) -> str:
    if len(rows) < 2:
        return "-"
    accuracy = [100 * r["accuracy"] for r in rows]
    spread = f"{statistics.fmean(accuracy):.2f} ± {statistics.stdev(accuracy):.2f}"
    flops = statistics.fmean(r["flops"] for r in rows)
    return f"{spread} ({rows[0]['trainings']} ×, {flops:.2f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default="runs/dynamic_sparse", type=Path)
    parser.add_argument("--studies", nargs="*", choices=list(NETWORKS), default=list(NETWORKS))
    args = parser.parse_args()
    path = HERE / "results.json"
    rows = records.read(path, {"rows": []})["rows"]
    with ProgressLines() as display:
        for name in args.studies:
            study = read_study(HERE / f"{name}.yaml")
            run_study(study, args.out, on_event=lambda event: event.show(display))
            rows = [r for r in rows if r["network"] != NETWORKS[name]]
            rows += [r for n in study.specs for r in rows_of(args.out / n, NETWORKS[name])]
    data = [records.zoo("mnist")]
    records.write(path, {"rows": rows}, seeds=[0, 1, 2], data=data, resumes=True)
    for network in NETWORKS.values():
        print(f"\n{network}\n\n{table(rows, network)}")


if __name__ == "__main__":
    main()
