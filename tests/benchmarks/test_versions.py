"""The rows of the version matrix: what they run is there."""

from __future__ import annotations

from benchmarks.versions.rows import FAST, QUICK, ROWS


def test_every_test_of_a_row_is_there(root):
    named = {path for row in ROWS for path in row.tests} | {*QUICK}
    assert sorted(path for path in named if not (root / path).exists()) == []


def test_what_is_run_quickly_is_part_of_what_is_run():
    assert all(any(path == fast or path.startswith(f"{fast}/") for fast in FAST) for path in QUICK)
