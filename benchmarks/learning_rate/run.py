"""Tickets at a large and at a small learning rate: the studies of this folder, and what they say.

    python benchmarks/learning_rate/run.py --out runs/learning_rate

Runs the studies of this folder, which go on where they stopped, and writes `results.json` and a
picture of each: of every level the ticket, its re-initialised control, and their difference seed by
seed with its 95 % interval. `study.yaml`, `warm_up.yaml` and `structured.yaml` are LeNet-300-100 on
MNIST, `residual.yaml` and `residual_structured.yaml` a small residual network on CIFAR-10 with JPEG
loss. With `--studies` some of them, beside what the others found before; with `--points` some runs
of one study are trained, by their numbers, and nothing is written beside them, so that a long study
can be made in pieces; the same call without it reads them.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

from benchmarks import records
from tfticket.experiments.comparing import compare
from tfticket.experiments.study import read_study
from tfticket.experiments.studying import run_study
from tfticket.progress import ProgressLines
from tfticket.reports import plots
from tfticket.tables import markdown

HERE = Path(__file__).parent
#: The data of each study.
STUDIES = {
    "study": "mnist",
    "warm_up": "mnist",
    "structured": "mnist",
    "residual": "cifar10_jpeg",
    "residual_structured": "cifar10_jpeg",
}
#: What runs are called.
_RESIDUAL = "model=benchmarks/learning_rate/residual.py"
NAMES = {
    "lottery_ticket": "rate rising to 0.4 over 200 steps",  # alone in its study
    "lottery_ticket learning_rate=0.4": "rate 0.4",
    "lottery_ticket learning_rate=0.02": "rate 0.02",
    "late_rewinding rewind_to=200 learning_rate=0.4": "rate 0.4, rewound to step 200",
    "late_rewinding rewind_to=200 learning_rate=0.02": "rate 0.02, rewound to step 200",
    f"lottery_ticket {_RESIDUAL}:large": "rate 0.1",
    f"lottery_ticket {_RESIDUAL}:small": "rate 0.01",
    f"lottery_ticket {_RESIDUAL}:warm": "rate rising to 0.1 over 200 steps",
    f"late_rewinding rewind_to=200 {_RESIDUAL}:large": "rate 0.1, rewound to step 200",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default="runs/learning_rate", type=Path)
    parser.add_argument("--studies", nargs="*", choices=list(STUDIES), default=list(STUDIES))
    parser.add_argument("--points", nargs="*", type=int, help="of one study; the first is 0")
    args = parser.parse_args()
    if args.points is not None and len(args.studies) != 1:
        parser.error("--points is of one study: name it by --studies")
    os.chdir(records.ROOT)  # where files name `networks.py` from
    found: dict[str, Any] = records.read(HERE / "results.json", {})
    with ProgressLines() as display:
        for name in args.studies:
            study = read_study(HERE / f"{name}.yaml")
            if args.points is not None:
                folders = [list(study.specs)[n] for n in args.points]
                study = dataclasses.replace(study, specs={n: study.specs[n] for n in folders})
            run_study(study, args.out, on_event=lambda event: event.show(display))
            if args.points is not None:
                return  # read once all of them are there, by a call without `--points`
            comparison = compare([args.out / n for n in study.specs], every_level=True)
            found[name] = [dataclasses.asdict(row) for row in comparison.rows()]
    records.write(
        HERE / "results.json",
        found,
        seeds=[0, 1, 2],
        data=[records.zoo(name) for name in sorted({STUDIES[s] for s in found})],
        resumes=True,
    )
    for name, rows in found.items():
        plots.save(picture(rows, STUDIES[name]), HERE / f"{name}.png", overwrite=True)
        print(f"\n{name}\n\n{table(rows)}")


def table(rows: list[dict[str, Any]]) -> str:
    """Renders a row per level: dense, ticket, re-initialised, and ticket minus re-initialised."""
    header = ["run", "sparsity", "ticket", "re-initialised", "ticket − re-initialised, paired"]
    lines = []
    for row in rows:
        is_first = not lines or NAMES[row["run"]] not in (line[0] for line in lines)
        name = NAMES[row["run"]] if is_first else ""
        if row["arm"] == "dense":
            lines.append([name, "0", percent(row), "", ""])
        if row["arm"] != "ticket":
            continue
        place = (row["run"], row["round"])
        controls = [r for r in rows if (r["run"], r["round"]) == place and r["arm"] != "ticket"]
        control = next((r for r in controls if r["arm"] == "reinitialize"), None)
        cells = ["", ""] if control is None else [percent(control), gain(control["to_ticket"])]
        lines.append([name, f"{row['sparsity']:.3f}", percent(row), *cells])
    return markdown(header, lines)


def picture(rows: list[dict[str, Any]], data: str) -> Any:
    """Draws each run's tickets, and dashed in the same colour what is re-initialised."""
    figure = plots.new_figure((7.0, 4.8))
    axes = figure.add_subplot()
    for number, run in enumerate(dict.fromkeys(row["run"] for row in rows)):
        for arms, style in ((("dense", "ticket"), "-o"), (("reinitialize",), "--o")):
            own = [row for row in rows if row["run"] == run and row["arm"] in arms]
            said = NAMES[run] + ("" if "ticket" in arms else ", re-initialised")
            axes.errorbar(
                [row["round"] for row in own],
                [100 * row["value"]["mean"] for row in own],
                [100 * (row["value"]["sd"] or 0.0) for row in own],
                fmt=style,
                color=f"C{number}",
                label=said,
                capsize=3,
                ms=4,
            )
    levels = {row["round"]: f"{row['sparsity']:.3g}" for row in rows}
    axes.set_xticks(list(levels), list(levels.values()))
    axes.set_xlabel("sparsity")
    axes.set_ylabel("test accuracy in %, mean ± sd of 3 replicates")
    axes.set_title("CIFAR-10 with JPEG loss" if "jpeg" in data else "MNIST")
    figure.legend(loc="outside lower center", frameon=False, fontsize=9, ncols=2)
    return figure


def percent(row: dict[str, Any]) -> str:
    """Accuracy in percent, with its standard deviation."""
    return f"{100 * row['value']['mean']:.2f} ± {100 * (row['value']['sd'] or 0):.2f}"


def gain(difference: dict[str, Any]) -> str:
    """The other way round than it was taken: how much better the ticket is, in points."""
    mean, half = -100 * difference["mean"], 100 * (difference["half_width"] or 0)
    return f"{mean:+.2f} [{mean - half:+.2f}, {mean + half:+.2f}]"


if __name__ == "__main__":
    main()
