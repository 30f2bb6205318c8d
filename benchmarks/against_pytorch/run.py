"""SynFlow and SNIP beside the same algorithms in eager PyTorch: time, agreement, memory.

Both sides score VGG-16-BN (CIFAR-10 shape, 14 715 584 weights), on one thread, each in a process of
its own as its users run it, and take turns. PyTorch works in float32, as its users do; tfticket's
SynFlow works in float64. Agreement is measured with PyTorch in float64. SynFlow meets two
opponents: the plain code beside this file, which keeps everything in place, and the authors' own
repository, unmodified.

    pip install torch
    git clone https://github.com/ganguli-lab/Synaptic-Flow
    python benchmarks/against_pytorch/run.py --repository Synaptic-Flow

writes `results.json` beside this file, part by part, and goes on from there when started again;
delete it to measure anew.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

import numpy as np
import workers

from benchmarks import memory, records

HERE = Path(__file__).parent
BATCH = 100
KERASES = ("keras", "tf_keras")


def network(keras: str):
    from tfticket import weights, zoo

    model = zoo.get_model("vgg_16_bn").build(keras=keras, seed=0)
    return model, dict(weights.read(model))


def examples() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((BATCH, 32, 32, 3), dtype=np.float32)
    return x, rng.integers(0, 10, BATCH)


# ---- what is timed, each in its own process ----------------------------------------------------


def ours(method: str, keras: str, rounds: int):
    from tfticket import Evidence, _keras, prune, schedules

    model, _ = network(keras)
    if method == "synflow":
        schedule, evidence = schedules.Exponential(0.99, rounds=rounds), None
    else:
        loss = _keras.module(keras).losses.SparseCategoricalCrossentropy(from_logits=True)
        schedule, evidence = schedules.OneShot(0.9), Evidence({}, batch=examples(), loss=loss)
    settings = {"score": method, "scope": "global", "schedule": schedule, "evidence": evidence}
    return lambda: prune(model, **settings)


def plain(method: str, rounds: int):
    import plain_torch
    import torch

    model = plain_torch.vgg(network("tf_keras")[1])
    if method == "synflow":
        return lambda: plain_torch.synflow(model, 0.01, rounds)
    x, y = examples()
    x_, y_ = torch.tensor(x.transpose(0, 3, 1, 2).copy()), torch.tensor(y)
    return lambda: plain_torch.snip(model, x_, y_, 0.1)


def serve(method: str, side: str, rounds: int, repository: str) -> None:
    workers.threads(1, torch=side in ("plain", "authors"))
    if side == "authors":
        import plain_torch

        work = plain_torch.authors_synflow(repository, 0.01, rounds)
    else:
        work = plain(method, rounds) if side == "plain" else ours(method, side, rounds)
    workers.serve(work)


def in_turn(method: str, opponent: str, rounds: int, count: int, repository: str) -> dict:
    """Times both Kerases and one opponent in turn; ratios are of CPU time, medians of `count`."""
    sides = {
        side: workers.Worker(__file__, method, side, str(rounds), repository)
        for side in (*KERASES, opponent)
    }
    timings = workers.in_turn(sides, count)
    found: dict = {"rounds": rounds} if method == "synflow" else {"batch": BATCH}
    for side, (first, *others) in timings.items():
        found[f"{side}_cpu_seconds"] = [round(t["cpu"], 2) for t in others]
        found[f"{side}_first_cpu_seconds"] = round(first["cpu"], 2)
    for side in KERASES:
        for kind in ("cpu", "wall"):
            pairs = zip(timings[side][1:], timings[opponent][1:], strict=True)
            ratios = [a[kind] / b[kind] for a, b in pairs]
            found[f"{side}_{kind}_ratio"] = round(statistics.median(ratios), 3)
    return found


# ---- agreement and memory ----------------------------------------------------------------------


def agreement(keras: str, rounds: int = 20) -> dict:
    """SynFlow of both in float64: largest relative difference, and masks that differ."""
    import plain_torch

    from tfticket import Evidence, prune, schedules, scores

    model, arrays = network(keras)
    theirs, mine = {}, {}

    def remember(round_: int, found: list, masks: list) -> None:
        theirs[round_] = [[plain_torch.as_keras(t) for t in one] for one in (found, masks)]

    plain_torch.synflow(plain_torch.vgg(arrays, double=True), 0.1, rounds, remember)
    prune(
        model,
        score="synflow",
        scope="global",
        schedule=schedules.Exponential(0.9),
        rounds=rounds,
        on_round=lambda r, m: mine.update({r: dict(m)}),
    )
    first = scores.get("synflow")(model, Evidence(arrays))
    relative = 0.0
    for path, other in zip(arrays, theirs[1][0], strict=True):
        assert np.array_equal(first[path] == 0, other == 0)  # the weights that are 0 from the start
        nonzero = other != 0
        difference = np.abs(first[path] - other)[nonzero] / other[nonzero]
        relative = max(relative, float(difference.max()))
    differing = [
        sum(int((mine[r][p] != m.astype(bool)).sum()) for p, m in zip(arrays, masks, strict=True))
        for r, (_, masks) in sorted(theirs.items())
    ]
    return {
        "largest_relative_difference": relative,
        "rounds": rounds,
        "differing_mask_entries_by_round": differing,
        "kept_at_the_end": sum(int(m.sum()) for m in mine[rounds].values()),
    }


def peak_memory(score: str, rounds: int) -> float:
    """Peak extra memory of a global prune, in multiples of the weights' own bytes."""
    from tfticket import _keras, prune, schedules

    keras = _keras.module("tf_keras")

    def stack(width: int):
        inputs = x = keras.Input((width,))
        for number in range(4):
            x = keras.layers.Dense(width, activation="relu", name=f"dense_{number}")(x)
        return keras.Model(inputs, x)

    schedule = schedules.Exponential(0.9)
    settings = {"score": score, "scope": "global", "schedule": schedule, "rounds": rounds}
    prune(stack(50), **settings)  # what is loaded and traced once is not counted
    model = stack(2_500)
    own = 4 * sum(int(np.prod(v.shape)) for v in model.trainable_variables if len(v.shape) > 1)
    return round(memory.peak(lambda: prune(model, **settings)) / own, 2)


