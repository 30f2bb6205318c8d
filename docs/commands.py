"""The commands as they describe themselves."""

from __future__ import annotations

import os

from typer.main import get_command
from typer.testing import CliRunner

__all__ = ["page"]

_HEAD = """# Commands

What each says with `--help`. A recipe is a command below `find`; its settings are on the page of
its [method](methods/index.md).

"""


def page() -> str:
    """Returns the page in Markdown: a section for each command."""
    from tfticket.cli.app import app

    os.environ |= {"COLUMNS": "80", "TERM": "dumb", "NO_COLOR": "1"}
    names = [name for name, command in get_command(app).commands.items() if not command.hidden]
    sections = [("tfticket", ["--help"]), *((f"tfticket {n}", [n, "--help"]) for n in names)]
    return _HEAD + "\n".join(
        f"## `{title}`\n\n```text\n{_said(app, arguments)}\n```\n" for title, arguments in sections
    )


def _said(app, arguments: list[str]) -> str:
    done = CliRunner().invoke(app, arguments, prog_name="tfticket")
    if done.exit_code:
        raise RuntimeError(f"`tfticket {' '.join(arguments)}` failed: {done.output}")
    return "\n".join(line.rstrip() for line in done.output.strip().splitlines())
