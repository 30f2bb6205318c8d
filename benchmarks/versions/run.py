"""Runs the fast part of the tests under many versions of what tfticket stands on.

    python benchmarks/versions/run.py
    python benchmarks/versions/run.py --row colab --row floors --python 3.13=/opt/python3.13

writes `results.json` and the table in `README.md` after every row. Environments are kept under
`.matrix/`. A row that passed and whose package and tests have not changed since is not run again
without `--again`; of versions that came out since, nothing is known then.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

import environments
import table
from environments import ROOT, NotRunError
from rows import QUICK, ROWS, Row

HERE = Path(__file__).parent
#: What the pins of a row are also run with, where its own Python is missing and any is allowed.
OTHERS = ("3.12", "3.11")


def main() -> int:
    """Runs the rows that are asked for.

    Returns:
        1 if a test failed, else 0; also where a row could not be run.
    """
    wishes = _wishes()
    results = {} if wishes.quick else table.read(HERE)
    chosen = [row for row in ROWS if not wishes.row or row.name in wishes.row]
    if wishes.quick:
        chosen = [dataclasses.replace(row, tests=QUICK) for row in chosen]
    for row in chosen:
        known = results.get(row.name)
        if known and known.is_good and known.source == fingerprint(row) and not wishes.again:
            print(f"{row.name}: passed before", flush=True)
            continue
        results[row.name] = run(row, wishes)
        print(f"{row.name}: {told(results[row.name])}", flush=True)
        if not wishes.quick:
            table.write({r.name: results[r.name] for r in ROWS if r.name in results}, HERE)
    return int(any(results[row.name].failures for row in chosen))


def run(row: Row, wishes: argparse.Namespace) -> table.Result:
    """Runs one row."""
    given = dict(pair.partition("=")[::2] for pair in wishes.python)
    pythons = (row.python, *(OTHERS if wishes.any_python else ()))
    try:
        python = _first(pythons, given)
        inside = environments.prepare(row, python)
    except NotRunError as reason:
        return table.Result(fingerprint(row), reason=str(reason))
    found = environments.versions(inside)
    if not found["python"].startswith(f"{row.python}."):
        print(f"{row.name}: Python {found['python']} stands in for {row.python}", flush=True)
    start = time.monotonic()
    counts, failures = tested(row, inside, wishes.workers, with_both=not wishes.quick)
    seconds = round(time.monotonic() - start)
    return table.Result(fingerprint(row), found, counts, failures, seconds)


def tested(
    row: Row, python: Path, workers: int, *, with_both: bool
) -> tuple[dict[str, int], tuple[str, ...]]:
    """Runs the tests of a row.

    Returns:
        The number of tests by outcome, and the tests that failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short"]
        command += ["--numprocesses", str(workers), "--dist", "loadfile", f"--junitxml={report}"]
        # In short, Keras 3 alone; in full, everything with both.
        command += ["--both"] if with_both else ["-k", "not tf_keras"]
        # Floors that came out before the newest of what they stand on are told of its changes.
        command += ["-W", "ignore::DeprecationWarning"] if row.is_lowest else []
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
        output = environments.FOLDER / f"{row.name}.txt"
        with output.open("w") as opened:
            ended = subprocess.run(
                [*command, *row.tests], cwd=ROOT, env=environment, stdout=opened, stderr=opened
            )
        cases = ET.parse(report).iter("testcase") if report.exists() else ()
        outcomes = {f"{c.get('classname')}::{c.get('name')}": _outcome(c) for c in cases}
    if ended.returncode not in (0, 1) or not outcomes:
        return {}, (f"pytest itself (code {ended.returncode}): see {output.relative_to(ROOT)}",)
    kinds = ("passed", "failed", "skipped")
    counts = {kind: sum(o == kind for o in outcomes.values()) for kind in kinds}
    return counts, tuple(sorted(n for n, outcome in outcomes.items() if outcome == "failed"))


def fingerprint(row: Row) -> str:
    """Tells whether anything of the package, the tests of a row or their set-up has changed."""
    files = [ROOT / "setup.py", ROOT / "pyproject.toml", ROOT / "tests" / "conftest.py"]
    for name in ("tfticket", *row.tests):
        path = ROOT / name
        files += sorted(path.rglob("*.py")) if path.is_dir() else [path]
    texts = [f.read_bytes() for f in files] + [repr(row).encode()]
    return hashlib.sha256(b"\0".join(texts)).hexdigest()[:16]


def told(result: table.Result) -> str:
    """One line on a result."""
    if result.reason:
        return f"not run: {result.reason}"
    counts = ", ".join(f"{count} {kind}" for kind, count in result.counts.items())
    return "\n  ".join([f"{counts} in {result.seconds:.0f} s", *result.failures])


def _first(pythons: tuple[str, ...], given: dict[str, str]) -> str:
    for version in pythons[:-1]:
        try:
            return environments.interpreter(version, given)
        except NotRunError:
            continue
    return environments.interpreter(pythons[-1], given)


def _outcome(case: ET.Element) -> str:
    kinds = {child.tag for child in case}
    if kinds & {"failure", "error"}:
        return "failed"
    return "skipped" if "skipped" in kinds else "passed"


def _wishes() -> argparse.Namespace:
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    names = [row.name for row in ROWS]
    asked.add_argument(
        "--row", action="append", choices=names, help="only this row; may be given again"
    )
    asked.add_argument("--python", action="append", default=[], metavar="3.13=PATH")
    asked.add_argument("--any-python", action="store_true", help="another Python may stand in")
    asked.add_argument("--again", action="store_true", help="run also what has passed")
    asked.add_argument("--quick", action="store_true", help="a part of the tests, and no table")
    asked.add_argument("--workers", type=int, default=2, help="test processes")
    return asked.parse_args()


if __name__ == "__main__":
    sys.exit(main())
