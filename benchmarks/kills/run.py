"""Runs that are killed at random moments, gone on with, and compared with one that was not.

    python benchmarks/kills/run.py --count 5

For each of six recipes `tfticket find` runs once to its end. Then a fresh run is killed by SIGKILL
at a moment drawn between its first file and its end, started again, and every file of the folder
compared, byte for byte; `count` times. Left out are the machine (`environment.json`), the lock, and
the SavedModel, into which TensorFlow writes a random number, with its digests and sizes in the
report. Writes `results.json` after every recipe and prints the table.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

from benchmarks import records
from tfticket.tables import markdown

HERE = Path(__file__).parent
COMMON = ["--data", "digits", "--num-steps", "20", "--steps-per-execution", "5"]
RECIPES = {
    "lottery_ticket": ["--model", "lenet_300_100", "--sparsity", "0.5", "--rounds", "2"],
    "late_rewinding": ["--model", "lenet_300_100", "--sparsity", "0.5", "--rewind-to", "5"],
    "gradual": ["--model", "lenet_300_100", "--sparsity", "0.5"],
    "synflow": ["--model", "lenet_300_100", "--sparsity", "0.8", "--rounds", "5"],
    "edge_popup": ["--model", "lenet_300_100"],
    "l1_filters": ["--model", "vgg_small", "--fine-tune-steps", "10"],
}
#: Of a report: what hangs on the SavedModel.
SAVED = "saved_model"
LEFT_OUT = ("environment.json", ".lock")
TIMEOUT_SECONDS = 900


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=5, help="kills of each recipe")
    args = parser.parse_args()
    found: dict[str, Any] = {}
    for recipe in RECIPES:
        found[recipe] = killed(recipe, args.count)
        print(recipe, found[recipe], file=sys.stderr, flush=True)
        records.write(
            HERE / "results.json",
            found,
            seeds=range(args.count),
            data=[records.dataset("digits", "1 293 train / 144 validation / 360 test examples")],
        )
    header = ["recipe", "kills", "equal", "moments, seconds after the first file"]
    rows = [
        [n, str(r["kills"]), str(r["equal"]), ", ".join(f"{m:.1f}" for m in r["moments"])]
        for n, r in found.items()
    ]
    print(markdown(header, rows))


def killed(recipe: str, count: int) -> dict[str, Any]:
    """Kills runs of one recipe and counts those that end with the same bits."""
    with tempfile.TemporaryDirectory(prefix="kills_") as name:
        folder = Path(name)
        seconds = started(recipe, folder / "whole", None)
        expected = contents(folder / "whole")
        equal, moments, differing = 0, [], {}
        for seed in range(count):
            moment = random.Random(f"{recipe} {seed}").uniform(0, seconds)
            root = folder / f"killed_{seed}"
            started(recipe, root, moment)
            started(recipe, root, None)
            found = contents(root)
            moments.append(round(moment, 2))
            if found == expected:
                equal += 1
            else:
                names = sorted(set(found) | set(expected))
                differing[seed] = [n for n in names if found.get(n) != expected.get(n)]
    return {"kills": count, "equal": equal, "moments": moments, "differing": differing}


def started(recipe: str, root: Path, moment: float | None) -> float:
    """Runs to the end, or kills the process so long after its first file; returns that time."""
    command = [sys.executable, "-m", "tfticket", "find", recipe, *RECIPES[recipe], *COMMON]
    process = subprocess.Popen(
        [*command, "--out", str(root)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not (root / "spec.json").exists() and process.poll() is None:
        time.sleep(0.01)
    first = time.monotonic()
    if moment is not None:
        while process.poll() is None and time.monotonic() < first + moment:
            time.sleep(0.002)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return moment
    _, errors = process.communicate(timeout=deadline - time.monotonic())
    if process.returncode:
        raise RuntimeError(f"{command} failed: {errors.decode()[-2000:]}")
    return time.monotonic() - first


def contents(root: Path) -> dict[str, Any]:
    """Every file that is compared, and the report without what hangs on the SavedModel."""
    found: dict[str, Any] = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_file() and path.name not in LEFT_OUT and not name.startswith(f"{SAVED}/"):
            found[name] = path.read_bytes()
    report = json.loads(found["report.json"])
    del report["sha256"]
    for part in ("files", "exports", "products"):
        report[part] = {n: v for n, v in report[part].items() if not n.startswith(SAVED)}
    found["report.json"] = report
    return found


if __name__ == "__main__":
    main()
