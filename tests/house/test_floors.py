"""A module imports only from floors below its own.

Each row is a floor, the lowest first; modules that share a row do not know of each other. Inside a
package any file may import another, as long as there is no circle.
"""

from __future__ import annotations

import ast
import graphlib

FLOORS = {
    "ground": [
        ("_lazy",),
        (
            "_archives",
            "_version",
            "clock",
            "constant",
            "devices",
            "errors",
            "filters",
            "retracing",
        ),
        ("progress", "references", "tables"),
        (
            "locking",
            "measuring",
            "optional",
            "own_kernels",
            "registry",
            "seeds",
            "settings",
            "trust",
        ),
        ("_keras", "_tfmot", "files", "paths"),
        ("_optimizers", "determinism", "hub", "kinds", "nodes", "tflite"),
        ("_weight_decay",),
        ("cloning", "litert"),
    ],
    "things": [
        ("initializers", "layouts", "weights"),
        ("masks", "share"),
        ("_ticket_files",),
        ("graph",),
        ("tickets",),
    ],
    "choices": [
        ("tracing",),
        ("actions", "schedules", "scores", "selection"),
        ("controls", "pruning_method"),
    ],
    "procedures": [
        ("enforcement", "low_precision", "rewinding", "slimming"),
        ("early_bird", "levels"),
        ("callbacks", "pruning"),
        ("collapse", "lottery"),
        (
            "factorization",
            "post_training",
            "strong_tickets",
            "supermasks",
            "weight_agnostic",
        ),
    ],
    "bridges": [
        ("tfmot_bridge",),
        ("export",),
        ("reports",),
        ("compression",),
    ],
    "front door": [
        ("zoo",),
        ("recipes",),
        ("experiments",),
        ("cli",),
        ("__init__", "__main__"),
    ],
}

HEIGHT = {
    module: height
    for height, row in enumerate(row for rows in FLOORS.values() for row in rows)
    for module in row
}


def room(module: str) -> str:
    """The line of the table a module belongs to: `tfticket.schedules.base` → `schedules`."""
    return module.split(".")[1] if "." in module else "__init__"


def imported(source, known: set[str]) -> set[str]:
    """The modules of the package that a file imports, anywhere in it, functions included."""
    package = (
        source.module if source.name.endswith("__init__.py") else source.module.rpartition(".")[0]
    )
    found: set[str] = set()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - (node.level - 1)]
            base = ".".join([*(above if node.level else []), *filter(None, [node.module])])
            names = {f"{base}.{alias.name}" for alias in node.names}
            found |= (names & known) | ({base} if names - known else set())
    return {name for name in found if name in known}


def test_every_module_is_on_a_floor(package):
    assert {room(s.module) for s in package} - set(HEIGHT) == set()


def test_every_room_of_the_table_is_there(package):
    assert set(HEIGHT) - {room(s.module) for s in package} == set()


def test_imports_only_go_down(package):
    known = {s.module for s in package}
    climbing = [
        f"{source.name} imports {target}"
        for source in package
        for target in sorted(imported(source, known))
        if room(target) != room(source.module)
        and HEIGHT.get(room(target), 99) >= HEIGHT.get(room(source.module), 99)
    ]
    assert not climbing, "\n".join(climbing)


def test_no_package_imports_in_a_circle(package):
    known = {s.module for s in package}
    graph = {
        s.module: {t for t in imported(s, known) if room(t) == room(s.module) and t != s.module}
        for s in package
    }
    assert list(graphlib.TopologicalSorter(graph).static_order())
