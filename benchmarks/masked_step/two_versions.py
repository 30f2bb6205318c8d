"""What a masked `fit` costs in this version and in one before, side by side.

    git worktree add /tmp/before 6d9cab6
    python benchmarks/masked_step/two_versions.py --before /tmp/before

Processes of both versions run the same `fit` in turn: plain, with masks that stay, and pruned ever
more often. The plain one is the same program in both, so its ratio is what the machine and the
processes do to a ratio. Where memory lies differs from process to process, so several pairs of
processes are measured. It also tells whether the traced step with masks is the same program in
both, node by node. Writes `two_versions.json` beside this file.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

from benchmarks import records
from benchmarks.masked_step import checkouts, in_fit, pairs

HERE = Path(__file__).parent
FITS = ("plain", "masked 90 %", *(f"PruneOnSchedule, frequency {f}" for f in (100, 10, 1)))


def answer(net: str, keras: str, blocks: int) -> None:
    """Runs the `fit` that it is asked for, after it has told what the masked one's trace is."""
    pairs.quiet_threads()
    works = in_fit.arms(net, keras, blocks)
    with traces() as traced:
        works["masked 90 %"]()
    program = max(traced, key=len)
    print("trace", hashlib.sha256(program).hexdigest(), flush=True)
    checkouts.answer(works)


class traces:  # noqa: N801, a context like a function's
    """Gathers the graphs that are traced inside a `with` block, as bytes."""

    def __enter__(self) -> list[bytes]:
        from tensorflow.python.eager.polymorphic_function import concrete_function

        self._of, found = concrete_function.ConcreteFunction, []
        self._usual = self._of.__init__

        def init(function, *args, **options):
            self._usual(function, *args, **options)
            found.append(function.graph.as_graph_def().SerializeToString(deterministic=True))

        self._of.__init__ = init
        return found

    def __exit__(self, *_: object) -> None:
        self._of.__init__ = self._usual


def measured(before: Path, net: str, keras: str, names: list[str], blocks: int) -> dict:
    """One pair of processes: CPU seconds of every `fit`, in turn, and whether traces agree."""
    both = [
        checkouts.Version(folder, __file__, net, keras, blocks)
        for folder in (before, checkouts.ROOT)
    ]
    same = len({version.line("trace") for version in both}) == 1
    times = {name: ([], []) for name in names}
    for name in names:  # to warm up
        for version in both:
            version.seconds(name)
    for number in range(blocks):
        order = both if number % 2 else both[::-1]
        for name in names:
            for version in order:
                times[name][both.index(version)].append(version.seconds(name))
    for version in both:
        version.end()
    return {"same trace": same, "seconds": times}


def summary(found: list[dict]) -> dict:
    """Now over before, of every `fit`, over the pairs of all processes together."""
    rows = {}
    for name in found[0]["seconds"]:
        old = [t for pair in found for t in pair["seconds"][name][0]]
        new = [t for pair in found for t in pair["seconds"][name][1]]
        rows[name] = {"pairs": len(new), **pairs.ratio(new, old)}
        rows[name]["of each process"] = [
            pairs.ratio(p["seconds"][name][1], p["seconds"][name][0])["ratio"] for p in found
        ]
    return {"same trace": all(p["same trace"] for p in found), **rows}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--before", type=Path, help="a checkout of the version before")
    parser.add_argument("--net", choices=list(in_fit.NETS), default="lenet_300_100")
    parser.add_argument("--keras", nargs="*", choices=in_fit.KERASES, default=in_fit.KERASES)
    parser.add_argument("--fits", nargs="*", choices=FITS, default=list(FITS))
    parser.add_argument("--blocks", type=int, default=8, help="pairs of one pair of processes")
    parser.add_argument("--processes", type=int, default=5, help="pairs of processes")
    parser.add_argument("--answer", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.answer:
        net, keras, blocks = args.answer
        answer(net, keras, int(blocks))
        return
    path = HERE / "two_versions.json"
    for keras in args.keras:
        name, found = f"{args.net}, {keras}", []
        for _ in range(args.processes):
            found.append(measured(args.before, args.net, keras, args.fits, args.blocks))
            print(name, summary(found), flush=True)
        known = records.read(path, {})
        rows = {**known, name: {**known.get(name, {}), **summary(found)}}
        records.write(path, rows, seeds=[0], data=[], resumes=True)


if __name__ == "__main__":
    main()
