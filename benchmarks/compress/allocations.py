"""Channels taken away by NetAdapt-like steps, by a global ranking and uniformly, at equal latency.

    python benchmarks/compress/allocations.py --out runs/compress [--networks plain --seeds 0]
        [--kinds rounded unrounded]

From each trained network of `networks.py`, every allocation takes channels until its float32 file
is as fast as asked, a share of the dense file's time, trains what is left as long as any candidate
of `run.py`, and is measured on test data, once. Numbers of channels are multiples of 8, or any.
Files of one network are timed in turn: batch 1, one thread. Started again it goes on; what is in
`allocations.json` is not run again. Writes the second table in README.md.
"""

from __future__ import annotations

import itertools
import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

import numpy as np
from networks import NETWORKS
from rows import every_cell, mean, row, write_table
from trainings import compiled, stream, trained

import tfticket as tt
from tfticket import zoo
from tfticket.compression import metrics
from tfticket.compression.budget import Budget
from tfticket.compression.choices import Choices
from tfticket.compression.compressing import opened
from tfticket.compression.measure import Measure
from tfticket.compression.preparing import channels_of
from tfticket.compression.sizes import Sizes
from tfticket.compression.treatment import Treatment
from tfticket.tables import markdown

HERE = Path(__file__).parent
ALLOCATIONS = ("uniform", "global", "greedy")
#: Of the time of the dense file.
SHARES = (0.6, 0.35)
NUM_VALIDATION, RATE = 2_000, 5e-4
ROUND_TO = {"rounded": 8, "unrounded": 1}


def cell(name: str, seed: int, out: Path, kind: str) -> dict[str, Any]:
    """One network and seed: the files of every allocation and share, timed in turn."""
    source, num_more = NETWORKS[name][1], NETWORKS[name][3]
    data = zoo.load_data(source)
    model = trained(name, data, seed, out)
    compiled(model, RATE)
    validation = data.validation.x[:NUM_VALIDATION], data.validation.y[:NUM_VALIDATION]
    measure = Measure.given(metrics.get("accuracy"), validation)

    def train(network: Any) -> None:
        network.fit(stream(data, num_more, seed + 1), verbose=0, shuffle=False)

    paths, known = {}, {}
    for allocation in ALLOCATIONS:
        choices = Choices(weights=("float32",), allocation=allocation, round_to=ROUND_TO[kind])
        folder, timing = out / f"{name}-{seed}-{allocation}-{kind}", Budget(max_latency=1e9)
        with opened(model, train, measure, timing, choices, folder) as (workshop, stopwatch):
            paths["dense"] = stopwatch.reference
            channels, _ = channels_of(workshop, stopwatch)
            for share in SHARES:
                treatment = as_fast_as(share, workshop, channels, stopwatch)
                workshop.network(treatment, channels)
                (file,) = workshop.files(treatment, channels, stopwatch)
                paths[f"{allocation} {share}"] = file.path
                known[f"{allocation} {share}"] = {"flops": file.flops, "drop": file.drop}
                print(name, seed, kind, allocation, share, file.metric, file.latency, flush=True)
    times = tt.litert.latency(list(paths.values()), num_rounds=100).files
    pairs = zip(paths.items(), times, strict=True)
    return {arm: {**row(path, data, timed), **known.get(arm, {})} for (arm, path), timed in pairs}


def as_fast_as(share: float, workshop: Any, channels: Any, stopwatch: Any) -> Treatment:
    """The least that has to go until the file is so fast, of a network that is not trained."""
    dense = stopwatch.time(stopwatch.reference)[0].p50_ms
    sizes = Sizes(workshop, channels, stopwatch, Budget(max_latency=share * dense))
    stages = [Treatment(channels=s.removed, cost="latency") for s in channels.allocation.stages]
    return stages[sizes.first_that_fits(stages, "float32")]


def main() -> None:
    found = every_cell(__doc__.splitlines()[0], HERE / "allocations.json", cell, ROUND_TO)
    write_table(HERE / "README.md", "allocations", table(found))


def table(found: dict[str, Any]) -> str:
    """Renders the means over seeds, a row an allocation and share."""
    lines = []
    for name, kind in itertools.product(NETWORKS, ROUND_TO):
        keys = [key.split("-") for key in found]
        cells = [found["-".join(key)] for key in keys if (key[0], key[2]) == (name, kind)]
        arms = ["dense", *(f"{one} {share}" for share in SHARES for one in ALLOCATIONS)]
        for arm in arms if cells else ():
            own = [c[arm] for c in cells]
            lines.append(
                [
                    f"{name}, {len(cells)} seed{'s' * (len(cells) > 1)}",
                    arm if arm == "dense" else f"{arm}, {kind}",
                    mean(100 * r["test"] for r in own),
                    mean(r["speed"] / c["dense"]["speed"] for r, c in zip(own, cells, strict=True)),
                    f"{np.mean([r['bytes'] for r in own]):,.0f}",
                ]
            )
    return markdown(["network", "file", "test accuracy, %", "times as fast", "bytes"], lines)


if __name__ == "__main__":
    main()