def in_a_new_process(score: str, rounds: int) -> float:
    command = [sys.executable, __file__, "--memory-of", score, str(rounds)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def planned(args: argparse.Namespace) -> dict:
    """What is measured, by its name in the results."""
    where = args.repository or ""
    found = {
        "agreement": lambda: {k: agreement(k) for k in KERASES},
        "peak_memory_of_pruning_25_million_weights": lambda: {
            f"{score}, {n} rounds": in_a_new_process(score, n)
            for score, n in (("magnitude", 1), ("magnitude", 5), ("synflow", 5))
        },
        "snip": lambda: in_turn("snip", "plain", 1, 3 * args.turns, where),
        "synflow": lambda: in_turn("synflow", "plain", args.rounds, args.turns, where),
    }
    if args.repository:
        found["synflow_against_the_authors"] = lambda: in_turn(
            "synflow", "authors", args.rounds, args.turns, where
        )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--turns", type=int, default=3, help="of SynFlow; SNIP has three times it")
    parser.add_argument("--repository", help="clone of the authors' repository, to time as well")
    parser.add_argument("--memory-of", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--serve", nargs=4, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.serve:
        method, side, rounds, repository = args.serve
        return serve(method, side, int(rounds), repository)
    workers.threads(1)
    if args.memory_of:
        return print(peak_memory(args.memory_of[0], int(args.memory_of[1])))
    path = HERE / "results.json"
    found = records.read(path, {"threads": 1})
    for name, measure in planned(args).items():
        if name not in found:
            found[name] = measure()
            print(name, json.dumps(found[name], indent=1), flush=True)
            records.write(path, found, seeds=[0], data=[], resumes=True)
    return None


if __name__ == "__main__":
    main()
