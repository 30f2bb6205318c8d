"""Zhou's untrained masks on MNIST: what makes the difference to the published 86 %?

LeNet-300-100, Adam at 1.2e-3, batches of 60, 55 000 / 5 000 / 10 000 examples, 5 replicates. Masks
of 25 densities (0.8 and, for the output layer, 0.9 to the powers 0 to 24, as in the authors' code)
are taken from one training in one shot, or of 13 densities from rounds of trainings, and laid over
the initial weights or over their signed constant; nothing is trained. The density is chosen on
validation data; that network alone sees the test examples.

    export TFDS_DATA_DIR=...  # a folder with MNIST, prepared
    python benchmarks/zhou_untrained/run.py

writes `results.json` and `untrained.png` beside this file, curve by curve, and goes on from there
when started again.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

from benchmarks import records
from benchmarks.zhou.run import Replicate

HERE = Path(__file__).parent
CRITERIA = ("large_final", "large_final_same_sign", "large_final_diff_sign", "magnitude_increase")
STARTS = {"initial weights": "rewind", "signed constant": "signed_constant"}
#: Steps of each training, and the largest power: 55 epochs are what the authors train.
WAYS = {
    "one shot, 3 000 steps": (3_000, 24),
    "one shot, 50 380 steps": (50_380, 24),
    "by rounds of 3 000 steps": (3_000, 12),
}


def masks_at(replicate: Replicate, trained: Any, criterion: str, masks: Any, power: int) -> Any:
    """The masks of a criterion, among those of `masks`, at the paper's rates to this power."""
    from tfticket import Evidence, scores, selection

    start = {p: replicate.initial.weights[p] for p in masks}
    own = {p: trained[p] for p in masks}
    evidence = Evidence(own, rewind_points={0: start}, seed=replicate.number, masks=masks)
    found = scores.get(criterion)(replicate.model, evidence)
    sparsity = {"output.*": 1 - 0.9**power, ".*": 1 - 0.8**power}
    return selection.select(found, masks, sparsity, scope="layer")


def in_one_shot(replicate: Replicate, criterion: str, powers: range) -> Iterator[Any]:
    for power in powers:
        trained = replicate.dense.trained.weights
        yield masks_at(replicate, trained, criterion, replicate.dense_masks, power)


def by_rounds(replicate: Replicate, criterion: str, powers: range) -> Iterator[Any]:
    from tfticket import train_ticket

    masks, trained = replicate.dense_masks, replicate.dense.trained.weights
    yield masks
    for power in powers[1:]:
        masks = masks_at(replicate, trained, criterion, masks, power)
        yield masks
        if power != powers[-1]:
            ticket = replicate.ticket(masks, {"name": "rewind"})
            trained = train_ticket(replicate.model, replicate.train, ticket).trained.weights


def measure(replicate: Replicate, masks: Any, start: str, split: str) -> float:
    """The accuracy of a mask over weights that nothing was trained of."""
    from tfticket.rewinding import TrainingState, restore
    from tfticket.zoo.training import evaluate

    ticket = replicate.ticket(masks, {"name": STARTS[start]})
    restore(replicate.model, TrainingState(ticket.start_weights, {}, step=0))
    return evaluate(replicate.model, getattr(replicate.data, split))["accuracy"]


def curves(replicate: Replicate, way: str, criterion: str) -> Iterator[dict[str, Any]]:
    """Validation accuracy at every density, and the test accuracy where that is best."""
    masks_found = by_rounds if "rounds" in way else in_one_shot
    found = list(masks_found(replicate, criterion, range(WAYS[way][1] + 1)))
    for start in STARTS:
        validation = [measure(replicate, m, start, "validation") for m in found]
        best = max(range(len(found)), key=validation.__getitem__)
        yield {
            "seed": replicate.number,
            "way": way,
            "criterion": criterion,
            "start": start,
            "densities": [1 - m.sparsity for m in found],
            "validation": validation,
            "best_power": best,
            "test": measure(replicate, found[best], start, "test"),
        }


def table(rows: list[dict[str, Any]]) -> str:
    from tfticket.tables import markdown

    lines = []
    for criterion in CRITERIA:
        for start in STARTS:
            cells = []
            for way in WAYS:
                place = (criterion, start, way)
                own = [r for r in rows if (r["criterion"], r["start"], r["way"]) == place]
                cells.append(_cell(own))
            lines.append([criterion, start, *cells])
    return markdown(["criterion", "weights", *WAYS], lines)


def _cell(rows: list[dict[str, Any]]) -> str:
    if len(rows) < 2:
        return "-"
    tests = [100 * r["test"] for r in rows]
    densities = sorted(r["densities"][r["best_power"]] for r in rows)
    spread = f"{densities[0]:.2f}–{densities[-1]:.2f}"
    return f"{statistics.fmean(tests):.1f} ± {statistics.stdev(tests):.1f} at {spread}"


def plot(rows: list[dict[str, Any]], path: Path) -> None:
    """Validation accuracy against density, a panel for each way, the mean and all replicates."""
    import numpy as np

    from tfticket.reports import plots

    figure = plots.new_figure((4.2 * len(WAYS), 3.6))
    for number, way in enumerate(WAYS, 1):
        axes = figure.add_subplot(1, len(WAYS), number)
        for color, criterion in enumerate(CRITERIA):
            for start, style in zip(STARTS, ("--", "-"), strict=True):
                place = (criterion, start, way)
                own = [r for r in rows if (r["criterion"], r["start"], r["way"]) == place]
                if not own:
                    continue
                label = f"{criterion}, {start}"
                x, y = own[0]["densities"], 100 * np.array([r["validation"] for r in own])
                axes.plot(x, y.mean(0), style, color=f"C{color}", label=label)
                axes.fill_between(x, y.min(0), y.max(0), color=f"C{color}", alpha=0.1, lw=0)
        axes.axhline(86, color="0.6", lw=0.8, ls=":")
        axes.set(xscale="log", xlabel="density", ylim=(0, 100), title=way)
        axes.invert_xaxis()
        if number == 1:
            axes.set_ylabel("validation accuracy %, untrained")
        if number == len(WAYS):
            axes.legend(fontsize=6, loc="center right", bbox_to_anchor=(1.0, 0.36))
    figure.tight_layout()
    plots.save(figure, path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replicates", type=int, default=5)
    parser.add_argument("--keras", choices=["keras", "tf_keras"], default="keras")
    parser.add_argument("--out", type=Path, default=HERE, help="folder for results")
    args = parser.parse_args()
    import tensorflow as tf

    warnings.simplefilter("ignore")
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    path = args.out / "results.json"
    rows = records.read(path, {"rows": []})["rows"]
    for number in range(args.replicates):
        for num_steps in sorted({steps for steps, _ in WAYS.values()}):
            done = {(r["way"], r["criterion"]) for r in rows if r["seed"] == number}
            own = [(w, c) for w, (s, _) in WAYS.items() for c in CRITERIA if s == num_steps]
            missing = [place for place in own if place not in done]
            if not missing:
                continue
            replicate = Replicate(number, args.keras, num_steps)
            for way, criterion in missing:
                rows += curves(replicate, way, criterion)
                records.write(
                    path,
                    {"keras": args.keras, "rows": rows},
                    seeds=range(args.replicates),
                    data=[records.zoo("mnist")],
                    resumes=True,
                )
                print(
                    json.dumps({k: rows[-1][k] for k in ("way", "criterion", "test")}), flush=True
                )
    print(table(rows))
    plot(rows, args.out / "untrained.png")


if __name__ == "__main__":
    main()
