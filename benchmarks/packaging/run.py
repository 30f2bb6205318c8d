"""Installs the wheel and the sdist in empty environments, and runs the demo and tests there.

    python benchmarks/packaging/run.py

builds both with uv, installs each as `tfticket[all]` beside pytest, copies the tests to a folder
without the package, and runs what `SUBSET` names against what is installed. Writes `results.json`
and prints the table. It needs uv and a network.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

from benchmarks import records

HERE = Path(__file__).parent
ROOT = records.ROOT
#: The tests that need nothing of the repository but themselves.
SUBSET = (
    "tests/enforcement",
    "tests/export/test_onnx.py",
    "tests/export/test_quantizers.py",
    "tests/export/test_tflite.py",
    "tests/litert/test_latency.py",
    "tests/slimming/test_shrink.py",
    "tests/test_masks.py",
    "tests/tfmot_bridge/test_pruning_summaries.py",
)
BESIDE = ("pytest", "pytest-xdist", "hypothesis")
TIMEOUT_SECONDS = 3600


def main() -> int:
    """Runs both.

    Returns:
        1 if a test failed, else 0.
    """
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", default="3.11", help="version or path of the Python")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="packaging_") as name:
        folder = Path(name)
        _printed(["uv", "build", "--quiet", "--out-dir", str(folder / "dist"), str(ROOT)], folder)
        (wheel,) = (folder / "dist").glob("*.whl")
        (sdist,) = (folder / "dist").glob("*.tar.gz")
        found = {path.name: tried(path, folder, args.python) for path in (wheel, sdist)}
    records.write(HERE / "results.json", found, seeds=[], data=[])
    print("| file | MB | packages with it | demo | tests |", "|---|---|---|---|---|", sep="\n")
    for name, row in found.items():
        print(
            f"| {name} | {row['file_bytes'] / 1e6:.1f} | {row['packages']} |"
            f" {row['demo_seconds']} s |"
            f" {row['passed']} passed, {row['skipped']} skipped, {row['failed']} failed |"
        )
    return int(any(row["failed"] for row in found.values()))


def tried(path: Path, folder: Path, python: str) -> dict[str, Any]:
    """Installs one file in an empty environment, and uses it from an empty folder."""
    place, work = folder / f"{path.name}.env", folder / f"{path.name}.work"
    inside = place / "bin" / "python"
    _printed(["uv", "venv", "--quiet", "--python", python, str(place)], folder)
    install = ["uv", "pip", "install", "--quiet", "--python", str(inside)]
    _printed([*install, f"{path}[all]", *BESIDE], folder)
    work.mkdir()
    origin = _printed([str(inside), "-c", "import tfticket; print(tfticket.__file__)"], work)
    if not origin.strip().startswith(str(place)):
        raise RuntimeError(f"what is imported must be what was installed. Received: {origin}")
    start = time.monotonic()
    _printed([str(inside.parent / "tfticket"), "demo", "--out", "demo"], work)
    seconds = round(time.monotonic() - start)
    for name in ("tests", "benchmarks"):  # tests take networks from benchmarks
        shutil.copytree(ROOT / name, work / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", work)
    test = [str(inside), "-m", "pytest", "-q", "--numprocesses", "2", "--dist", "loadfile", *SUBSET]
    last = _printed(test, work, may_fail=True).strip().splitlines()[-1]
    counts = {word: int(n) for n, word in re.findall(r"(\d+) (passed|failed|skipped|error)", last)}
    if not counts.get("passed"):
        raise RuntimeError(f"no test was run: {last}")
    return {
        "file_bytes": path.stat().st_size,
        "packages": len(
            _printed([*install[:1], "pip", "list", "--python", str(inside)], work).splitlines()
        )
        - 2,
        "demo_seconds": seconds,
        "passed": counts["passed"],
        "skipped": counts.get("skipped", 0),
        "failed": counts.get("failed", 0) + counts.get("error", 0),
    }


def _printed(command: list[str], folder: Path, *, may_fail: bool = False) -> str:
    """What a command prints, run where nothing points to the repository."""
    apart = {n: v for n, v in os.environ.items() if not n.startswith("PYTHON")}
    done = subprocess.run(
        command, cwd=folder, env=apart, capture_output=True, text=True, timeout=TIMEOUT_SECONDS
    )
    if done.returncode and not may_fail:
        raise RuntimeError(f"{command} failed: {(done.stdout + done.stderr)[-2000:]}")
    if done.returncode:
        print(done.stdout[-3000:], file=sys.stderr)
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
