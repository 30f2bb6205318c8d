"""`tfticket find`: a sub-command for every recipe, with its own flags and then the common ones.

Its flags are read off the recipes' settings. Nothing imports TensorFlow before a run begins.
"""

from __future__ import annotations

import difflib
import inspect
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from tfticket.cli.engines import Engine, with_engine
from tfticket.cli.failures import debugging, handle_errors, sentence_of
from tfticket.cli.flags import flag, read
from tfticket.cli.running import run_and_print
from tfticket.cli.wording import with_flags
from tfticket.experiments.reading import read_settings, read_spec
from tfticket.experiments.spec import PANELS, USUAL_RECIPE, ExperimentSettings
from tfticket.recipes import RECIPES, Recipe, find
from tfticket.recipes._page import first_line
from tfticket.recipes.base import ordered_fields

__all__ = ["RecipeGroup", "command_of", "finding"]


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


finding = typer.Typer(
    name="find",
    cls=RecipeGroup,
    no_args_is_help=True,
    rich_markup_mode="rich",
    add_completion=False,
    help="Find a ticket by a recipe: train, prune, act, again; compare, choose, export.",
    epilog="A recipe of your own: tfticket find my_recipe.py:MyRecipe …",
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
        settings = {n: read(kinds[n], v) for n, v in given.items()}
        spec = read_spec(config or file, recipe=name, **settings)
        asked = {"repair": repair, "as_json": json, "dry_run": dry_run, "download": download}
        run_and_print(spec, out, engine, **asked)

    parameters = [
        *(flag(recipe, n, f"{name}: its own settings") for n in ordered_fields(recipe)),
        *(flag(ExperimentSettings, n, panel) for panel, ns in PANELS.items() for n in ns),
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
