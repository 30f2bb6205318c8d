"""The commands put together."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from tfticket._version import __version__
from tfticket.cli.advise import advise
from tfticket.cli.bench import bench
from tfticket.cli.branch import branch
from tfticket.cli.collapse import collapse
from tfticket.cli.compare import compare
from tfticket.cli.compress import compress
from tfticket.cli.demo import demo
from tfticket.cli.doctor import doctor
from tfticket.cli.embed import embed, snippet
from tfticket.cli.encode import encode
from tfticket.cli.export import export
from tfticket.cli.failures import debugging
from tfticket.cli.hub import pull, push
from tfticket.cli.inspect import inspect
from tfticket.cli.list import list_runs
from tfticket.cli.recipe_commands import RecipeGroup
from tfticket.cli.report import report
from tfticket.cli.run import run
from tfticket.cli.schema import schema
from tfticket.cli.sensitivity import sensitivity
from tfticket.cli.show import show
from tfticket.cli.shrink import shrink
from tfticket.trust import trusting

__all__ = ["app"]

app = typer.Typer(
    name="tfticket",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def tfticket(
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors.")] = False,
    trust: Annotated[
        bool,
        typer.Option("--trust", help="Load .keras files also with Keras before 3.11, unsafe ones."),
    ] = False,
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    """Sparse subnetworks of Keras models, found, trained, checked and shipped."""
    debugging.set(debug)
    trusting.set(trust)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


app.command()(demo)
finding = typer.Typer(
    name="find",
    cls=RecipeGroup,
    no_args_is_help=True,
    help="Find a ticket by a recipe: train, prune, act, again; compare, choose, export.",
    epilog="A recipe of your own: tfticket find my_recipe.py:MyRecipe …",
)
app.add_typer(finding)
_RUNS = (run, branch, compare, report, list_runs, show)
_MODELS = (collapse, sensitivity, compress, shrink, advise, export)
_FILES = (inspect, bench, encode, embed, snippet)
for command in (*_RUNS, *_MODELS, *_FILES, push, pull, schema, doctor):
    app.command(name=command.__name__.removesuffix("_runs"))(command)
