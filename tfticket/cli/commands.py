"""Which commands there are; each is imported when it is asked for."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, MutableMapping
from typing import Any

import typer
from typer.core import TyperGroup

__all__ = ["LazyGroup"]

_RUNS = ("run", "branch", "compare", "report", "list", "show")
_MODELS = ("collapse", "sensitivity", "compress", "shrink", "advise", "export")
_FILES = ("inspect", "bench", "encode", "embed", "snippet")
_OTHERS = ("push", "pull", "schema", "doctor", "find")
_NAMES = ("demo", *_RUNS, *_MODELS, *_FILES, *_OTHERS)
#: Where those are that are not in the module of their name under their name.
_ELSEWHERE = {
    "find": "recipe_commands:finding",
    "list": "list:list_runs",
    "snippet": "embed:snippet",
    "push": "hub:push",
    "pull": "hub:pull",
}


class LazyGroup(TyperGroup):
    """Knows its commands by name, and imports one when it is run or its help is shown."""

    def __init__(self, **options: Any):
        super().__init__(**options)
        self.commands = _Commands()

    def list_commands(self, ctx: typer.Context) -> list[str]:
        """Returns the names of all commands, in the order of the help."""
        return list(self.commands)


class _Commands(MutableMapping[str, Any]):
    """Commands by name, made when they are looked up; typer may add others."""

    def __init__(self):
        self._made: dict[str, Any] = dict.fromkeys(_NAMES)

    def __getitem__(self, name: str) -> Any:
        if self._made[name] is None:
            self._made[name] = _command(name)
        return self._made[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._made[name] = command

    def __delitem__(self, name: str) -> None:
        del self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)


def _command(name: str) -> Any:
    module, _, attribute = _ELSEWHERE.get(name, f"{name}:{name}").partition(":")
    found = getattr(importlib.import_module(f"tfticket.cli.{module}"), attribute)
    if isinstance(found, typer.Typer):
        return typer.main.get_group(found)
    alone = typer.Typer(add_completion=False, rich_markup_mode="rich")
    alone.command(name=name)(found)
    return typer.main.get_command(alone)
