"""tfmot's pruning guides, cell by cell, with one line changed: the import.

    git clone --depth 1 https://github.com/tensorflow/model-optimization tfmot
    python benchmarks/tfmot_tests/guides.py --repo tfmot

The notebooks run as they are written, on tf_keras and on Keras 3, but for `CHANGES` below: the
import, shell commands, and data sets that are read from prepared TFDS data and cut short, for one
epoch. A cell that fails is noted and the next one is tried. Writes `guides.json` and prints the
table.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MPLBACKEND", "Agg")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

from benchmarks import records

HERE = Path(__file__).parent
FOLDER = "tensorflow_model_optimization/g3doc/guide/pruning"
GUIDES = (
    "comprehensive_guide",
    "pruning_with_keras",
    "pruning_with_sparsity_2_by_4",
    "pruning_for_on_device_inference",
)
SIGN = "results: "
DATA = (
    records.dataset("mnist", "the first 12 000 train / 1 000 test examples"),
    records.dataset("cifar10_jpeg", "the first 8 000 train / 1 000 validation / 999 test"),
)
#: The one change that a user makes.
IMPORT = (
    "import tensorflow_model_optimization as tfmot",
    "from tfticket import tfmot_bridge as tfmot",
)
#: What else is put for what; a line that becomes `pass` is for a shell or a notebook.
CHANGES = (
    (r"^\s*[!%].*(\n\s+--.*)*", "pass"),
    (r"tf\.keras\.datasets\.mnist\.load_data\(\)|mnist\.load_data\(\)", "MNIST"),
    (r"^mnist = .*", "pass"),
    (r"'cifar10'", "'cifar10_jpeg'"),
    (
        r"'train\[:90%\]', 'train\[90%:\]', 'test'",
        "'train[:8000]', 'train[8000:9000]', 'test[:999]'",
    ),
    (r"ds_info\.splits\['train'\]\.num_examples", "1000"),
    (r"\bepochs ?= ?\d+", "epochs=1"),
    (r"end_epoch = 5", "end_epoch = 1"),
)
#: Ways to name a Keras, and the name of a file that Keras 3 insists on.
KERAS = (
    r"from tensorflow_model_optimization\.python\.core\.keras\.compat import keras"
    r"|from tensorflow import keras|import tf_keras as keras"
)
FOR_KERAS_3 = ((r"mkstemp\('\.tf'\)", "mkstemp('.weights.h5')"),)


def cells(repo: Path, guide: str, keras: str) -> list[str]:
    """The code of a guide, with the changes."""
    notebook = json.loads((repo / FOLDER / f"{guide}.ipynb").read_text())
    code = ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "code"]
    name = "import keras" if keras == "keras" else "import tf_keras as keras"
    changes = [*CHANGES, (KERAS, name), *(FOR_KERAS_3 if keras == "keras" else ())]
    for old, new in changes:
        code = [re.sub(old, new, text, flags=re.MULTILINE) for text in code]
    return [text.replace(*IMPORT) for text in code]


def mnist() -> Any:
    """As `load_data` returns it; the first 12 000 and 1 000 examples."""
    import tensorflow_datasets as tfds

    splits = [
        tfds.as_numpy(tfds.load("mnist", split=s, batch_size=-1, download=False))
        for s in ("train[:12000]", "test[:1000]")
    ]
    return tuple((s["image"][..., 0], s["label"]) for s in splits)


def run_one(repo: Path, guide: str, keras: str) -> dict[str, Any]:
    """Runs a guide in this process."""
    known: dict[str, Any] = {"__name__": "__main__"}
    if guide.endswith(("with_keras", "2_by_4")):
        known["MNIST"] = mnist()
    found, failed = cells(repo, guide, keras), []
    for number, code in enumerate(found):
        try:
            exec(compile(code, f"{guide}, cell {number}", "exec"), known)
        except Exception as error:
            traceback.print_exc()
            failed.append(f"cell {number}: {type(error).__name__}: {error}"[:200])
    ended = known.get("model_for_export", known.get("model"))
    return {"cells": len(found), "failed": failed, "sparsity": sparsity(ended)}


def sparsity(model: Any) -> dict[str, float]:
    """The zeros of every kernel and declared vector."""
    import numpy as np

    from tfticket import weights

    return {p: round(float(np.mean(w == 0)), 3) for p, w in weights.read(model).items()}


def table(found: dict[str, dict[str, Any]]) -> str:
    lines = ["| guide | Keras | cells that run | sparsity at the end |", "|---|---|---|---|"]
    for key, row in found.items():
        guide, keras = key.split("/")
        done = f"{row['cells'] - len(row['failed'])} of {row['cells']}"
        ended = ", ".join(sorted({f"{s:.3g}" for s in row["sparsity"].values()}))
        lines.append(f"| `{guide}` | {keras} | {done} | {ended} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repo", type=Path, required=True, help="a clone of tfmot's repository")
    parser.add_argument("--one", nargs=2, metavar=("GUIDE", "KERAS"), help="used by the script")
    args = parser.parse_args()
    if args.one:
        print(SIGN + json.dumps(run_one(args.repo, *args.one)))
        return
    found: dict[str, dict[str, Any]] = {}
    for guide in GUIDES:
        for keras in ("tf_keras", "keras"):
            command = [sys.executable, __file__, "--repo", str(args.repo), "--one", guide, keras]
            said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
            last = next(line for line in said.splitlines() if line.startswith(SIGN))
            found[f"{guide}/{keras}"] = json.loads(last.removeprefix(SIGN))
            print(guide, keras, found[f"{guide}/{keras}"], flush=True)
    records.write(HERE / "guides.json", found, seeds=[], data=DATA)
    print(table(found))


if __name__ == "__main__":
    main()
