"""`tfticket find`: a sub-command for every recipe, with its own flags and then the common ones.

Everything here is read off the recipes' settings. Nothing imports TensorFlow before a run begins.
"""

from __future__ import annotations

import difflib
import inspect
import json
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic.fields import FieldInfo
from typer.core import TyperGroup

from tfticket.cli.engines import Engine, with_engine
from tfticket.cli.failures import debugging, handle_errors, sentence_of
from tfticket.cli.running import run_and_print
from tfticket.cli.wording import with_flags
from tfticket.experiments.reading import read_settings, read_spec
from tfticket.experiments.spec import PANELS, USUAL_RECIPE, ExperimentSettings
from tfticket.recipes import RECIPES, Recipe, find
from tfticket.recipes._page import first_line
from tfticket.recipes.base import ordered_fields
from tfticket.settings import Settings, described, is_moment

__all__ = ["RecipeGroup", "command_of"]


class RecipeGroup(TyperGroup):
    """Lists the package's recipes and finds a user's own by `file.py:Class`."""

    def list_commands(self, ctx: typer.Context) -> list[str]:
        """Returns the names of the package's recipes, the oldest paper first."""
        return list(RECIPES)

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:
        """Returns the command of a recipe; `None` if there is none of this name."""
        try:
            if _is_file(cmd_name):
                name = read_settings(cmd_name).get("recipe", USUAL_RECIPE)
                return command_of(name, find(name), Path(cmd_name))
            return command_of(cmd_name, find(cmd_name))
        except Exception as error:  # the code of a user's own file, too
            if debugging.get():
                raise
            raise typer.BadParameter(with_flags(sentence_of(error), {}), ctx) from error

    def resolve_command(self, ctx: typer.Context, args: list[str]) -> Any:
        """See `click.Group`; an unknown name is sentence_of with the names there are."""
        name = args[0]
        if name.startswith("-") or name in RECIPES or ":" in name or _is_file(name):
            return super().resolve_command(ctx, args)
        close = difflib.get_close_matches(name, RECIPES, n=1)
        meant = f" Did you mean {close[0]}?" if close else ""
        raise typer.BadParameter(
            f"there is no recipe {name!r}.{meant} Recipes are: {', '.join(RECIPES)}; a recipe of"
            " your own is file.py:Class, and settings in a file are given as file.yaml.",
            ctx,
        )


def command_of(name: str, recipe: type[Recipe], file: Path | None = None) -> Any:
    """Makes the command of a recipe.

    Args:
        name: as it is given on the command line.
        recipe: whose settings become flags.
        file: with settings, if one was given in place of a name.
    """

    def command(
        out: Path,
        config: Path | None,
        repair: bool,
        dry_run: bool,
        download: bool,
        json: bool,
        engine: Engine,
        **options: Any,
    ) -> None:
        if config is not None and file is not None:
            raise ValueError(
                f"`config` must be left out where a file is given already. Received: {file} and"
                f" config={config}"
            )
        kinds = {**ExperimentSettings.model_fields, **recipe.model_fields}
        given = {n: v for n, v in options.items() if v is not None and v != []}
        settings = {n: _read(kinds[n], v) for n, v in given.items()}
        spec = read_spec(config or file, recipe=name, **settings)
        asked = {"repair": repair, "as_json": json, "dry_run": dry_run, "download": download}
        run_and_print(spec, out, engine, **asked)

    parameters = [
        *(_flag(recipe, n, f"{name}: its own settings") for n in ordered_fields(recipe)),
        *(_flag(ExperimentSettings, n, panel) for panel, ns in PANELS.items() for n in ns),
        *_FILES,
    ]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__doc__ = _help(recipe)
    app = typer.Typer(add_completion=False, rich_markup_mode="rich")
    short = f"{first_line(recipe).rstrip('.')} ({recipe.paper.authors})"
    app.command(name=name, short_help=short)(handle_errors(with_engine(command)))
    return typer.main.get_command(app)


def _is_file(name: str) -> bool:
    return name.endswith((".yaml", ".yml", ".json"))


