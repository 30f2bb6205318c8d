"""Early-bird tickets: drawn when, at which rate, in which precision, and what they reach.

Three convolutions on MNIST, deskewed, at 8 x 8, 6 400 training examples: an epoch is 100 steps of
64, a training 8 epochs, SGD with momentum 0.9 whose rate falls to a tenth after half and again
after three quarters; 3 replicates. Every network is measured once on test; nothing is chosen by it.

    export TFDS_DATA_DIR=...  # a folder with mnist, prepared
    nice python benchmarks/early_bird/run.py

writes `results.json`, `early_bird.png` and the tables of README.md, and goes on from there when
started again; `--pictures` makes tables and picture of what is there.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import warnings
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

from benchmarks import records
from benchmarks.early_bird import bench, saying

HERE = Path(__file__).parent
SPLIT = "6 400 of the train / 5 000 validation / 10 000 test examples"


def tasks(replicates: int) -> list[tuple[int, str, str]]:
    """Everything to be done: replicate, rate and arm."""
    drawn = [(rate, arm) for rate in bench.RATES for arm in ("dense", "drawn")]
    searched = [("large", arm) for arm in (*bench.PRECISIONS, bench.AGAIN)]
    return [(n, *which) for n in range(replicates) for which in (*drawn, *searched)]


def measured(number: int, rate: str, arm: str) -> dict[str, Any]:
    """Makes one arm of one replicate."""
    made = bench.Bench(number, rate)
    found = getattr(made, arm)() if arm in ("dense", "drawn") else made.searched(arm)
    return {"seed": number, "rate": rate, **found}


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    names = ("DATA", "CHANNELS", "PER_EPOCH", "BATCH", "NUM_EPOCHS", "PENALTY", "SCALE", "RATES")
    settings = {name.lower(): getattr(bench, name) for name in (*names, "EVERY")}
    seeds = sorted({row["seed"] for row in rows})
    data = [records.dataset(bench.DATA, SPLIT)]
    records.write(path, {"settings": settings, "rows": rows}, seeds=seeds, data=data, resumes=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replicates", type=int, default=3)
    parser.add_argument("--out", type=Path, default=HERE, help="folder for the results")
    parser.add_argument("--pictures", action="store_true", help="train nothing")
    args = parser.parse_args()
    import tensorflow as tf

    warnings.simplefilter("ignore")
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    path = args.out / "results.json"
    rows = records.read(path, {"rows": []})["rows"]
    done = {(row["seed"], row["rate"], row["arm"]) for row in rows}
    for task in [] if args.pictures else tasks(args.replicates):
        if task not in done:
            rows.append(measured(*task))
            write(path, rows)
            left_out = {"tickets", "distances", "looks", "kept"}
            print(json.dumps({n: v for n, v in rows[-1].items() if n not in left_out}), flush=True)
    saying.picture(rows, args.out / "early_bird.png")
    if args.out == HERE:
        saying.write(rows, HERE / "README.md")


if __name__ == "__main__":
    main()
