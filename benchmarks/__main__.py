"""Lists and runs the benchmarks, from the top of the repository.

    python -m benchmarks list
    python -m benchmarks run lottery_ticket --steps 100
    python -m benchmarks run structured/latency
    python -m benchmarks index

`index` writes the table in benchmarks/README.md from `catalogue.py`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from benchmarks import index
from benchmarks.catalogue import BENCHMARKS

FOLDER = Path(__file__).parent


def scripts() -> dict[str, Path]:
    """The path of every script by its name: `structured`, `structured/latency`."""
    found = {}
    for one in BENCHMARKS:
        found[one.name] = FOLDER / one.name / "run.py"
        names = [script.name for script in one.scripts if script.name != "run"]
        found |= {f"{one.name}/{name}": FOLDER / one.name / f"{name}.py" for name in names}
    return found


def listed() -> str:
    """A line per benchmark and per script."""
    lines = []
    for one in BENCHMARKS:
        lines += [f"{one.name}: {one.question}"]
        for script in one.scripts:
            minutes = f"  # {script.minutes} min" if script.minutes else ""
            lines += [f"    {one.command(script)}{minutes}"]
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Does what the arguments say.

    Returns:
        The exit status, of the benchmark if one is run.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Runs benchmarks.")
    kinds = parser.add_subparsers(dest="what", required=True)
    kinds.add_parser("list", help="what there is, how it is run and how long it takes")
    kinds.add_parser("index", help="write the table in benchmarks/README.md")
    run = kinds.add_parser("run", help="run one", add_help=False)
    run.add_argument("name", choices=scripts(), metavar="NAME")
    run.add_argument("arguments", nargs=argparse.REMAINDER, help="passed on to the script")
    asked = parser.parse_args(arguments)
    if asked.what == "list":
        print(listed())
    elif asked.what == "index":
        index.write()
    else:
        command = [sys.executable, str(scripts()[asked.name]), *asked.arguments]
        return subprocess.run(command).returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
