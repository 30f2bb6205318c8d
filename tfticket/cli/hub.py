"""`tfticket push` and `tfticket pull`: runs and tickets to and from the Hugging Face Hub."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tfticket.cli.failures import handle_errors

__all__ = ["pull", "push"]

_Repo = Annotated[str, typer.Argument(help="Repository: name or organisation/name.")]


@handle_errors
def push(
    path: Annotated[Path, typer.Argument(exists=True, help="Folder of a ticket or a run.")],
    repo: _Repo,
    private: Annotated[
        bool, typer.Option("--private", help="Make a repository that others cannot see.")
    ] = False,
) -> None:
    """Put a ticket or a run into a repository of the Hugging Face Hub, with a model card."""
    from tfticket.experiments.hub_runs import push as push_

    typer.echo(push_(path, repo, private=private))


@handle_errors
def pull(
    repo: _Repo,
    out: Annotated[Path, typer.Option(help="Folder; new or empty.")],
    revision: Annotated[
        str | None,
        typer.Option(help="Branch, tag or commit; left out, the newest.", show_default=False),
    ] = None,
) -> None:
    """Fetch a ticket or a run from the Hugging Face Hub, and check every byte of it."""
    from tfticket.experiments.hub_runs import pull as pull_

    typer.echo(pull_(repo, out, revision=revision))
