"""Settings in one validated, frozen object: each stands once, with its range and its meaning."""

from __future__ import annotations

import ast
import difflib
import functools
import inspect
import itertools
import numbers
import textwrap
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic.fields import FieldInfo

from tfticket.clock import steps

__all__ = [
    "Count",
    "Fraction",
    "Interval",
    "Moment",
    "Natural",
    "NonNegative",
    "Positive",
    "Settings",
    "Step",
    "as_list",
    "described",
    "each_once",
    "is_moment",
    "sorted_out",
]


def _plain_integer(value: Any) -> Any:
    """Reads a NumPy integer as Python's, and a whole number that is written as a float, as 1e3."""
    if isinstance(value, numbers.Integral):
        return value if isinstance(value, (bool, int)) else int(value)
    is_whole = isinstance(value, float) and value.is_integer()
    return int(value) if is_whole else value


_Integer = Annotated[int, Field(strict=True), BeforeValidator(_plain_integer)]
Count = Annotated[_Integer, Field(ge=1)]
Natural = Annotated[_Integer, Field(ge=0)]
Fraction = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Moment:
    """Marks a setting that is a moment of training: a step, `"500it"` or `"2ep"`."""


def _written_as_step(value: int | str, info: ValidationInfo) -> int | str:
    steps(value, steps_per_epoch=1, name=info.field_name or "step")
    return value


Step = Annotated[_Integer | str, AfterValidator(_written_as_step), Moment]


def _at_least_1(value: int | str, info: ValidationInfo) -> int | str:
    if steps(value, steps_per_epoch=10**9) == 0:
        raise ValueError(
            f"`{info.field_name}` must be at least 1: it is how often something happens."
            f" Received: {info.field_name}={value!r}"
        )
    return value


#: How many steps there are from one time to the next.
Interval = Annotated[Step, AfterValidator(_at_least_1)]


class Settings(BaseModel):
    """Settings by name, checked when they are given.

    A subclass lists them as annotated fields. Python, the command line, files and the docs take a
    setting's name, default, range and meaning from there. Its meaning is the text under the field,
    or else the description of its type.

    Raises:
        ValueError: naming every setting that is unknown, missing, out of range or at odds with
            another.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        arbitrary_types_allowed=True,
        protected_namespaces=(),
        defer_build=True,  # listing recipes makes none
    )

    @model_validator(mode="before")
    @classmethod
    def _none_is_a_word(cls, settings: Any) -> Any:
        """Reads none, as files and flags write it, where nothing is a value that a setting has."""
        fields = cls.model_fields
        return {
            name: None if _is_none(value, fields.get(name)) else value
            for name, value in dict(settings).items()
        }

    def __init__(self, **settings: Any):
        try:
            super().__init__(**settings)
        except ValidationError as error:
            raise ValueError(_sentences(error, type(self))) from None

    def to_dict(self) -> dict[str, Any]:
        """Returns every setting as plain JSON values."""
        return self.model_dump(mode="json")

    def changed(self) -> dict[str, Any]:
        """Returns the settings that are not at their defaults, as plain JSON values."""
        defaults = type(self).model_fields
        given = {n for n in defaults if getattr(self, n) != defaults[n].default}
        return {name: value for name, value in self.to_dict().items() if name in given}


def each_once(value: Any, info: ValidationInfo) -> Any:
    """Refuses a list that names something twice; a validator of fields.

    Args:
        value: a list, or `None`.
        info: has the setting's name.
    """
    if value is not None and len(set(value)) != len(value):
        raise ValueError(
            f"`{info.field_name}` must name each member once."
            f" Received: {info.field_name}={list(value)}"
        )
    return value


def as_list(value: Any) -> Any:
    """Reads the word none as an empty list, and one thing as a list of it; a validator of fields.

    Args:
        value: anything.
    """
    if isinstance(value, str):
        return () if value == "none" else (value,)
    return (value,) if isinstance(value, int) else value


def described(kind: type[Settings], name: str) -> str:
    """Returns what a setting means: the text under it, or else the description of its type.

    Args:
        kind: a class of settings.
        name: one of them.
    """
    for owner in kind.__mro__:
        if name in inspect.get_annotations(owner):
            marks = (kind.model_fields[name], *_marks(kind.model_fields[name]))
            of_type = (m.description for m in marks if isinstance(m, FieldInfo) and m.description)
            return " ".join((_texts(owner).get(name) or next(of_type, "")).split())
    return ""


@functools.cache
def _texts(owner: type) -> dict[str, str]:
    """The texts under the fields of a class, read when they are asked for: parsing takes time."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(owner)))
    except (OSError, TypeError, SyntaxError):  # made without a file
        return {}
    body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
    return {
        field.target.id: text.value.value
        for field, text in itertools.pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }


