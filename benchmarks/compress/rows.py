"""What the comparisons of this folder have in common: their cells, and their tables."""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from networks import NETWORKS

import tfticket as tt
from benchmarks import records
from tfticket.tflite.sizes import gzip_size

__all__ = ["every_cell", "mean", "row", "write_table"]

_NUM_TEST, _SEEDS = 5_000, (0, 1, 2)


def every_cell(
    description: str,
    path: Path,
    cell: Callable[..., dict[str, Any]],
    kinds: Iterable[str] = (),
) -> dict[str, Any]:
    """Runs the cells that the command line asks for and that are not there yet.

    Args:
        description: of the command.
        path: of the results.
        cell: makes one, of a network, a seed, a folder and, if there are any, a kind.
        kinds: of cells, of which the first is run unless others are asked for.

    Returns:
        All that are there.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--out", type=Path, default=Path("runs/compress"))
    parser.add_argument("--networks", nargs="*", choices=list(NETWORKS), default=list(NETWORKS))
    parser.add_argument("--seeds", nargs="*", type=int, default=list(_SEEDS))
    kinds = list(kinds)
    if kinds:
        parser.add_argument("--kinds", nargs="*", choices=kinds, default=kinds[:1])
    args = parser.parse_args()
    data = [records.zoo(source) for source in ("mnist", "cifar10_jpeg")]
    asked = [(kind,) for kind in args.kinds] if kinds else [()]
    for name, seed, kind in itertools.product(args.networks, args.seeds, asked):
        key = "-".join([name, str(seed), *kind])
        if key not in records.read(path, {}):
            made = cell(name, seed, args.out, *kind)
            found = {**records.read(path, {}), key: made}
            records.write(path, found, seeds=list(_SEEDS), data=data, resumes=True)
    return records.read(path)


def row(path: str | Path, data: Any, timed: Any) -> dict[str, Any]:
    """Measures a file on the first 5 000 examples of the test data, and describes it.

    Args:
        path: of the file.
        data: of the zoo.
        timed: its times.
    """
    x, y = data.test.x[:_NUM_TEST].astype(np.float32), data.test.y[:_NUM_TEST]
    (name,) = tt.tflite.File.read(path).input_names
    (run,) = tt.litert.run(path, {name: x}, batch_sizes=(64,), delegates=(True,))
    (outputs,) = run.outputs.values()
    blob = Path(path).read_bytes()
    return {
        "test": float(np.mean(outputs.argmax(-1) == y)),
        "bytes": len(blob),
        "gzip": gzip_size(blob),
        "ms": [timed.p10_ms, timed.p50_ms, timed.p90_ms],
        "speed": timed.speed_p50,
    }


def mean(values: Iterable[float]) -> str:
    """Mean and standard deviation.

    Args:
        values: at least one.
    """
    values = list(values)
    return f"{np.mean(values):.2f} ± {np.std(values, ddof=1) if len(values) > 1 else 0:.2f}"


def write_table(readme: Path, name: str, table: str) -> None:
    """Puts a table between its two marks.

    Args:
        readme: the file.
        name: of the marks.
        table: in Markdown.
    """
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    before, _, rest = readme.read_text(encoding="utf-8").partition(begin)
    after = rest.partition(end)[2]
    readme.write_text(f"{before}{begin}\n\n{table}\n\n{end}{after}", encoding="utf-8")
