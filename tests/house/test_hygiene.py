"""What must not be found anywhere in the code."""

from __future__ import annotations

import ast
import re

# All of these make TensorFlow decide, for the whole program, which Keras `tf.keras` is.
DECIDING = {"keras", "initializers", "losses", "metrics", "optimizers"}
SAYS_NOTHING = {"utils", "util", "helpers", "helper", "common", "misc"}
#: Words of our own where the field has one, and what it says.
FORBIDDEN = {
    "Atoms": "ChannelSets",
    "Axes": "PruningMethod",
    "Findings": "SearchResult",
    "Shelf": "Store",
    "carry_out": "run_levels",
    "importance": "score",
    "keep_ratio": "density",
    "strength": "penalty",
    "told": "details, provenance",
    "twin": "densified",
    "NotFollowed": "UnsupportedLayer",
    "apart": "difference",
    "looked_at": "present, evidence",
    "made_again": "from_config",
}
UNSAFE = {"pickle", "cloudpickle", "dill", "joblib", "shelve", "marshal"}


def test_nobody_uses_the_keras_of_tensorflow(everything):
    assert [
        f"{s.name}:{node.lineno}"
        for s in everything
        for node in ast.walk(s.tree)
        if (
            isinstance(node, ast.Attribute) and _is_tensorflow(node.value) and node.attr in DECIDING
        )
        or any(name.split(".")[:2] == ["tensorflow", "keras"] for name in _imports(node))
    ] == []


def test_nothing_is_pickled(everything):
    assert [
        f"{s.name}:{node.lineno}"
        for s in everything
        for node in ast.walk(s.tree)
        if any(name.split(".")[0] in UNSAFE for name in _imports(node))
        or (isinstance(node, ast.keyword) and node.arg == "allow_pickle" and _is_true(node.value))
    ] == []


def test_only_the_command_line_prints(package):
    assert [
        f"{s.name}:{node.lineno}"
        for s in package
        if not s.name.startswith("tfticket/cli/")
        for node in ast.walk(s.tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print"
    ] == []


def test_module_names_say_something(everything):
    assert [s.name for s in everything if s.module.rpartition(".")[2] in SAYS_NOTHING] == []


def test_things_are_called_what_the_field_calls_them(package):
    assert [
        f"{s.name}: {name} ({FORBIDDEN[name]})"
        for s in package
        for node in ast.walk(s.tree)
        for name in (
            getattr(node, "id", None),
            getattr(node, "attr", None),
            getattr(node, "arg", None),
            getattr(node, "name", None),
        )
        if name in FORBIDDEN
    ] == []


def test_no_default_argument_is_mutable(everything):
    assert [
        f"{s.name}:{node.lineno}"
        for s in everything
        for node in ast.walk(s.tree)
        if isinstance(node, (ast.FunctionDef, ast.Lambda))
        for default in [*node.args.defaults, *node.args.kw_defaults]
        if isinstance(default, (ast.List, ast.Dict, ast.Set, ast.ListComp))
        or (
            isinstance(default, ast.Call)
            and getattr(default.func, "id", "") in ("list", "dict", "set")
        )
    ] == []


def test_importing_changes_neither_environment_nor_logging(package):
    assert [
        f"{s.name}:{statement.lineno}"
        for s in package
        for statement in s.tree.body
        if not isinstance(statement, (ast.FunctionDef, ast.ClassDef))
        and re.search(
            r"os\.environ\[|putenv|basicConfig|setLevel|set_verbosity", ast.unparse(statement)
        )
    ] == []


def test_the_version_is_written_once(package, root):
    assigned = [s.name for s in package if re.search(r"^__version__\s*=", s.text, re.MULTILINE)]
    assert assigned == ["tfticket/_version.py"]
    literal = re.compile(r"^\s*version\s*=\s*[\"']\d", re.MULTILINE)
    assert not literal.search((root / "setup.py").read_text())
    assert not literal.search((root / "pyproject.toml").read_text())


def _imports(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
    return []


def _is_tensorflow(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("tf", "tensorflow")


def _is_true(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is True
