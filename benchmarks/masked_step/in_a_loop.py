"""What a short `fit` costs in a loop: plain, with one callback kept, with a fresh one each time.

    python benchmarks/masked_step/in_a_loop.py

A `fit` is one epoch of 20 batches of LeNet-300-100. Writes `in_a_loop.json` beside this file.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

from benchmarks import records
from benchmarks.masked_step import pairs
from benchmarks.masked_step.in_fit import KERASES, compiled, data

HERE = Path(__file__).parent
STEPS = 20


def counted(keras: str):
    """A network, and a list with an entry for every trace of its training step."""
    model, traces = compiled("lenet_300_100", keras), []
    step = model.train_step
    model.train_step = lambda *args: traces.append(1) or step(*args)
    return model, traces


def arms(keras: str, fits: int) -> tuple[dict, dict]:
    from tfticket import callbacks, masks, schedules, weights

    batches = data("lenet_300_100", STEPS)
    schedule = schedules.Linear(0.9, begin_step=0, end_step=STEPS * fits, frequency=10)
    half = {}

    def enforcing(model):
        if id(model) not in half:
            read = weights.read(model)
            half[id(model)] = masks.Masks({p: abs(w) > 0.02 for p, w in read.items()})
        return callbacks.EnforceMasks(half[id(model)])

    def pruning(_):
        return callbacks.PruneOnSchedule(schedule, on_unreachable="warn")

    found, traced = {}, {}
    for name, make, is_kept in (
        ("plain", None, True),
        ("EnforceMasks, kept", enforcing, True),
        ("EnforceMasks, fresh", enforcing, False),
        ("PruneOnSchedule, kept", pruning, True),
        ("PruneOnSchedule, fresh", pruning, False),
    ):
        model, traced[name] = counted(keras)
        kept = make(model) if make and is_kept else None

        def fit(model=model, make=make, kept=kept):
            used = [] if make is None else [kept or make(model)]
            model.fit(batches, epochs=1, verbose=0, shuffle=False, callbacks=used)

        found[name] = fit
    return found, traced


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fits", type=int, default=40)
    args = parser.parse_args()
    pairs.quiet_threads()
    path = HERE / "in_a_loop.json"
    for keras in KERASES:
        found, traced = arms(keras, args.fits + 1)
        times = pairs.interleaved(found, args.fits)
        row = {name: dict(r) for name, r in pairs.ratios(times, "plain").items()}
        row["plain"] = {"milliseconds": round(statistics.median(times["plain"]) * 1e3, 1)}
        for name, traces in traced.items():
            row[name]["traces"] = len(traces)
        print(keras, row, flush=True)
        results = {**records.read(path, {}), keras: {"fits": args.fits, **row}}
        records.write(path, results, seeds=[0], data=[], resumes=True)


if __name__ == "__main__":
    main()
