"""Sizes at which code stops being easy to read."""

from __future__ import annotations

import ast

MAX_MODULE_LINES = 300
MAX_BODY_LINES = 45
MAX_ARGUMENTS = 9


def test_modules_are_at_most_300_lines(everything):
    long = {s.name: n for s in everything if (n := s.text.count("\n")) > MAX_MODULE_LINES}
    assert long == {}


def test_function_bodies_are_at_most_45_lines(everything):
    long = {
        f"{s.name}:{f.name}": n
        for s in everything
        for f in _functions(s.tree)
        if (n := (f.end_lineno or 0) - f.body[0].lineno + 1) > MAX_BODY_LINES
    }
    assert long == {}


def test_functions_take_at_most_9_arguments(everything):
    wide = {
        f"{s.name}:{f.name}": n
        for s in everything
        for f in _functions(s.tree)
        if (n := len([*f.args.posonlyargs, *f.args.args, *f.args.kwonlyargs])) > MAX_ARGUMENTS
    }
    assert wide == {}


def _functions(tree: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]
