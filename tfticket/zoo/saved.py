"""Tickets that were found before and lie ready: by name, with what they were measured at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfticket import files
from tfticket.errors import CorruptFileError
from tfticket.registry import member
from tfticket.tickets import Ticket

__all__ = ["CARD", "SavedTicket", "load_ticket", "saved_tickets"]

#: What says everything about a saved ticket, in its folder.
CARD = "card.json"
_FORMAT = "tfticket.saved/1"
#: Beside the package in a checkout of the repository.
_FOLDER = Path(__file__).resolve().parents[2] / "saved_models"


@dataclass(frozen=True)
class SavedTicket:
    """A ticket with the files that were made of it.

    Args:
        path: of its folder.
        card: how it was found and what it is worth: `command`, `model`, `data`, `sparsity`,
            `metrics` (test figures were measured once, after the choice), `versions` and `files`
            with their sizes and digests.
    """

    path: Path
    card: Mapping[str, Any]

    @property
    def ticket(self) -> Ticket:
        """Masks, and the weights to start from."""
        return Ticket.load(self.path / "ticket")

    def file(self, name: str) -> Path:
        """Returns where a file lies, after its bytes have been checked.

        Args:
            name: one of `card["files"]`, such as `"model.tflite"`.

        Raises:
            ValueError: if there is no such file.
            CorruptFileError: if it is not as it was written.
        """
        known = member(name, self.card["files"], "name")
        path = self.path / name
        if not path.is_file() or files.sha256_of(path) != known["sha256"]:
            raise CorruptFileError(f"{path} is damaged or missing: it is not what was saved.")
        return path

    def __str__(self) -> str:
        card = self.card
        figures = [f"{name} {value:.4f}" for name, value in card["metrics"].items()]
        return "\n".join([f"{card['name']}: {card['about']}", ", ".join(figures), card["command"]])


def saved_tickets(folder: str | Path | None = None) -> dict[str, SavedTicket]:
    """Returns the saved tickets by name.

    Args:
        folder: where they lie; `None` means `saved_models/` of the repository that this package is
            in.

    Raises:
        FileNotFoundError: if there are none; an installed package brings none along.
        CorruptFileError: if a card is damaged.
    """
    root = _FOLDER if folder is None else Path(folder)
    found = {path.parent.name: _read(path) for path in sorted(root.glob(f"*/{CARD}"))}
    if not found:
        raise FileNotFoundError(
            f"`folder` must hold saved tickets: there are none in {root}. They lie in saved_models/"
            " of the repository; an installed package has none. Give the folder by `folder`."
        )
    return found


def load_ticket(name: str, folder: str | Path | None = None) -> SavedTicket:
    """Finds a saved ticket.

    >>> saved = load_ticket("lenet_mnist_95")  # doctest: +SKIP
    >>> saved.ticket.apply(model)  # doctest: +SKIP

    Args:
        name: of the ticket.
        folder: as `saved_tickets` takes it.

    Raises:
        ValueError: if there is no such ticket; the message lists the names.
        FileNotFoundError: if there are none at all.
        CorruptFileError: if its card is damaged.
    """
    return member(name, saved_tickets(folder), "name")


def _read(path: Path) -> SavedTicket:
    card = files.unsealed(files.read_json(path), path)
    if card.get("format") != _FORMAT:
        raise CorruptFileError(f"{path} is damaged: it is no card of a saved ticket.")
    return SavedTicket(path.parent, card)
