"""A flag for every setting, with its meaning, default and range: all read off the settings."""

from __future__ import annotations

import inspect
import json
import typing
from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeVar

import typer
from pydantic.fields import FieldInfo

from tfticket.settings import Settings, described, is_moment

__all__ = ["flag", "given_of", "read", "with_flags_of"]

Own = TypeVar("Own", bound=Settings)


def with_flags_of(
    **kinds: type[Settings],
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Decorates a command: besides its own options it has a flag for every setting of some classes.

    It takes `**options`, in which those that were given are. Settings that only Python can give
    have no flag.

    Args:
        **kinds: classes of settings by the heading of their flags.
    """

    def decorated(command: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(command, eval_str=True)
        own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
        flags = [
            flag(kind, name, panel)
            for panel, kind in kinds.items()
            for name, field in kind.model_fields.items()
            if field.annotation is not Any
        ]

        def taken(**options: Any) -> None:
            command(**options)

        parameters = [*own, *flags]
        taken.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        taken.__annotations__ = {p.name: p.annotation for p in parameters}
        taken.__doc__, taken.__name__ = command.__doc__, command.__name__
        taken.__module__ = command.__module__
        return taken

    return decorated


def given_of(kind: type[Own], options: Mapping[str, Any]) -> Own:
    """Makes settings of the flags that were given.

    Args:
        kind: a class of settings.
        options: by name; `None` and empty lists were not given, others' are passed over.

    Raises:
        ValueError: for what the settings refuse.
    """
    own = {n: v for n, v in options.items() if n in kind.model_fields and v is not None and v != []}
    return kind(**{n: read(kind.model_fields[n], v) for n, v in own.items()})


def flag(kind: type[Settings], name: str, panel: str) -> inspect.Parameter:
    """Makes the flag of a setting, as typer reads it off a signature.

    Args:
        kind: a class of settings.
        name: one of them.
        panel: heading under which it stands in the help.
    """
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
    if {float, str} <= members:
        return str, "NUMBER or TEXT"
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


def read(field: FieldInfo, given: Any) -> Any:
    """Reads what was typed: numbers as numbers, `a,b` as a list; `none` is the settings' own.

    Args:
        field: of the setting, out of `model_fields`.
        given: text, or what else typer made of a flag.
    """
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
