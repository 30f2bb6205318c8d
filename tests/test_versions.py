"""What `benchmarks/versions` found is what is promised: no row failed, every floor was run."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # where `benchmarks` lies

from benchmarks import records

FOLDER = Path(records.__file__).parent / "versions"
RESULTS = records.read(FOLDER / "results.json")
FLOOR = re.compile(r"(?P<name>[\w.-]+)(\[\w+\])?(<[\w.]+,)?>=(?P<version>[\w.]+)")


@pytest.fixture
def rows(monkeypatch):
    spec = importlib.util.spec_from_file_location("rows", FOLDER / "rows.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "rows", module)  # dataclasses look it up
    spec.loader.exec_module(module)
    return {row.name: row for row in module.ROWS}


def exact(parts, version):
    """Whether a version is the one that was written with fewer parts: 3.8.0 is 3.8."""
    found = version.split(".")
    return found[: len(parts)] == parts and not any(int(p) for p in found[len(parts) :])


def test_no_row_failed_and_one_that_was_not_run_says_why(rows):
    assert list(RESULTS) == list(rows)
    assert {n: r["failures"] for n, r in RESULTS.items() if r["failures"]} == {}
    for name, result in RESULTS.items():
        assert result["reason"] or result["counts"]["passed"], name
        assert not result["counts"].get("failed"), name


def test_what_users_have_was_run():
    for name in ("colab", "kaggle", "floors"):
        assert RESULTS[name]["counts"]["passed"] > 500, name


def test_every_row_had_its_pins_and_its_python(rows):
    for name, row in rows.items():
        found = RESULTS[name]["versions"]
        if RESULTS[name]["reason"]:
            continue
        assert found["python"].startswith(f"{row.python}."), name
        for pin in row.packages:
            package, _, version = pin.partition("==")
            key = package.lower().replace("_", "-")
            assert not version or found[key] == version, f"{name}: {pin}"


def test_every_floor_of_setup_py_was_run():
    lowest = [result["versions"] for name, result in RESULTS.items() if name.startswith("floors")]
    floors = [
        (match["name"].lower().replace("_", "-"), match["version"])
        for requirement in importlib.metadata.requires("tfticket") or ()
        if (match := FLOOR.match(requirement))
    ]
    assert ("keras", "3.8") in floors
    never = [
        f"{name}>={version}"
        for name, version in floors
        if not any(exact(version.split("."), run.get(name, "")) for run in lowest)
    ]
    assert never == []
