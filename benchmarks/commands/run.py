"""Times what needs no TensorFlow, and `tfticket export`, each go in a process of its own.

python benchmarks/commands/run.py [--goes 5]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

from benchmarks import records
from benchmarks.commands import workshop
from benchmarks.commands.cases import ANSWERS, ERRORS, Case

__all__ = ["main"]

MOST_SECONDS, MOST_OF_EXPORT = 1.0, 5.0
TENSORFLOW = "import tensorflow"
BASES = (
    *("pass", "import numpy", "import typer", TENSORFLOW),
    *("import tensorflow, keras", "import tensorflow, tf_keras"),
)
PARTS = "from benchmarks.commands.parts import main; main()"
#: A command, which says at its end whether TensorFlow was imported.
PROGRAM = """
import sys
from tfticket.cli import main
try:
    main()
finally:
    sys.stderr.write("\\nloaded" if "tensorflow" in sys.modules else "\\nnot loaded")
"""


@dataclass
class Times:
    """Seconds of every go.

    Args:
        cpu: of the processor, of the process and of those that it waited for.
        wall: on the clock.
        has_tensorflow: whether TensorFlow was imported.
    """

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    has_tensorflow: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Medians."""
        found = {n: round(statistics.median(getattr(self, n)), 3) for n in ("cpu", "wall")}
        return {**found, "loads_tensorflow": self.has_tensorflow}


def main() -> None:
    """Measures everything and writes `results.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--goes", type=int, default=5, help="of which the median is taken")
    goes = parser.parse_args().goes
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "runs"
        folder.mkdir()
        environment = _environment(Path(name) / "bytecode")
        workshop.make(folder, environment)
        found = {
            "bases": {code: _timed_code(code, goes, environment) for code in BASES},
            "answers": _timed_cases(ANSWERS, goes, folder, environment),
            "errors": {
                kind: _timed_cases(cases, goes, folder, environment)
                for kind, cases in ERRORS.items()
            },
            "export": _export(goes, folder, environment),
        }
    rows = {**found["answers"], **{n: r for e in found["errors"].values() for n, r in e.items()}}
    found["over"] = [n for n, row in rows.items() if row["cpu"] > MOST_SECONDS]
    found["loading"] = [n for n, row in rows.items() if row["loads_tensorflow"]]
    _say(found, rows)
    data = [records.dataset("digits", "as `zoo.load_data` splits it")]
    records.write(Path(__file__).with_name("results.json"), found, seeds=[0], data=data)


def _environment(bytecode: Path) -> dict[str, str]:
    """With the bytecode that an installation leaves, wherever packages were installed without."""
    left = {n: v for n, v in os.environ.items() if n != "PYTHONDONTWRITEBYTECODE"}
    own = {"PYTHONPATH": str(records.ROOT), "COLUMNS": "100", "TF_CPP_MIN_LOG_LEVEL": "3"}
    return {**left, **own, "PYTHONPYCACHEPREFIX": str(bytecode)}


def _timed_code(code: str, goes: int, environment: Mapping[str, str]) -> dict[str, Any]:
    times = Times(has_tensorflow="tensorflow" in code)
    for number in range(goes + 1):
        _go(["-c", code], environment, times if number else Times())
    print(f"{times.to_dict()}  {code}", flush=True)
    return times.to_dict()


def _timed_cases(
    cases: Iterable[Case], goes: int, folder: Path, environment: Mapping[str, str]
) -> dict[str, Any]:
    found = {}
    for case in cases:
        times = Times()
        for number in range(goes + 1):  # the first one writes bytecode
            arguments = ["-c", PROGRAM, *case.arguments(str(folder))]
            code, said = _go(arguments, environment, times if number else Times())
            if code != case.code or case.says not in said:
                raise RuntimeError(f"`tfticket {case.line}` ended with {code}: {said}")
            times.has_tensorflow = not said.endswith("not loaded")
        found[case.line.replace("{w}", "runs")] = times.to_dict()
        print(f"{times.to_dict()}  {case.line}", flush=True)
    return found


def _export(goes: int, folder: Path, environment: Mapping[str, str]) -> dict[str, Any]:
    """The whole command, and its parts in a process that takes them apart."""
    whole, parts = Times(has_tensorflow=True), []
    out = str(folder / "new.tflite")
    command = ["-m", "tfticket", "export", str(folder / "run"), "--to", "tflite", "--out", out]
    taking = ["-c", PARTS, str(folder / "run"), out]
    for number in range(goes + 1):
        code, said = _go(command, environment, whole if number else Times())
        if code:
            raise RuntimeError(said)
        called = [sys.executable, *taking]
        taken = subprocess.run(called, env=environment, check=True, stdout=subprocess.PIPE)
        parts += [json.loads(taken.stdout.decode().splitlines()[-1])] if number else []
    named = {n: round(statistics.median(p[n] for p in parts), 3) for n in parts[0]}
    beyond = sum(seconds for name, seconds in named.items() if name != "TensorFlow")
    return {"whole": whole.to_dict(), "parts": named, "beyond_tensorflow": round(beyond, 2)}


def _go(arguments: list[str], environment: Mapping[str, str], times: Times) -> tuple[int, str]:
    """Runs Python once; its code, and what it said."""
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *arguments], env=environment, stdout=said, stderr=said
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        times.wall.append(time.perf_counter() - start)
        times.cpu.append(used.ru_utime + used.ru_stime)
        said.seek(0)
        return process.returncode, said.read().decode("utf-8", "replace").rstrip()


def _say(found: Mapping[str, Any], rows: Mapping[str, Any]) -> None:
    for kind, some in {"answers": found["answers"], **found["errors"]}.items():
        cpu = [row["cpu"] for row in some.values()]
        print(f"{kind}: {len(cpu)}, {min(cpu):.2f} to {max(cpu):.2f} s")
    print(f"over {MOST_SECONDS:g} s of {len(rows)}: {found['over'] or 'none'}")
    print(f"which import TensorFlow: {found['loading'] or 'none'}")
    export = found["export"]
    verdict = "within" if export["beyond_tensorflow"] <= MOST_OF_EXPORT else "over"
    print(json.dumps(export, indent=1))
    print(f"beyond TensorFlow: {export['beyond_tensorflow']} s, {verdict} {MOST_OF_EXPORT:g} s")


if __name__ == "__main__":
    main()
