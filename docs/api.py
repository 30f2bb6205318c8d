"""The API reference: a page for each room of the package, with every public name on it once."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys
from types import ModuleType
from typing import Any

__all__ = ["pages"]

_OVER = "=" * 78
_UNDER = "-" * 78
#: What a page of its own tells: the commands say themselves what they take.
_ELSEWHERE = ("cli",)


def pages() -> dict[str, str]:
    """Returns the text of every page in reStructuredText, by its name; `index` lists the others."""
    import tfticket

    modules = [importlib.import_module(name) for name in _modules(tfticket)]
    written = _Once(tfticket)
    rooms: dict[str, list[ModuleType]] = {}
    for module in modules:
        rooms.setdefault(_room(module), []).append(module)
    found = {name: _page(name, inside, written) for name, inside in rooms.items()}
    return {**{n: text for n, text in found.items() if text}, "index": _index(written, found)}


class _Once:
    """Remembers what is on a page already: one object may have several public names."""

    def __init__(self, package: ModuleType) -> None:
        self.names: dict[int, str] = {}
        self.package = package

    def new(self, module: ModuleType) -> list[tuple[str, Any]]:
        """Returns the public names of a module that are on no page yet, with what they are of."""
        found = []
        for name in getattr(module, "__all__", ()):
            thing = getattr(module, name)
            if inspect.ismodule(thing) or name.startswith("__"):
                continue
            if callable(thing) and not getattr(thing, "__module__", "").startswith("tfticket"):
                continue
            if id(thing) in self.names:
                continue
            self.names[id(thing)] = f"{module.__name__}.{name}"
            found.append((name, thing))
        return found


def _modules(package: ModuleType) -> list[str]:
    """Names of all modules, doors before what is behind them; what begins with _ is private."""
    found = [m.name for m in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
    hidden = ("_", *_ELSEWHERE)
    public = [n for n in found if not any(part.startswith(hidden) for part in n.split("."))]
    return sorted(public, key=lambda name: (name.count("."), name))


def _room(module: ModuleType) -> str:
    return module.__name__.split(".")[1]


def _page(name: str, modules: list[ModuleType], written: _Once) -> str:
    sections = []
    for module in modules:
        new = written.new(module)
        is_door = module.__name__ == f"tfticket.{name}"
        if new or is_door:
            under = _OVER if is_door else _UNDER
            text = [module.__name__, under, "", f".. automodule:: {module.__name__}"]
            text += ["   :no-index:"] * _is_hidden(module) + [""]
            sections.append("\n".join([*text, *(_entry(module, n, thing) for n, thing in new)]))
    return "\n".join(sections)


def _is_hidden(module: ModuleType) -> bool:
    """Whether its name is that of a function, as for the recipes."""
    above, _, name = module.__name__.rpartition(".")
    return getattr(sys.modules[above], name, module) is not module


def _entry(module: ModuleType, name: str, thing: Any) -> str:
    kind = "autodata"
    if inspect.isclass(thing):
        kind = "autoexception" if issubclass(thing, BaseException) else "autoclass"
    elif inspect.isfunction(thing):
        kind = "autofunction"
    options = "   :members:\n" if inspect.isclass(thing) else ""
    if kind == "autodata":
        options = "   :no-value:\n"
    return f".. {kind}:: {module.__name__}.{name}\n{options}"


def _index(written: _Once, rooms: dict[str, str]) -> str:
    """The first page: what `import tfticket as tt` has at hand, and the rooms."""
    package = written.package
    things = [(n, getattr(package, n)) for n in package.__all__ if not n.startswith("__")]
    names = [(n, t) for n, t in things if not inspect.ismodule(t)]
    listed = [
        f"* :py:obj:`tfticket.{n} <{written.names[id(t)]}>`: {_first_line(t)}" for n, t in names
    ]
    return "\n".join(
        [
            "API",
            _OVER,
            "",
            "Names that ``import tfticket`` has at hand:",
            "",
            *listed,
            "",
            "Everything else is in a room; the first heading of its page has what is imported from"
            " the room itself, the others what its modules have besides.",
            "",
            ".. toctree::",
            "   :maxdepth: 1",
            "",
            *(f"   {name}" for name in sorted(rooms) if rooms[name]),
            "",
        ]
    )


def _first_line(thing: Any) -> str:
    return (inspect.getdoc(thing) or "").partition("\n")[0]
