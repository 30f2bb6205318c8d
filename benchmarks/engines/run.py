"""One study by three engines, one of which loses a worker: the same files, byte for byte.

    python benchmarks/engines/run.py --out runs/engines

Three recipes, three replicates, six levels, a control of the last one: `tfticket run` with one
training after the other, with two processes, with Ray on this machine, and with Ray again, where a
worker is killed by SIGKILL in the middle. Every file is compared with the first one's, but for the
machine (`environment.json`) and locks. An engine that is in `results.json` is left out. Writes
`results.json` and the report page of the study.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

import psutil

from benchmarks import records

HERE = Path(__file__).parent
ENGINES = {
    "local": ["--threads", "1"],
    "processes": ["--engine", "processes", "--workers", "2"],
    "ray": ["--engine", "ray"],
    "ray, a worker killed": ["--engine", "ray"],
}
LEFT_OUT = ("environment.json", ".lock")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("runs/engines"))
    args = parser.parse_args()
    found: dict[str, Any] = records.read(HERE / "results.json", {})
    for name, flags in ENGINES.items():
        place = args.out / name.replace(", ", "_").replace(" ", "_")
        if name in found:
            continue
        row = carried_out(place, flags, is_killed="killed" in name)
        here, there = files_of(args.out / "local"), files_of(place)
        row |= {"files": len(there), "different": sorted(different(here, there))}
        found[name] = row
        print(name, row, flush=True)
        records.write(
            HERE / "results.json",
            found,
            seeds=[0, 1, 2],
            data=[records.zoo("mnist")],
            resumes=True,
        )
    from tfticket.experiments.reporting import write_report

    write_report(args.out / "local", HERE / "report.html")


def carried_out(place: Path, flags: list[str], *, is_killed: bool) -> dict[str, Any]:
    """Runs the study; kills a worker once four networks are trained, if asked to."""
    command = [sys.executable, "-m", "tfticket", "run", str(HERE / "study.yaml"), *flags]
    path = os.pathsep.join(filter(None, [str(records.ROOT), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": path, "TF_CPP_MIN_LOG_LEVEL": "3"}
    start = time.monotonic()
    program = subprocess.Popen(
        [*command, "--out", str(place)], env=environment, stdout=subprocess.DEVNULL
    )
    killed = []
    while program.poll() is None:
        time.sleep(0.2)
        if is_killed and not killed and len(list(place.glob("*/*/*/metrics.json"))) >= 4:
            worker = busy_worker(program.pid)
            if worker is not None:
                os.kill(worker.pid, signal.SIGKILL)
                killed.append(worker.pid)
    if program.returncode:
        raise SystemExit(f"tfticket ended with {program.returncode}")
    return {"seconds": round(time.monotonic() - start), "workers_killed": len(killed)}


def busy_worker(pid: int) -> psutil.Process | None:
    """A process of Ray that carries something out."""
    for process in psutil.Process(pid).children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if " ".join(process.cmdline()).startswith("ray::_call"):  # not one of Ray's own
                return process
    return None


def files_of(place: Path) -> dict[str, bytes]:
    """Every file of every run, and of what they share, by name."""
    return {
        p.relative_to(place).as_posix(): p.read_bytes()
        for p in sorted(place.rglob("*"))
        if p.is_file() and p.name not in LEFT_OUT
    }


def different(one: dict[str, bytes], other: dict[str, bytes]) -> set[str]:
    """Names of files that are not in both, or not the same."""
    return {n for n in {*one, *other} if one.get(n) != other.get(n)}


if __name__ == "__main__":
    main()
