"""Tries every bad input in one process, and counts how they end.

python benchmarks/bad_inputs/run.py [--only TEXT]
"""

from __future__ import annotations

import argparse
import collections
import re
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

from benchmarks import records
from benchmarks.bad_inputs import workshop
from benchmarks.bad_inputs.cases import all_cases, tried
from tfticket.zoo.tfds import root_folder

__all__ = ["main"]


def main() -> None:
    """Writes `results.json` unless only some are tried."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="those whose name has this text")
    only = parser.parse_args().only
    counts: collections.Counter[str] = collections.Counter()
    rows, data = [], str(root_folder(None))
    with tempfile.TemporaryDirectory() as name:
        folder = workshop.make(Path(name))
        for case in (c for c in all_cases() if only in c.name):
            outcome = tried(case, folder)
            counts[outcome.kind] += 1
            said = outcome.said.replace(str(folder), "{f}").replace(data, "{data}")
            said = re.sub("0x[0-9a-f]+", "0x…", said)  # addresses differ each time
            rows.append({"case": case.name, "outcome": outcome.kind, "said": said[:300]})
            if outcome.kind != "clear":
                print(f"{outcome.kind}: {case.name}\n    {said[:600]}", flush=True)
    print(dict(counts))
    if not only:
        results = {"num_cases": len(rows), "counts": dict(counts), "cases": rows}
        path = Path(__file__).with_name("results.json")
        records.write(path, results, seeds=[0], data=[])


if __name__ == "__main__":
    main()
