"""tfmot's own pruning tests, once as they are and once against tfticket's drop-in.

The tests are in the public repository only:

    git clone --depth 1 https://github.com/tensorflow/model-optimization tfmot
    python benchmarks/tfmot_tests/run.py --repo tfmot

Every test file runs twice, each time in a process of its own, on tf_keras. `stand_in.py` says what
is put in place of what. `results.json` and `table.md` are written beside this file; a file whose
results are there already is run again only with `--again`.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import re
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

from benchmarks import records

HERE = Path(__file__).parent
FOLDER = "tensorflow_model_optimization/python/core/sparsity/keras"
SIGN = "results: "
ARMS = ("tfmot", "tfticket")


class Record(unittest.TestResult):
    """Notes how each test ended, and the last line of what went wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.ended: dict[str, dict] = {}

    def _note(self, test, ending: str, error=None) -> None:
        why = "" if error is None else f"{error[0].__name__}: {error[1]}".strip()
        why = re.sub(r" at 0x[0-9a-f]+", "", " ".join(why.split()))
        name = test.id().partition("_test.")[2]  # after the module
        self.ended[name] = {"ending": ending, "why": why[:200]}

    def addSuccess(self, test):  # noqa: N802
        self._note(test, "passed")

    def addFailure(self, test, err):  # noqa: N802
        self._note(test, "failed", err)

    def addError(self, test, err):  # noqa: N802
        self._note(test, "failed", err)

    def addSkip(self, test, reason):  # noqa: N802
        self._note(test, "skipped")

    def addSubTest(self, test, subtest, err):  # noqa: N802
        if err is not None:
            self._note(test, "failed", err)


def run_one(repo: Path, name: str, arm: str) -> dict:
    """Runs the tests of one file in this process."""
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    sys.path[:0] = [str(repo), str(HERE)]
    from tfticket._tfmot import tfmot

    tfmot()
    if arm == "tfticket":
        import stand_in

        stand_in.put_in_place()
    from absl import flags

    flags.FLAGS(["tests"])
    module = importlib.import_module(f"{FOLDER.replace('/', '.')}.{name}")
    record = Record()
    unittest.defaultTestLoader.loadTestsFromModule(module).run(record)
    return record.ended


def carry_out(args) -> dict:
    """Runs every file with each arm, writing the results as they come."""
    path = HERE / "results.json"
    args.out.mkdir(parents=True, exist_ok=True)
    found = {} if args.again else records.read(path, {})
    names = sorted(p.stem for p in (args.repo / FOLDER).glob("*_test.py"))
    for name in names if args.only is None else args.only:
        for arm in (a for a in args.arms if a not in found.get(name, {})):
            print(name, arm, flush=True)
            command = [sys.executable, __file__, "--repo", str(args.repo), "--one", name, arm]
            with (args.out / f"{name}_{arm}.log").open("w") as log:
                done = subprocess.run(command, stdout=subprocess.PIPE, stderr=log, check=False)
            lines = done.stdout.decode().splitlines()
            ended = [json.loads(x.removeprefix(SIGN)) for x in lines if x.startswith(SIGN)]
            found.setdefault(name, {})[arm] = ended[0] if ended else {"(file)": _crash(done)}
            records.write(path, found, seeds=[], data=[], resumes=not args.again)
    return found


def _crash(done) -> dict:
    return {"ending": "failed", "why": f"the file could not be run: exit status {done.returncode}"}


def table(found: dict) -> str:
    """Counts by file, as Markdown."""
    lines = ["| file | tests | tfmot itself | tfticket in its place |", "|---|---|---|---|"]
    total = {arm: [0, 0] for arm in ARMS}
    for name, arms in sorted(found.items()):
        cells = []
        for arm in ARMS:
            endings = [e["ending"] for e in arms.get(arm, {}).values()]
            run = [e for e in endings if e != "skipped"]
            passed = run.count("passed")
            total[arm] = [total[arm][0] + passed, total[arm][1] + len(run)]
            cells.append(f"{passed} of {len(run)}")
        number = len(arms.get("tfticket", arms.get("tfmot", {})))
        lines.append(f"| `{name}.py` | {number} | {' | '.join(cells)} |")
    sums = [f"{passed} of {run}" for passed, run in total.values()]
    return "\n".join([*lines, f"| together | | {' | '.join(sums)} |"])


def failures(found: dict) -> str:
    """What failed with the drop-in, one line each."""
    return "\n".join(
        f"- `{name}` `{test}`: {e['why']}"
        for name, arms in sorted(found.items())
        for test, e in arms.get("tfticket", {}).items()
        if e["ending"] == "failed"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repo", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("runs/tfmot_tests"), help="for logs")
    parser.add_argument("--only", nargs="+", help="names of test files, without .py")
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=ARMS)
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    args.repo = args.repo.resolve()
    if args.one:
        ended = run_one(args.repo, *args.one)
        sys.stdout.write(f"\n{SIGN}{json.dumps(ended)}\n")
        return
    found = carry_out(args)
    (HERE / "table.md").write_text(f"{table(found)}\n\n{failures(found)}\n")
    print(table(found))


if __name__ == "__main__":
    main()