def _own(name: str, kind: Any, default: Any, text: str, *flags: str) -> inspect.Parameter:
    option = typer.Option(*flags, help=text, show_default=False, rich_help_panel="This run")
    annotation = Annotated[kind, option]
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
    )


_FILES = (
    _own("out", Path, ..., "Run folder; new, or one to go on in.", "--out"),
    _own(
        "config",
        Path | None,
        None,
        "YAML or JSON file with settings; flags overrule it.",
        "--config",
    ),
    _own("repair", bool, False, "Compute damaged levels anew.", "--repair"),
    _own("dry_run", bool, False, "Say what would be trained, and how long it takes.", "--dry-run"),
    _own("download", bool, False, "Let tensorflow-datasets download the data.", "--download"),
    _own("json", bool, False, "Print the outcome as JSON.", "--json"),
)


def _help(recipe: type[Recipe]) -> str:
    text = inspect.cleandoc(recipe.__doc__ or "")
    paper = f"{recipe.paper.authors}, {recipe.paper.link}"
    kept = "Every level is kept once it is trained: the same command goes on where it stopped."
    return f"{text}\n\n{paper}\n\n{kept}"


def _flag(kind: type[Settings], name: str, panel: str) -> inspect.Parameter:
    field = kind.model_fields[name]
    flag = f"--{name.replace('_', '-')}"
    taken, metavar = _shape(field)
    option = typer.Option(
        flag + (f"/--no-{flag[2:]}" if taken is bool else ""),
        help=_with_default(field, described(kind, name)),
        show_default=False,
        rich_help_panel=panel,
        metavar=metavar or None,
    )
    annotation = Annotated[taken | None, option]
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
    )


def _shape(field: FieldInfo) -> tuple[Any, str]:
    """What typer is to read of a setting, and how its value is shown in the help."""
    members = set(_leaves(field.annotation))
    if (field.json_schema_extra or {}).get("repeated"):  # type: ignore[union-attr]
        return list[str], "REGEX"
    if typing.get_origin(_without_none(field.annotation)) is tuple:
        return str, "A,B,…"
    if members - {type(None)} == {bool}:
        return bool, ""
    if is_moment(field):
        return str, "STEP"
    if dict in members or Mapping in members:
        return str, "NUMBER or JSON"
    for number, shown in ((float, "NUMBER"), (int, "INTEGER")):
        if number in members:
            return str, shown
    return str, "TEXT"


def _without_none(annotation: Any) -> Any:
    parts = [p for p in typing.get_args(annotation) if p is not type(None)]
    return parts[0] if len(parts) == 1 and type(None) in typing.get_args(annotation) else annotation


def _leaves(annotation: Any) -> list[Any]:
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        return _leaves(inner[0])
    if origin is typing.Literal or not inner:
        return [str] if inner else [annotation]
    own = [origin] if isinstance(origin, type) else []
    return [*own, *(leaf for part in inner for leaf in _leaves(part))]


def _with_default(field: FieldInfo, meaning: str) -> str:
    choices = _choices(field.annotation)
    usual = field.default
    listed = f" One of {', '.join(map(str, choices))}." if choices else ""
    is_said = usual not in (None, (), "", False) and not field.is_required()
    shown = ",".join(map(str, usual)) if isinstance(usual, tuple) else usual
    ending = f" \\[default: {shown}]" if is_said else ""
    return f"{meaning}{listed}".replace("[", "\\[") + ending


def _choices(annotation: Any) -> tuple[Any, ...]:
    if typing.get_origin(annotation) is typing.Literal:
        return typing.get_args(annotation)
    return next((c for a in typing.get_args(annotation) if (c := _choices(a))), ())


def _read(field: FieldInfo, given: Any) -> Any:
    """Reads what was typed: numbers as numbers, `a,b` as a list; `none` is the settings' own."""
    if not isinstance(given, str):
        return given if isinstance(given, bool) else list(given)
    if given == "none":
        return given
    if typing.get_origin(_without_none(field.annotation)) is tuple:
        return tuple(_number(p.strip()) for p in given.split(","))
    if given.lstrip().startswith("{"):
        try:
            return json.loads(given)
        except ValueError as error:
            raise ValueError(f"this is not JSON: {error}. Received: {given!r}") from None
    return _number(given)


def _number(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
