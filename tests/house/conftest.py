"""The source of the whole package, parsed once."""

from __future__ import annotations

import ast
import dataclasses
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclasses.dataclass(frozen=True)
class Source:
    """One file: its name from the top of the repository, its text and its syntax tree."""

    name: str
    text: str
    tree: ast.Module

    @property
    def module(self) -> str:
        """The dotted name it is imported by."""
        return self.name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _read(folder: str) -> list[Source]:
    found = sorted((ROOT / folder).rglob("*.py"))
    texts = {p.relative_to(ROOT).as_posix(): p.read_text(encoding="utf-8") for p in found}
    return [Source(name, text, ast.parse(text, name)) for name, text in texts.items()]


@pytest.fixture(scope="session")
def package() -> list[Source]:
    """Every file of the package."""
    return _read("tfticket")


@pytest.fixture(scope="session")
def everything(package) -> list[Source]:
    """Every Python file, tests and benchmarks included."""
    return [
        *package,
        *_read("tests"),
        *_read("benchmarks"),
        *_read("notebooks"),
        *_read("saved_models"),
    ]
