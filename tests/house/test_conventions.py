"""Sizes at which code stops being easy to read, and ways around them."""

from __future__ import annotations

import ast

MAX_MODULE_LINES = 300
MAX_BODY_LINES = 45
USUAL_BODY_LINES = 25
MAX_ARGUMENTS = 7
MAX_ARGUMENTS_OF_DOORS = 9


def test_modules_are_at_most_300_lines(everything):
    long = {s.name: n for s in everything if (n := s.text.count("\n")) > MAX_MODULE_LINES}
    assert long == {}


def test_function_bodies_are_at_most_45_lines(everything):
    long = {
        f"{s.name}:{f.name}": n
        for s in everything
        for f in functions(s.tree)
        if (n := (f.end_lineno or 0) - f.body[0].lineno + 1) > MAX_BODY_LINES
    }
    assert long == {}


def test_nine_in_ten_function_bodies_are_at_most_25_lines(package):
    bodies = [f for s in package for f in functions(s.tree)]
    long = [f for f in bodies if lines_of_code(f) > USUAL_BODY_LINES]
    assert len(long) <= len(bodies) / 10


def test_functions_take_at_most_9_arguments(everything):
    wide = {
        f"{s.name}:{f.name}": len(parameters(f))
        for s in everything
        for f in functions(s.tree)
        if len(parameters(f)) > MAX_ARGUMENTS_OF_DOORS
    }
    assert wide == {}


def test_what_is_not_public_takes_at_most_7_arguments(package):
    wide = {
        f"{s.name}:{f.name}": len(parameters(f))
        for s in package
        for f in functions(s.tree)
        if f.name.startswith("_")
        and not f.name.startswith("__")
        and len(parameters(f)) > MAX_ARGUMENTS
    }
    assert wide == {}


def test_no_argument_is_a_tuple_to_be_unpacked(package):
    """Things that belong together have a class with their names; a list may have any length."""
    packed = [
        f"{s.name}:{f.name}: {name}"
        for s in package
        for f in functions(s.tree)
        for name in [*unpacked(f), *mixed_tuples(f)]
    ]
    assert packed == []


def test_every_module_says_what_it_is_for_others(package):
    silent = [
        s.name
        for s in package
        if not any(
            isinstance(target, ast.Name) and target.id == "__all__"
            for statement in s.tree.body
            if isinstance(statement, (ast.Assign, ast.AnnAssign))
            for target in getattr(statement, "targets", [getattr(statement, "target", None)])
        )
    ]
    assert silent == []


def functions(tree: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.arg]:
    given = function.args
    named = [*given.posonlyargs, *given.args, *given.kwonlyargs]
    return [a for a in named if a.arg not in ("self", "cls")]


def lines_of_code(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a body without its docstring."""
    body = function.body
    has_more = len(body) > 1 and ast.get_docstring(function) is not None
    return (function.end_lineno or 0) - body[1 if has_more else 0].lineno + 1


def unpacked(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    """Parameters, lists apart, that the body assigns to several names at once."""
    names = {
        a.arg
        for a in parameters(function)
        if a.annotation is None or not ast.unparse(a.annotation).startswith(("list", "Sequence"))
    }
    pairs = [
        pair
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        for target in node.targets
        for pair in assigned(target, node.value)
    ]
    return [
        value.id
        for target, value in pairs
        if isinstance(target, (ast.Tuple, ast.List))
        and isinstance(value, ast.Name)
        and value.id in names
    ]


def assigned(target: ast.expr, value: ast.expr) -> list[tuple[ast.expr, ast.expr]]:
    """The single assignments of `a, (b, c) = x, y`."""
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        return list(zip(target.elts, value.elts, strict=False))
    return [(target, value)]


def mixed_tuples(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    """Parameters whose annotation is a tuple of things of several kinds."""
    found = []
    for parameter in parameters(function):
        annotation = parameter.annotation
        if not isinstance(annotation, ast.Subscript) or ast.unparse(annotation.value) != "tuple":
            continue
        kinds = {ast.unparse(e) for e in getattr(annotation.slice, "elts", [annotation.slice])}
        if len(kinds - {"..."}) > 1:
            found.append(parameter.arg)
    return found
