"""A lottery search end to end beside open_lth's: a level, the start, a step.

Both search on LeNet-300-100 and MNIST in batches of 128, two epochs a level, on one thread, each in
a process of its own, taking turns. What is said is the processor's user time.

    pip install torch torchvision
    git clone https://github.com/facebookresearch/open_lth
    python benchmarks/against_open_lth/run.py --repository open_lth

writes `results.json` beside this file, part by part, and goes on from there when started again;
delete it to measure anew.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

from benchmarks import records
from benchmarks.against_open_lth import searches, their_search

HERE = Path(__file__).parent


def search_by_search(args: argparse.Namespace, scratch: Path) -> dict[str, Any]:
    """Times whole searches in turn, after one of each side that nobody counts."""
    from benchmarks.against_open_lth.images import write_mnist

    write_mnist(scratch / "open_lth_datasets" / "mnist")
    sides = searches.Searches(str(Path(args.repository).resolve()), scratch)
    sides.ours(1, "keras,savedmodel,tflite")  # leaves bytecode behind
    sides.theirs(0)
    arms = sides.arms(args.short, args.long)
    times: dict[str, list[float]] = {name: [] for name in arms}
    for turn in range(args.turns):
        for name, work in arms.items():
            times[name].append(round(work(), 2))
            print(turn, name, times[name][-1], flush=True)
    found = searches.per_level(times, args.short, args.long)
    return {"prunings": [args.short, args.long], "user CPU seconds": times, **found}


def in_a_new_process(scratch: Path, option: str, *more: str) -> Any:
    """Has a part measured by this script in a process that has loaded nothing yet."""
    command = [sys.executable, __file__, option, *more]
    options = {"env": searches.environment(scratch), "check": True}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, **options)
    return json.loads(done.stdout.splitlines()[-1])


def planned(args: argparse.Namespace, scratch: Path) -> dict[str, Callable[[], Any]]:
    """What is measured, by its name in the results."""

    def start() -> list[dict[str, float]]:
        turns = range(args.turns + 1)  # the first leaves bytecode behind
        return [in_a_new_process(scratch, "--parts") for _ in turns][1:]

    found: dict[str, Callable[[], Any]] = {
        "the start": start,
        "a step": lambda: in_a_new_process(scratch, "--steps", str(args.blocks)),
    }
    if args.repository:
        found["searches"] = lambda: search_by_search(args, scratch)
    return found


def measured_here(args: argparse.Namespace) -> bool:
    """Measures what this process was started for, if for a part."""
    if args.theirs:
        their_search.search(args.theirs[0], args.theirs[1:])
    elif args.parts:
        from benchmarks.against_open_lth.start import parts

        print(json.dumps(parts()))
    elif args.steps:
        from benchmarks.against_open_lth import steps
        from benchmarks.masked_step import pairs

        pairs.quiet_threads()
        print(json.dumps(steps.measured(searches.NUM_STEPS, args.steps)))
    return bool(args.theirs or args.parts or args.steps)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repository", help="clone of open_lth; without it nothing is compared")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--short", type=int, default=1, help="prunings of the shorter search")
    parser.add_argument("--long", type=int, default=3, help="prunings of the longer one")
    parser.add_argument("--blocks", type=int, default=12, help="blocks of steps, of each arm")
    parser.add_argument("--theirs", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    parser.add_argument("--parts", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--steps", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if measured_here(args):
        return
    path = HERE / "results.json"
    found = records.read(path, {"threads": 1})
    with tempfile.TemporaryDirectory() as scratch:
        for name, measure in planned(args, Path(scratch)).items():
            if name not in found:
                found[name] = measure()
                print(name, json.dumps(found[name], indent=1), flush=True)
                records.write(path, found, seeds=[0], data=[records.zoo("mnist")], resumes=True)


if __name__ == "__main__":
    main()
