"""Every public name says what it does and what it takes."""

from __future__ import annotations

import importlib
import inspect
import typing

import pytest


@pytest.fixture(scope="module")
def public(package) -> dict[str, object]:
    """Every function and class of ours in an `__all__`, by its full name, each once."""
    modules = [importlib.import_module(s.module) for s in package if "__all__" in s.text]
    named = {f"{m.__name__}.{n}": getattr(m, n) for m in modules for n in m.__all__}
    ours = {n: o for n, o in named.items() if getattr(o, "__module__", "").startswith("tfticket")}
    return {n: o for n, o in ours.items() if inspect.isclass(o) or inspect.isfunction(o)}


def test_names_in_all_exist(package):
    for source in package:
        module = importlib.import_module(source.module)
        missing = [n for n in getattr(module, "__all__", []) if not hasattr(module, n)]
        assert missing == [], source.name


def test_every_public_name_has_a_docstring(public):
    assert [name for name, thing in public.items() if not own_docstring(thing)] == []


def test_every_public_name_explains_its_arguments(public):
    """One argument may be explained by the first line; of several, each is named."""
    silent = {
        name: missing
        for name, thing in public.items()
        if len(arguments(thing)) > 1
        and (missing := [a for a in arguments(thing) if not mentions(own_docstring(thing), a)])
    }
    assert not silent, "\n".join(f"{name}: {missing}" for name, missing in silent.items())


def test_every_public_method_has_a_docstring(public):
    silent = [
        f"{name}.{method}"
        for name, thing in public.items()
        if inspect.isclass(thing)
        for method, value in vars(thing).items()
        if not method.startswith("_")
        and (inspect.isroutine(value) or isinstance(value, property))
        and not inspect.getdoc(getattr(thing, method))
    ]
    assert not silent, "\n".join(silent)


def own_docstring(thing: object) -> str:
    """The docstring someone wrote: not one inherited, not the one a dataclass makes up."""
    text = vars(thing).get("__doc__") if inspect.isclass(thing) else thing.__doc__
    return "" if not text or text.startswith(f"{thing.__name__}(") else text


def mentions(text: str, argument: str) -> bool:
    """Whether a docstring has the argument under `Args:` or in backticks in a sentence."""
    return f"{argument}:" in text or f"`{argument}`" in text


def arguments(thing: object) -> list[str]:
    """Names of what it has to be told about: its own arguments, not those of its base class."""
    if inspect.isclass(thing) and "__init__" not in vars(thing):
        return []
    try:
        named = [n for n, p in inspect.signature(thing).parameters.items() if not has_help(p)]
    except (TypeError, ValueError):
        return []
    if thing.__module__.startswith("tfticket.cli."):  # some flags have their help in a module
        hints = typing.get_type_hints(thing, include_extras=True)
        named = [n for n in named if not any(m.help for m in marks(hints.get(n)))]
    above = [vars(base).get("__doc__") or "" for base in getattr(thing, "__mro__", [])[1:]]
    return [
        name
        for name in named
        if not name.startswith("_")
        and name not in ("args", "kwargs")
        and not any(f"{name}:" in text for text in above)
    ]


def marks(hint: object) -> list:
    """What typer is told of a parameter."""
    return [mark for mark in getattr(hint, "__metadata__", ()) if hasattr(mark, "help")]


def has_help(parameter: inspect.Parameter) -> bool:
    """Whether it is a flag of the command line, which says what it is where it stands."""
    return "help=" in str(parameter.annotation) and "typer." in str(parameter.annotation)
