"""A flag for every setting of a spec."""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer

from tfticket.experiments.spec import Spec

__all__ = ["PANELS", "with_spec_options"]

#: Where each flag stands in the help.
PANELS: Mapping[str, tuple[str, ...]] = {
    "What": ("model", "data", "recipe", "keras"),
    "How sparse": (
        *("sparsity", "channel_sparsity", "round_to", "fine_tune_steps", "penalty", "widths"),
        *("pruning_rate", "output_pruning_rate", "rounds", "scope"),
        *("granularity", "score", "examples_per_class", "initializer", "scores_learning_rate"),
        *("include", "exclude", "rewind_to", "begin_step", "end_step", "frequency"),
    ),
    "Training": (
        *("num_steps", "batch_size", "optimizer", "learning_rate", "steps_per_execution"),
        *("jit_compile", "eval_every", "seed", "replicates", "validation_size"),
    ),
    "Comparison and files": ("controls", "control_levels", "export", "tflite_sparse"),
}


def with_spec_options(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command a flag for every setting; it receives those that were given as `settings`.

    Args:
        command: takes `settings`, a mapping, besides its own options.
    """

    @functools.wraps(command)
    def wrapped(**options: Any) -> None:
        given = {n: options.pop(n) for n in Spec.model_fields if n in options}
        settings = {n: v for n, v in given.items() if v is not None and v != []}
        command(settings=settings, **options)

    signature = inspect.signature(command, eval_str=True)
    own = [p for p in signature.parameters.values() if p.name != "settings"]
    parameters = [*own, *(_parameter(n) for names in PANELS.values() for n in names)]
    wrapped.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    wrapped.__annotations__ = {p.name: p.annotation for p in parameters}
    return wrapped


def _parameter(name: str) -> inspect.Parameter:
    field = Spec.model_fields[name]
    panel = next(panel for panel, names in PANELS.items() if name in names)
    kind, how = _kind(name, field.annotation)
    option = typer.Option(
        f"--{name.replace('_', '-')}" + (f"/--no-{name.replace('_', '-')}" if kind is bool else ""),
        help=_help(field),
        show_default=False,
        rich_help_panel=panel,
        **how,
    )
    annotation = Annotated[kind | None, option]  # type: ignore[valid-type]
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
    )


def _kind(name: str, annotation: Any) -> tuple[Any, dict[str, Any]]:
    """The type of a flag, and how typer is to read it."""
    members = set(_leaves(annotation))
    if name in ("include", "exclude"):
        return list[str], {"metavar": "REGEX"}
    if typing.get_origin(annotation) is tuple:
        return str, {"parser": _listed, "metavar": "A,B,…"}
    if {int, str} <= members:
        return str, {"parser": _number, "metavar": "STEP"}
    if {int, float} <= members:
        return str, {"parser": _number, "metavar": "NUMBER"}
    for kind in (bool, int, float):
        if kind in members:
            return kind, {}
    return str, {"metavar": "TEXT"}


def _leaves(annotation: Any) -> list[Any]:
    inner = typing.get_args(annotation)
    if typing.get_origin(annotation) is Annotated:
        return _leaves(inner[0])
    if typing.get_origin(annotation) is typing.Literal or not inner:
        return [str] if inner else [annotation]
    return [leaf for part in inner for leaf in _leaves(part)]


def _help(field: Any) -> str:
    choices = _choices(field.annotation)
    usual = field.default
    listed = f": {', '.join(map(str, choices))}" if choices else ""
    has_default = usual not in (None, (), "") and not field.is_required() and usual is not False
    shown = ",".join(map(str, usual)) if isinstance(usual, tuple) else usual
    ending = f" [default: {shown}]" if has_default else ""
    return f"{field.description}{listed}{ending}".replace("[default", r"\[default")


def _choices(annotation: Any) -> tuple[Any, ...]:
    if typing.get_origin(annotation) is typing.Literal:
        return typing.get_args(annotation)
    return next((c for a in typing.get_args(annotation) if (c := _choices(a))), ())


def _number(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _listed(text: str) -> tuple[Any, ...]:
    """Reads `a,b`; `none` is the empty list."""
    return () if text == "none" else tuple(_number(part.strip()) for part in text.split(","))
