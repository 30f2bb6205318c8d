"""Weight-agnostic networks: topologies searched on MNIST, digits and cart-pole swing-up.

Parts, each searched once with seed 0; the champion and its weight are chosen on validation, and
what is reported is measured once on test, or on episodes that chose nothing:

    mnist_16   16 x 16 deskewed MNIST
    digits     8 x 8 digits
    swing_up   cart-pole swing-up, 1000 steps of 0.01 s
    speed      generations per second beside a plain loop over individuals, in one process

    export TFDS_DATA_DIR=...  # a folder with MNIST, prepared
    python benchmarks/weight_agnostic/run.py --work /tmp/searches

writes `results.json`, part by part, and `*.png` beside this file. Searches are kept in `--work` and
go on from there when started again; with another `--generations` they are others.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import warnings
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

import numpy as np

from benchmarks import records
from benchmarks.weight_agnostic import judging, plain_loop

HERE = Path(__file__).parent
SEED = 0
DATA = {
    "mnist_16": records.dataset(
        "mnist_16", "MNIST, deskewed: 55 000 train / 5 000 validation / 10 000 test examples"
    ),
    "digits": records.dataset("digits", "1 257 train / 180 validation / 360 test examples"),
}
#: What differs from the usual settings of a search.
SETTINGS = {
    "mnist_16": {"population_size": 480, "tournament_size": 32, "generations": 4096},
    "digits": {"population_size": 192, "tournament_size": 16, "generations": 2048},
    "swing_up": {
        "population_size": 192,
        "generations": 400,
        "initial_density": 0.5,
        "activations": [
            *("linear", "step", "sine", "gaussian", "tanh", "sigmoid"),
            *("inverse", "absolute", "relu", "cosine"),
        ],
    },
}


def settings_of(part: str, generations: int | None):
    from tfticket.weight_agnostic import EvolutionSettings

    given = SETTINGS[part] | ({} if generations is None else {"generations": generations})
    return EvolutionSettings(**given)


def task_of(part: str):
    """The task of a part, and its data."""
    from tfticket import zoo
    from tfticket.weight_agnostic import Supervised, SwingUp

    if part == "swing_up":
        return SwingUp(), None
    data = zoo.load_data(part, seed=SEED)
    train, validation = data.train, data.validation
    return Supervised(
        train.x, train.y, validation.x, validation.y, num_outputs=data.num_classes
    ), data


def searched(part: str, args: argparse.Namespace):
    """Searches on, and keeps beside the search what it cost so far, over all goes."""
    from tfticket import files
    from tfticket.weight_agnostic import evolve

    task, data = task_of(part)
    settings = settings_of(part, args.generations)
    folder = args.work / f"{part}_{settings.generations}"
    spent = folder / "cpu_seconds.json"
    before = files.read_json(spent) if spent.exists() else 0.0
    started = time.process_time()

    def note(state) -> None:
        if state.generation % settings.check_every and state.generation != settings.generations:
            return
        cost = before + time.process_time() - started
        files.write_json(spent, cost)
        print(part, state.generation, np.round(state.history[-1], 4), f"{cost:.0f} s", flush=True)

    state = evolve(task, settings, seed=SEED, folder=folder, on_generation=note)
    cost = files.read_json(spent)
    return state, settings, data, {"cpu_minutes_of_search": round(cost / 60, 2)}


def curve(state) -> dict:
    """The history of a search, at 33 generations alike far from each other."""
    from tfticket.weight_agnostic.states import HISTORY

    last = len(state.history) - 1
    at = np.unique(np.linspace(0, last, 33).astype(int))
    found = {name: state.history[at, k] for k, name in enumerate(HISTORY)}
    return {
        "generation": (at + 1).tolist(),
        **{
            n: [round(float(v), 4) if np.isfinite(v) else None for v in c] for n, c in found.items()
        },
    }


def measured(part: str, args: argparse.Namespace) -> dict:
    if part == "speed":
        return plain_loop.compared(args.work, SETTINGS, task_of)
    state, settings, data, cost = searched(part, args)
    judge = judging.swing_up if data is None else judging.classification
    found = judge(state, settings, data, HERE if args.out is None else args.out)
    return {
        "generations": state.generation,
        "settings": settings.changed(),
        **cost,
        **found,
        "curve": curve(state),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parts", nargs="*", default=[*SETTINGS, "speed"])
    parser.add_argument("--generations", type=int, help="of every search, for a short look")
    parser.add_argument("--work", type=Path, required=True, help="folder for searches")
    parser.add_argument("--out", type=Path, help="folder for results and pictures")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    path = (args.out or HERE) / "results.json"
    for part in args.parts:
        found = measured(part, args)
        results = {**records.read(path, {}), part: found}
        records.write(path, results, seeds=[SEED], data=DATA.values(), resumes=True)
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
