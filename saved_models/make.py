"""Finds the tickets of this folder again: the command of each, and what is kept of its run.

    python saved_models/make.py                    # all that are not there
    python saved_models/make.py --only lenet_mnist_95 --again

Runs go to `runs/saved_models`, and go on where they stopped. The cards and the table in README.md
are written from the finished runs.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))  # where `tfticket` lies

import tfticket as tt
from tfticket import export, files
from tfticket.cli.app import app
from tfticket.experiments.artifacts import export_run
from tfticket.experiments.environment import library_versions
from tfticket.tables import markdown
from tfticket.zoo.saved import CARD, SavedTicket, saved_tickets

RUNS = HERE.parent / "runs" / "saved_models"
START, END = "<!-- saved tickets -->", "<!-- /saved tickets -->"


@dataclasses.dataclass(frozen=True)
class Wanted:
    """A ticket to find.

    Args:
        name: of its folder.
        about: what it shows, in a line.
        command: of `tfticket find`, without its `--out`.
        kept: files of the run that are kept beside the ticket.
        quantize: type of the weights of a TFLite file that is written besides.
    """

    name: str
    about: str
    command: str
    kept: tuple[str, ...] = ("model.tflite",)
    quantize: str | None = None


WANTED = (
    Wanted(
        "lenet_mnist_95",
        "a lottery ticket of LeNet-300-100 with a twentieth of its weights",
        "find lottery_ticket --model lenet_300_100 --data mnist --sparsity 0.95 --pruning-rate 0.4"
        " --num-steps 5000 --eval-every 500 --replicates 3 --controls none --export tflite",
    ),
    Wanted(
        "lenet_mnist_supermask",
        "a supermask over weights that were never trained, kept as a seed and one bit per weight",
        "find edge_popup --model lenet_300_100 --data mnist --sparsity 0.5 --num-steps 5000"
        " --controls none --export seeds,tflite",
        kept=("seeds.safetensors", "model.tflite"),
    ),
    Wanted(
        "vgg_small_mnist_slim",
        "a convolutional network without half of its channels, by network slimming",
        "find slimming --model vgg_small --data mnist --channel-sparsity 0.5 --num-steps 1000"
        " --controls none --export keras,tflite",
        kept=("model.keras", "model.tflite"),
    ),
    Wanted(
        "vgg_small_mnist_micro",
        "the same for a microcontroller: three quarters of the channels gone, 8 bits a weight",
        "find l1_filters --model vgg_small --data mnist --channel-sparsity 0.75 --round-to 4"
        " --num-steps 1000 --controls none --export keras",
        kept=("model.keras", "model_int8.tflite"),
        quantize="int8",
    ),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=[w.name for w in WANTED])
    parser.add_argument("--again", action="store_true", help="also what is there already")
    args = parser.parse_args()
    for wanted in (w for w in WANTED if args.only in (None, w.name)):
        if args.again or not (HERE / wanted.name / CARD).is_file():
            make(wanted)
    found = list(saved_tickets(HERE).values())
    text = (HERE / "README.md").read_text(encoding="utf-8")
    before, after = text.partition(START)[0], text.partition(END)[2]
    table = f"{START}\n\n{table_of(found)}\n\n{END}"
    (HERE / "README.md").write_text(before + table + after, encoding="utf-8")


def make(wanted: Wanted) -> None:
    """Finds a ticket, and keeps what belongs to it."""
    out, folder = RUNS / wanted.name, HERE / wanted.name
    app([*shlex.split(wanted.command), "--out", str(out)], standalone_mode=False)
    if wanted.quantize and not (out / f"model_{wanted.quantize}.tflite").is_file():
        export_run(out, "tflite", quantize=wanted.quantize)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(out / "ticket", folder / "ticket")
    for name in wanted.kept:
        shutil.copy(out / name, folder / name)
    files.write_json(folder / CARD, files.sealed(card_of(wanted, out)))


def card_of(wanted: Wanted, out: Path) -> dict[str, Any]:
    """Says how a ticket was found, and what it is worth."""
    run, folder = tt.open_run(out), HERE / wanted.name
    outcome = run.outcome
    if outcome is None:
        raise RuntimeError(f"{out} must be finished.")
    kept = sorted(p for p in folder.rglob("*") if p.is_file())
    more = f" && tfticket export RUN --to tflite --quantize {wanted.quantize}"
    return {
        "format": "tfticket.saved/1",
        "name": wanted.name,
        "about": wanted.about,
        "command": f"tfticket {wanted.command} --out RUN" + (more if wanted.quantize else ""),
        "model": run.settings["model"],
        "data": run.settings["data"],
        "seed": outcome.chosen.seed,
        "replicates": outcome.num_replicates,
        "choice": outcome.choice,
        "sparsity": outcome.chosen.sparsity,
        "num_kept": outcome.chosen.num_kept,
        "num_weights": outcome.chosen.num_weights,
        "metrics": dict(outcome.chosen.metrics),
        "dense_metrics": dict(dense_beside(run).metrics),
        "notes": list(outcome.notes),
        "versions": library_versions(),
        "files": {
            p.relative_to(folder).as_posix(): {
                "bytes": p.stat().st_size,
                "gzip_bytes": export.sizes(p).gzip_bytes,
                "sha256": files.sha256_of(p),
            }
            for p in kept
        },
    }


def dense_beside(run: Any) -> Any:
    """Finds the dense network of the same replicate."""
    return next(r for r in run.results if r.round == 0 and r.replicate == run.chosen.replicate)


def table_of(found: list[SavedTicket]) -> str:
    """Renders a row per ticket."""
    header = ["name", "what it is", "kept", "test accuracy", "dense", "file, bytes (gzip -9)"]
    rows = []
    for saved in found:
        card = saved.card
        sizes = [
            f"`{name}` {size['bytes']:,} ({size['gzip_bytes']:,})"
            for name, size in card["files"].items()
            if "/" not in name
        ]
        rows.append(
            [
                f"[`{card['name']}`]({card['name']}/)",
                card["about"],
                f"{card['num_kept']:,} of {card['num_weights']:,}",
                f"{card['metrics']['test_accuracy']:.4f}",
                f"{card['dense_metrics']['test_accuracy']:.4f}",
                "<br>".join(sizes),
            ]
        )
    return markdown(header, rows)


if __name__ == "__main__":
    main()
