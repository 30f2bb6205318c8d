"""Runs to and from the Hugging Face Hub."""

from __future__ import annotations

from pathlib import Path

from tfticket import hub
from tfticket.errors import CorruptFileError
from tfticket.experiments.description import describe, is_ticket
from tfticket.experiments.records import is_run_folder
from tfticket.experiments.run_folder import RunFolder
from tfticket.tickets import Ticket

__all__ = ["pull", "push"]

#: Of an earlier push of a run: what a run has and this one may not have.
_OWN = ("replicate_*", "controls/*", "ticket/*", "saved_model/*", "model.*", "seeds.*", "*.json*")
_USE = """import tfticket as tt
from tfticket.experiments.hub_runs import pull

run = tt.open_run(pull("{repo}", "runs/mine"))
print(run.frame())"""


def push(path: str | Path, repo_id: str, *, private: bool = False, token: str | None = None) -> str:
    """Puts a run or a ticket into a repository of the Hugging Face Hub, after checking every file.

    `repo_id`, `private` and `token` are as for `Ticket.push_to_hub`, and so is what is returned.

    Args:
        path: folder of a ticket, or of a run with at least one level.

    Raises:
        FileNotFoundError: if `path` is neither.
        CorruptFileError: if a file is damaged; the message names it.
        MissingDependencyError: if `huggingface_hub` is not installed.
    """
    path = Path(path)
    if not is_run_folder(path):
        describe(path)  # says so if it is neither
        return Ticket.load(path).push_to_hub(repo_id, private=private, token=token)
    folder = RunFolder(path)
    with folder.locked():
        text = f"```\n{describe(path)}\n```".replace(str(path), ".")
        facts = {n: v for n, v in folder.settings().items() if n not in ("format", "record")}
        page = hub.card(path.name, [text], facts, _USE.format(repo=repo_id))
        options = {"text": page, "private": private, "token": token, "replaced": _OWN}
        return hub.upload(path, repo_id, **options, ignored=[".lock", "*/unfinished/*"])


def pull(
    repo_id: str, out: str | Path, *, revision: str | None = None, token: str | None = None
) -> Path:
    """Fetches a run or a ticket from the Hugging Face Hub and checks every byte of it.

    What somebody else has put there is only data until a command is told to trust it: a run may
    name code, which is not imported before.

    Args:
        repo_id: `"name"` or `"organisation/name"`.
        out: a folder that is new or empty.
        revision: branch, tag or commit; `None` means the newest.
        token: of an account; `None` means the one that is logged in, if one is.

    Returns:
        `out`.

    Raises:
        FileExistsError: if `out` has files.
        FileNotFoundError: if there is neither a run nor a ticket in the repository.
        CorruptFileError: if a file is damaged; the message names it.
        MissingDependencyError: if `huggingface_hub` is not installed.
    """
    out = Path(out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise FileExistsError(f"`out` must be new or empty. Received: out={str(out)!r}")
    hub.download(repo_id, revision=revision, token=token, out=out)
    if not is_run_folder(out) and not is_ticket(out):
        raise FileNotFoundError(
            f"`repo_id` must be a repository with a run or a ticket: {repo_id} has neither. What it"
            f" has is in {out}."
        )
    try:
        RunFolder(out).check() if is_run_folder(out) else Ticket.load(out)
    except CorruptFileError as error:
        again = f"What was fetched stays in {out}; fetch it again into another folder."
        raise CorruptFileError(f"{error} {again}") from error
    return out
