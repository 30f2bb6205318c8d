"""A search on disk: one file of arrays, and a sealed record that names it and is replaced last."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tfticket import files
from tfticket.errors import CorruptFileError, FormatError
from tfticket.weight_agnostic.genomes import Genomes
from tfticket.weight_agnostic.states import State

__all__ = ["read_state", "write_state"]

_FORMAT = "tfticket.population/1"
_RECORD = "population.json"


def write_state(folder: str | Path, search: str, state: State) -> None:
    """Writes where a search stands; a program that is stopped meanwhile leaves the state before.

    Args:
        folder: made if need be.
        search: what tells the search from others.
        state: where it stands.
    """
    folder = Path(folder)
    arrays = {
        **{f"genomes/{n}": a for n, a in state.genomes.arrays().items()},
        **{f"champion/{n}": a for n, a in state.champion.arrays().items()},
        "champion_rewards": state.champion_rewards,
        "history": state.history,
    }
    name = f"population-{files.digest(arrays)[:16]}.safetensors"
    record = {
        "format": _FORMAT,
        "search": search,
        "generation": state.generation,
        "num_inputs": state.genomes.num_inputs,
        "num_outputs": state.genomes.num_outputs,
        "arrays": {"file": name, "sha256": files.write_arrays(folder / name, arrays)},
    }
    files.write_json(folder / _RECORD, files.sealed(record))
    for old in folder.glob("population-*.safetensors"):
        if old.name != name:
            old.unlink()


def read_state(folder: str | Path, search: str) -> State | None:
    """Reads where a search stands.

    Args:
        folder: of the search.
        search: what tells it from others.

    Returns:
        The state; `None` if there is none yet.

    Raises:
        ValueError: if another search is in the folder.
        FormatError: if another version of tfticket wrote it in a format unknown here.
        CorruptFileError: if a file is damaged; the message names it.
    """
    path = Path(folder) / _RECORD
    if not path.is_file():
        return None
    record = files.unsealed(files.read_json(path), path)
    if record.get("format") != _FORMAT:
        raise FormatError(
            f"{path} must be in the format {_FORMAT}. Received: format={record.get('format')!r}"
        )
    if record["search"] != search:
        raise ValueError(
            "`folder` must be empty or of the same search, with the same settings, seed and task:"
            f" {path} is of another. Received: {search}, and there {record['search']}"
        )
    arrays = files.read_arrays(path.parent / record["arrays"]["file"], record["arrays"]["sha256"])
    try:
        return State(
            record["generation"],
            _genomes(record, arrays, "genomes"),
            _genomes(record, arrays, "champion"),
            arrays["champion_rewards"],
            arrays["history"],
        )
    except KeyError as error:
        raise CorruptFileError(f"{path} is damaged: {error} is missing.") from error


def _genomes(record: dict[str, int], arrays: dict[str, np.ndarray], kind: str) -> Genomes:
    own = {n.partition("/")[2]: a for n, a in arrays.items() if n.startswith(f"{kind}/")}
    return Genomes.from_arrays(record["num_inputs"], record["num_outputs"], own)
