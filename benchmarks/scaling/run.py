"""How cost grows with weights, layers, rounds and replicates: one page of plots.

    python benchmarks/scaling/run.py

Each point is measured by `subjects.py` in a process of its own, on one thread. Writes
`results.json`, which goes on where it stopped, and `scaling.png` beside this file.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

from benchmarks import records

HERE = Path(__file__).parent
DEPTH, WEIGHTS = 10, 10**7
_SIZES = [(n, DEPTH) for n in (10**5, 10**6, 10**7)]
_DEPTHS = [(WEIGHTS, d) for d in (30, 100, 300, 1_000)]
#: What is measured where: weights and layers, or rounds and replicates.
GRID: dict[str, list[tuple[int, int]]] = {
    "global_prune": [*_SIZES, (10**8, DEPTH), *_DEPTHS, (10**8, 1_000)],
    "update": [*_SIZES, (10**8, DEPTH), *_DEPTHS],
    "channels": [*_SIZES, *_DEPTHS[:3]],
    "synflow": [*_SIZES, *_DEPTHS[:2]],  # in 300 layers the flow leaves float64's range
    "run_of": [(1, 1), (2, 1), (4, 1), (8, 1), (2, 2), (2, 4)],
}
#: Work, number in its result, what it is called.
LINES = (
    ("global_prune", "seconds", "global prune"),
    ("global_prune", "partition", "np.partition"),
    ("update", "seconds", "select per layer"),
    ("channels", "choose", "choose channels"),
    ("channels", "shrink", "shrink"),
    ("synflow", "first", "SynFlow, 5 rounds"),
    ("synflow", "second", "… the same model again"),
)


def measured(work: str, point: tuple[int, int]) -> dict[str, Any]:
    command = [sys.executable, __file__, "--measure", work, *map(str, point)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def line(results: dict[str, Any], work: str, key: str, axis: int) -> tuple[list, list]:
    """The points of a work that differ in weights (0), or in layers (1), alone."""
    fixed = DEPTH if axis == 0 else WEIGHTS
    points = [p for p in GRID[work] if p[1 - axis] == fixed and key_of(work, p) in results]
    points.sort()
    return [p[axis] for p in points], [results[key_of(work, p)][key] for p in points]


def key_of(work: str, point: tuple[int, int]) -> str:
    return f"{work} {point[0]} {point[1]}"


def draw(results: dict[str, Any]) -> Any:
    """CPU seconds over weights, layers, and what a run takes by trainings."""
    from tfticket.reports import plots

    figure = plots.new_figure((12.5, 4.2))
    panels = figure.subplots(1, 3)
    titles = (f"weights, in {DEPTH} layers", f"layers, of {WEIGHTS:.0e} weights")
    for axis, (panel, title) in enumerate(zip(panels, titles, strict=False)):
        for work, key, label in LINES:
            panel.plot(*line(results, work, key, axis), marker="o", markersize=3, label=label)
        panel.set(xscale="log", yscale="log", xlabel=title, ylabel="CPU seconds, one thread")
    panels[0].legend(frameon=False, fontsize=8)
    runs = [results[key_of("run_of", p)] for p in GRID["run_of"] if key_of("run_of", p) in results]
    for number, (rounds, replicates) in enumerate(GRID["run_of"][: len(runs)]):
        found = runs[number]
        panels[2].plot(
            found["trainings"], found["seconds"], marker="os^"[replicates // 2], color="C0"
        )
        panels[2].annotate(f" {rounds} × {replicates}", (found["trainings"], found["seconds"]))
    panels[2].set(
        xlabel="trainings of a lottery ticket (rounds × replicates)",
        ylabel="CPU seconds of the run",
        xlim=(0, 1.15 * max(found["trainings"] for found in runs)),
        ylim=(0, None),
    )
    return figure


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--works", nargs="*", choices=list(GRID), default=list(GRID))
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        from benchmarks.scaling import subjects

        name, *numbers = args.measure
        subjects.measure(name, map(int, numbers))
        return
    path = HERE / "results.json"
    for work in args.works:
        for point in GRID[work]:
            if key_of(work, point) not in records.read(path, {}):
                found = {**records.read(path, {}), key_of(work, point): measured(work, point)}
                records.write(path, found, seeds=[0], data=[], resumes=True)
            print(key_of(work, point), records.read(path)[key_of(work, point)], flush=True)
    from tfticket.reports import plots

    plots.save(draw(records.read(path)), HERE / "scaling.png")


if __name__ == "__main__":
    main()