def is_moment(field: FieldInfo) -> bool:
    """Tells whether a setting is a `Step`.

    Args:
        field: of a `Settings`, out of `model_fields`.
    """
    return any(mark is Moment for mark in _marks(field))


def sorted_out(
    settings: Mapping[str, Any], kinds: Sequence[type[Settings]], what: str, others: Iterable[str]
) -> list[Any]:
    """Gives each of several kinds of settings its own out of one mapping.

    Args:
        settings: values by name.
        kinds: no two have a setting of the same name.
        what: whose settings they are meant to be, for messages.
        others: names of settings that something else has.

    Returns:
        One `Settings` per kind.

    Raises:
        ValueError: naming every setting that none of the kinds has, or that is wrong.
    """
    known, faults = {n for kind in kinds for n in kind.model_fields}, []
    for name in settings:
        if name not in known:
            faults.append(_unknown(name, sorted(known), what, name in set(others)))
    found = []
    for kind in kinds:
        try:
            found.append(kind(**{n: v for n, v in settings.items() if n in kind.model_fields}))
        except ValueError as error:
            faults.append(str(error))
    if faults:
        raise ValueError("\n".join(faults))
    return found


def _unknown(name: str, known: list[str], what: str, is_of_others: bool) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"Did you mean `{close[0]}`?" if close else ""
    if is_of_others:
        return f"`{name}` must be left out: {what} has no use for it. {hint}".rstrip()
    hint = hint or f"Settings are: {', '.join(known)}."
    return f"`{name}` must be a setting of {what}, which has none of this name. {hint}"


def _is_none(value: Any, field: FieldInfo | None) -> bool:
    is_word = isinstance(value, str) and value == "none"
    return is_word and field is not None and _may_be_none(field.annotation)


def _may_be_none(annotation: Any) -> bool:
    """Whether nothing is a value of its own: lists read none as the empty one."""
    kinds = typing.get_args(annotation)
    return type(None) in kinds and not any(typing.get_origin(k) is tuple for k in kinds)


def _marks(field: FieldInfo) -> Iterator[Any]:
    yield from field.metadata
    yield from _marks_in(field.annotation)


def _marks_in(annotation: Any) -> Iterator[Any]:
    if typing.get_origin(annotation) is Annotated:
        yield from annotation.__metadata__
    for part in typing.get_args(annotation):
        yield from _marks_in(part)


def _sentences(error: ValidationError, kind: type[Settings]) -> str:
    """Turns pydantic's errors into sentences the way the rest of the package says it."""
    found: dict[Any, str] = {}
    for item in error.errors(include_url=False):  # of several kinds it may be, the first one says
        found.setdefault(item["loc"][:1] or len(found), _sentence(item, kind))
    return "\n".join(found.values())


def _sentence(item: Mapping[str, Any], kind: type[Settings]) -> str:
    fields = kind.model_fields
    name = str(item["loc"][0]) if item["loc"] else ""
    if item["type"] == "extra_forbidden":
        close = difflib.get_close_matches(name, fields, n=1)
        hint = f" Did you mean `{close[0]}`?" if close else f" Settings are: {', '.join(fields)}."
        return f"`{name}` must be a setting: there is none of this name.{hint}"
    meaning = described(kind, name).rstrip(".") if name in fields else ""
    said = f" ({meaning[:1].lower()}{meaning[1:]})" if meaning else ""
    if item["type"] == "missing":
        return f"`{name}` must be given{said}."
    if item["type"] in ("value_error", "type_error"):  # one of our own, already a sentence
        return str(item["ctx"]["error"])
    return f"`{name}` must {_rule(item['msg'])}{said}. Received: {name}={item['input']!r}"


def _rule(message: str) -> str:
    message = message.replace("valid tuple", "list")
    for start in ("Input should be ", "String should ", "Input should "):
        if message.startswith(start):
            return ("be " if start.endswith("be ") else "") + message.removeprefix(start)
    return f"be valid: {message}"
