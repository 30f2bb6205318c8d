"""What stops SynFlow from taking less time: its convolutions in float64, and what float32 loses.

    pip install torch
    python benchmarks/against_pytorch/limits.py

On VGG-16-BN, 100 rounds to 1 %, one thread. First the convolutions of a round by themselves, in
float64 and in float32, beside a whole round. Then, round by round on the masks of float64: how
far scores of float32 are off, how many weights lie nearer to the threshold than that, and how many
masks would differ. Writes `limits.json` beside this file.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

import numpy as np
import run
import workers

from benchmarks import records

HERE = Path(__file__).parent
ROUNDS, DENSITY, GOES = 100, 0.01, 15


def least(work: Callable[[], object], goes: int = GOES) -> float:
    """CPU milliseconds of the fastest go."""
    work()
    found = []
    for _ in range(goes):
        before = time.process_time()
        work()
        found.append(time.process_time() - before)
    return round(min(found) * 1e3, 1)


def convolutions() -> dict:
    """CPU milliseconds of all convolutions of a round, part by part, and of the round."""
    import tensorflow as tf

    from tfticket import prune, schedules

    model, arrays = run.network("keras")
    found: dict = {}
    for dtype in (tf.float64, tf.float32):
        parts = [_parts(k, side, dtype) for k, side in _sides(arrays)]
        for name in ("forward", "gradient of inputs", "gradient of kernels"):
            some = [p[name] for p in parts]
            work = tf.function(lambda some=some: [f() for f in some], autograph=False)
            found[f"{dtype.name}, {name}"] = least(work)
    few = 10
    schedule = schedules.Exponential(0.9, rounds=few)
    settings = {"score": "synflow", "scope": "global", "schedule": schedule}
    found["a whole round"] = round(least(lambda: prune(model, **settings), 5) / few, 1)
    return found


def _sides(arrays: dict[str, np.ndarray]) -> list[tuple[np.ndarray, int]]:
    """The kernel of each convolution, and the side of the square that it looks at."""
    import plain_torch

    side, found = 32, []
    for position, kernel in enumerate(list(arrays.values())[:-1], 1):
        found.append((kernel, side))
        side //= 2 if position in plain_torch.POOLS_AFTER else 1
    return found


def _parts(kernel: np.ndarray, side: int, dtype) -> dict[str, Callable]:
    import tensorflow as tf

    weights = tf.constant(np.abs(kernel), dtype)
    inputs = tf.Variable(tf.ones((1, side, side, kernel.shape[2]), dtype))
    outputs = tf.Variable(tf.ones((1, side, side, kernel.shape[3]), dtype))
    settings = {"strides": [1, 1, 1, 1], "padding": "SAME"}
    raw = tf.raw_ops
    return {
        "forward": lambda: raw.Conv2D(input=inputs, filter=weights, **settings),
        "gradient of inputs": lambda: raw.Conv2DBackpropInput(
            input_sizes=tf.shape(inputs), filter=weights, out_backprop=outputs, **settings
        ),
        "gradient of kernels": lambda: raw.Conv2DBackpropFilter(
            input=inputs, filter_sizes=tf.shape(weights), out_backprop=outputs, **settings
        ),
    }


def stakes() -> dict:
    """What float32 makes of the scores in each round, on the masks that float64 has found."""
    import plain_torch
    import torch

    arrays = run.network("keras")[1]
    narrow = plain_torch.vgg(arrays)
    own = plain_torch.prunable(narrow)
    with torch.no_grad():
        for tensor in narrow.state_dict().values():
            tensor.abs_()
    absolute, rows = [p.detach().clone() for p in own], []
    before = [torch.ones_like(p) for p in own]

    def compare(round_: int, scores: list, masks: list) -> None:
        with torch.no_grad():
            for p, a, m in zip(own, absolute, before, strict=True):
                p.copy_(a * m)
        narrow.zero_grad()
        narrow(torch.ones(1, 3, 32, 32)).sum().backward()
        near = torch.cat([(p.grad * p).detach().abs().flatten() for p in own]).double()
        exact = torch.cat([s.flatten() for s in scores])
        rows.append(_row(exact, near, sum(int(m.sum()) for m in masks)))
        before[:] = [m.float() for m in masks]

    plain_torch.synflow(plain_torch.vgg(arrays, double=True), DENSITY, ROUNDS, compare)
    return {
        "rounds": ROUNDS,
        "largest relative error": max(r[0] for r in rows),
        "weights at stake, by round": [r[1] for r in rows],
        "mask entries that differ, by round": [r[2] for r in rows],
    }


def _row(exact, near, num_kept: int) -> tuple[float, int, int]:
    """Largest relative error; weights within it of the threshold; masks that differ."""
    import torch

    is_scored = exact > 0
    error = float(((near - exact).abs()[is_scored] / exact[is_scored]).max())
    num_masked = exact.numel() - num_kept
    thresholds = [torch.kthvalue(s, num_masked).values for s in (exact, near)]
    at_stake = (exact - thresholds[0]).abs() <= 2 * error * thresholds[0]
    differ = (exact > thresholds[0]) != (near > thresholds[1])
    return error, int((at_stake & is_scored).sum()), int(differ.sum())


PARTS = {"convolutions, CPU milliseconds": convolutions, "float32": stakes}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.part:
        workers.threads(1)
        if args.part == "float32":
            workers.threads(1, torch=True)
        return print(json.dumps(PARTS[args.part]()))
    found: dict = {}
    for part in PARTS:  # each in a process of its own
        command = [sys.executable, __file__, "--part", part]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        found[part] = json.loads(done.stdout.splitlines()[-1])
        print(part, json.dumps(found[part], indent=1), flush=True)
    return records.write(HERE / "limits.json", found, seeds=[0], data=[])


if __name__ == "__main__":
    main()
