"""What becomes of damaged tickets, seed-only tickets and run folders: a thousand of each.

    python benchmarks/damage/run.py --count 1000

damages a fresh copy with every seed, reads it, and counts: named (an error of tfticket that says
which file), equal (what was read is what was written: a space more in a JSON file), and the two
that must not be, silent (something else was read) and bare (another exception). A damaged run is
also repaired, and must then end as it did. Writes `results.json` and prints the table.
"""

from __future__ import annotations

import argparse
import collections
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

import numpy as np

from benchmarks import records
from benchmarks.damage.damages import damage
from tfticket import supermasks, zoo
from tfticket.errors import TicketError
from tfticket.experiments.runner import run
from tfticket.experiments.spec import Spec
from tfticket.masks import Masks
from tfticket.tables import markdown
from tfticket.tickets import Ticket

HERE = Path(__file__).parent
#: One repair takes seconds where reading takes none.
REPAIRED_OF = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1000, help="damages of each")
    args = parser.parse_args()
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, subject in (("ticket", ticket), ("seed ticket", seed_ticket), ("run", a_run)):
            original, read = subject(Path(folder) / name)
            found[name] = counted(original, read, Path(folder) / "copy", args.count)
            print(name, found[name], file=sys.stderr, flush=True)
    records.write(HERE / "results.json", found, seeds=range(args.count), data=[])
    header = ["what", "damages", "named", "equal", "repaired", "silent", "bare"]
    print(markdown(header, [cells(name, row) for name, row in found.items()]))


def counted(original: Path, read: Callable[[Path], Any], copy: Path, count: int) -> dict[str, Any]:
    """Damages a copy with each seed, reads it, and counts what came of it."""
    expected = read(original)
    outcomes: collections.Counter[str] = collections.Counter()
    wrong = []
    for seed in range(count):
        place = renewed(original, copy)
        what = damage(place, seed)
        try:
            kind = "equal" if read(place) == expected else "silent"
        except (TicketError, FileNotFoundError, IsADirectoryError) as error:
            kind = "named" if str(copy) in str(error) else "bare"
        except Exception as error:
            kind, what = "bare", f"{what}: {error!r}".replace(str(copy), "{copy}")
        outcomes[kind] += 1
        if kind in ("silent", "bare"):
            wrong.append(f"{seed}: {what}")
        is_run = place.is_dir() and hasattr(read, "repairing")
        if is_run and kind == "named" and seed % REPAIRED_OF == 0:
            outcomes["repaired" if read(place, repair=True) == expected else "silent"] += 1
    return {"damages": count, **outcomes, "wrong": wrong[:20]}


def renewed(original: Path, copy: Path) -> Path:
    """A fresh copy, of the same name as the original."""
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    place = copy / original.name
    if original.is_dir():
        shutil.copytree(original, place)
    else:
        shutil.copy(original, place)
    return place


def ticket(folder: Path) -> tuple[Path, Callable[[Path], Any]]:
    """A ticket of three kernels, with all that a ticket can hold."""
    rng = np.random.default_rng(0)
    kernels = {f"dense_{i}/kernel": rng.normal(size=(20, 10)).astype("f4") for i in range(3)}
    biases = {f"dense_{i}/bias": np.zeros(10, "f4") for i in range(3)}
    masks = Masks({path: kernel > 0 for path, kernel in kernels.items()})
    held = {path: np.where(masks[path], 0, 1).astype("f4") for path in list(kernels)[:1]}
    provenance = {"method": "lottery_ticket", "round": 3, "pruning_rate": 0.2}
    made = Ticket(masks, kernels | biases, provenance, {"iteration": np.int64(3)}, 5, held)

    def read(path: Path) -> Any:
        return contents(Ticket.load(path))

    return made.save(folder), read


def seed_ticket(folder: Path) -> tuple[Path, Callable[[Path], Any]]:
    """A supermask of LeNet-300-100 as seeds."""
    plain = zoo.models.lenet_300_100(seed=5, input_shape=(12,))
    options = {"masker": "edge_popup", "initializer": "kaiming_normal", "seed": 3}
    made = supermasks.SeedTicket.of(supermasks.convert(plain, **options))
    folder.mkdir()

    def read(path: Path) -> Any:
        return contents(supermasks.SeedTicket.load(path).expand())

    return made.save(folder / "seeds.safetensors"), read


def a_run(folder: Path) -> tuple[Path, Callable[..., Any]]:
    """A finished run of a lottery ticket with two controls and three files."""
    spec = Spec(
        model="lenet_300_100",
        data="digits",
        recipe="lottery_ticket",
        rounds=2,
        sparsity=0.5,
        num_steps=4,
        steps_per_execution=1,
        controls=("reinitialize", "random_sparse"),
    )
    run(spec, folder)

    def read(path: Path, repair: bool = False) -> Any:
        outcome = run(spec, path, repair=repair).to_dict()
        for part in ("files", "exports"):  # TensorFlow writes it with a random number in it
            outcome[part] = {n: v for n, v in outcome[part].items() if n != "saved_model"}
        return outcome

    read.repairing = True  # type: ignore[attr-defined]
    return folder, read


def contents(made: Ticket) -> Any:
    """Everything of a ticket, as values that can be compared."""
    parts = (made.masks, made.weights, made.optimizer, made.pruned_values)
    arrays = [{n: (a.dtype.name, a.shape, a.tobytes()) for n, a in p.items()} for p in parts]
    return arrays, dict(made.provenance), made.step


def cells(name: str, row: dict[str, Any]) -> list[str]:
    """One row of the table."""
    columns = ("damages", "named", "equal", "repaired", "silent", "bare")
    return [name, *(str(row.get(column, 0)) for column in columns)]


if __name__ == "__main__":
    main()
