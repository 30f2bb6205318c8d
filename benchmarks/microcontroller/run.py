"""What a microcontroller makes of small networks, and what `tflite.micro` said of them.

    python benchmarks/microcontroller/run.py

Each network of `networks.py` is exported as float32 and int8, one with zeros in every way there is;
`tflite.micro` looks at the file, and then it runs on tflite-micro (extra `micro`) and on LiteRT.
Started again it goes on. Writes `results.json` and the table in `README.md`.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

import keras
import networks
import numpy as np

from benchmarks import records
from tfticket import export, litert, tflite
from tfticket.errors import ExportError
from tfticket.export.signature import signature
from tfticket.litert.comparison import difference
from tfticket.litert.on_micro import micro_runtime_version, run_on_micro
from tfticket.tables import markdown

HERE, SEED = Path(__file__).parent, 0
MARKS = "<!-- table -->", "<!-- end of table -->"
#: Ways to store the zeros of one network.
WAYS: dict[str, dict[str, Any]] = {
    "dense network, zeros stored": {"sparse": "none"},
    "dense network, sparse, to be unpacked": {"sparse": "storage"},
    "dense network, sparse, read as it is": {"sparse": "compute"},
    "dense network, float16": {"weights": "float16", "sparse": "none"},
    "dense network, dynamic": {"weights": "dynamic"},
    "dense network, int8": {"weights": "int8"},
}


def chosen() -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """Yields names, functions that make a network, and how it is to be exported."""
    for name, make in networks.networks(keras):
        for weights in ("float32", "int8"):
            yield f"{name}, {weights}", make, {"weights": weights}
    for name, how in WAYS.items():
        yield name, lambda: networks.dense(keras), how


def row(path: Path, make: Any, how: dict[str, Any]) -> dict[str, Any]:
    """Exports a network, asks about the file, and runs it."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(SEED)
    model = make()
    (inputs,) = signature(model).sample(32, SEED).values()
    if how.get("weights") == "int8":
        how = {**how, "representative_data": inputs}
    try:
        export.tflite(model, path, inputs=inputs, overwrite=True, **how)
    except ExportError as error:
        return {"outcome": f"not made: {str(error).splitlines()[0][:150]}"}
    said = tflite.micro(path)
    return {
        "operators": said.operators,
        "obstacles": [f"{o.operator} {o.reason}" for o in said.obstacles],
        "is_silent": any(o.is_silent for o in said.obstacles),
        "activation_bytes": said.activation_bytes,
        **outcome(path, inputs),
    }


def outcome(path: Path, inputs: np.ndarray) -> dict[str, Any]:
    """Runs a file on both runtimes."""
    file = tflite.File.read(path)
    fed = {file.input_names[0]: inputs}
    (reference,) = [r for r in litert.run(path, fed, batch_sizes=(1,)) if r.has_delegates]
    try:
        found = run_on_micro(path, fed, 1)
    except ExportError as error:
        return {"outcome": "refused", "said": str(error).partition("microcontroller: ")[2][:120]}
    apart = difference(found.outputs[0], next(iter(reference.outputs.values())))[1]
    is_right = apart < (0.1 if "QUANTIZE" in {o.name for o in file.operators} else 1e-4)
    shown = None if not np.isfinite(apart) else float(f"{apart:.2g}")
    return {
        "outcome": "right" if is_right else "garbage",
        "difference": shown,
        "arena_bytes": found.arena_bytes,
    }


def main() -> None:
    found = records.read(HERE / "results.json", {"runtime": micro_runtime_version(), "rows": {}})
    rows = found["rows"]
    with tempfile.TemporaryDirectory() as folder:
        for name, make, how in chosen():
            if name not in rows:
                rows[name] = row(Path(folder) / "file.tflite", make, how)
                records.write(HERE / "results.json", found, seeds=[SEED], data=[], resumes=True)
                print(f"{name}: {rows[name]['outcome']}", flush=True)
    readme = HERE / "README.md"
    before, _, rest = readme.read_text(encoding="utf-8").partition(MARKS[0])
    after = rest.partition(MARKS[1])[2]
    text = f"{before}{MARKS[0]}\n\n{table(rows)}\n\n{MARKS[1]}{after}"
    readme.write_text(text, encoding="utf-8")


def table(rows: dict[str, Any]) -> str:
    """Renders what was said of the files against what became of them."""
    made = [row for row in rows.values() if "operators" in row]
    lines = []
    for label, has_obstacle in (("no obstacle", False), ("an obstacle", True)):
        own = [row for row in made if bool(row["obstacles"]) is has_obstacle]
        counts = [sum(r["outcome"] == o for r in own) for o in ("right", "refused", "garbage")]
        lines.append([label, *map(str, counts)])
    return markdown(["`tflite.micro` said", "right", "refused", "garbage"], lines)


if __name__ == "__main__":
    main()
