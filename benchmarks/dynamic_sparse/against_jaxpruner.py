"""RigL's masks beside jaxpruner's, on the same numbers: how many are kept, and which.

    git clone https://github.com/google-research/jaxpruner runs/jaxpruner
    python -m venv runs/jax && runs/jax/bin/pip install "jax[cpu]" optax flax chex ml_collections
    python benchmarks/dynamic_sparse/against_jaxpruner.py --jaxpruner runs/jaxpruner \\
        --python runs/jax/bin/python --out runs/against_jaxpruner

Networks are trained on MNIST with `DynamicSparse`. At every move weights, masks and gradients are
kept as they are just before it, and the masks just after; then jaxpruner's `RigL.update_state` gets
the former, kernel by kernel, in a process of its own with JAX, and its masks are compared with the
latter. Writes `against_jaxpruner.json` beside this file.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

import numpy as np

HERE = Path(__file__).parent
NETWORKS = ("lenet_300_100", "conv_431k")
SPARSITIES = (0.9, 0.95, 0.98)
SEEDS = (0, 1, 2)
BATCH, STEPS, FREQUENCY, FRACTION = 60, 500, 50, 0.3


def moves_of(network: str, sparsity: float, seed: int, folder: Path) -> int:
    """Trains a network and writes a file for each move of its masks; returns how many."""
    from tfticket import _keras, callbacks, zoo
    from tfticket.determinism import set_seeds
    from tfticket.selection.regrowing import falling_fraction

    set_seeds(seed)  # `fit` shuffles
    train = zoo.load_data("mnist").train
    model = zoo.get_model(network).compiled(seed=seed)
    pruning = callbacks.DynamicSparse(
        sparsity, frequency=FREQUENCY, fraction=FRACTION, end_step=STEPS, seed=seed
    )
    num_moves = 0

    class Before(callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            step = batch + 1
            if step % FREQUENCY or step >= STEPS:
                return
            nonlocal num_moves
            num_moves += 1
            found = {"fraction": np.float64(falling_fraction(step, STEPS, FRACTION))}
            for path, mask in pruning.masks.items():
                variable = pruning._variables[path]
                found[f"weights {path}"] = np.array(_keras.view(variable))
                found[f"gradient {path}"] = np.array(pruning._gradients.of(variable))
                found[f"before {path}"] = mask
            np.savez(folder / f"{num_moves:02}.npz", **found)

    class After(callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if len(pruning.history) == num_moves and (batch + 1) % FREQUENCY == 0:
                np.savez(folder / f"{num_moves:02}_after.npz", **pruning.masks)

    num_examples = STEPS * BATCH
    model.fit(
        *(train.x[:num_examples], train.y[:num_examples]),
        batch_size=BATCH,
        verbose=0,
        callbacks=[Before(), pruning, After()],
    )
    return num_moves


def judge(folder: Path, jaxpruner: Path) -> None:
    """In an environment with JAX: lets jaxpruner move the masks, and prints where they differ."""
    sys.path.insert(0, str(jaxpruner))
    import jax

    if not hasattr(jax, "tree_map"):  # jaxpruner is of a time when JAX had it there
        jax.tree_map = jax.tree_util.tree_map
    from jaxpruner.algorithms.sparse_trainers import RigL
    from jaxpruner.base_updater import SparseState

    rows = []
    for path in sorted(folder.glob("??.npz")):
        given, after = np.load(path), np.load(path.with_name(f"{path.stem}_after.npz"))
        fraction = float(given["fraction"])
        names = list(after)
        arrays = {k: {n: given[f"{k} {n}"] for n in names} for k in ("weights", "gradient")}
        masks = {n: given[f"before {n}"].astype("uint8") for n in names}
        rigl = RigL(drop_fraction_fn=lambda _, share=fraction: share)
        state = SparseState(masks=masks, inner_state=(), count=0)
        theirs = rigl.update_state(state, arrays["weights"], arrays["gradient"]).masks
        for name in names:
            own, other = after[name], np.asarray(theirs[name]) != 0
            rows.append(
                {
                    "kept": int(own.sum()),
                    "kept by jaxpruner": int(other.sum()),
                    "moved": int((own & (masks[name] == 0)).sum()),
                    "positions that differ": int((own != other).sum()),
                }
            )
    print(json.dumps(rows))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jaxpruner", type=Path, required=True, help="a checkout of it")
    parser.add_argument("--python", type=Path, help="an interpreter with JAX")
    parser.add_argument("--out", type=Path, default="runs/against_jaxpruner")
    parser.add_argument("--judge", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.judge:
        judge(args.out, args.jaxpruner)
        return
    from benchmarks import records

    found: dict[str, Any] = {}
    for network, sparsity, seed in itertools.product(NETWORKS, SPARSITIES, SEEDS):
        folder = args.out / f"{network}-{sparsity}-{seed}"
        folder.mkdir(parents=True, exist_ok=True)
        num_moves = moves_of(network, sparsity, seed, folder)
        command = [args.python, __file__, "--judge", "--out", folder, "--jaxpruner", args.jaxpruner]
        answer = subprocess.run(command, check=True, capture_output=True, text=True)
        rows = json.loads(answer.stdout.splitlines()[-1])
        found[f"{network}, {sparsity}, seed {seed}"] = {
            "moves": num_moves,
            "masks": len(rows),
            "weights that moved": sum(r["moved"] for r in rows),
            "masks of another count": sum(r["kept"] != r["kept by jaxpruner"] for r in rows),
            "positions that differ": sum(r["positions that differ"] for r in rows),
        }
        print(network, sparsity, seed, found[f"{network}, {sparsity}, seed {seed}"], flush=True)
    splits = [{"set": "mnist", "split": records.SPLITS["mnist"]}]
    records.write(HERE / "against_jaxpruner.json", found, seeds=list(SEEDS), data=splits)


if __name__ == "__main__":
    main()
