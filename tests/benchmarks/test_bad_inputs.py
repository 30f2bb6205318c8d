"""What a person does wrong is told: those cases for which nothing is trained."""

from __future__ import annotations

import pytest

from benchmarks.bad_inputs import workshop
from benchmarks.bad_inputs.cases import all_cases, tried

CASES = [case for case in all_cases() if case.is_fast]
#: In continuous integration every third command; all calls.
CHOSEN = [c for i, c in enumerate(CASES) if not c.name.partition(" ")[2].count("--") or i % 3 == 0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return workshop.make(tmp_path_factory.mktemp("workshop"))


def test_there_are_at_least_two_hundred_with_different_names():
    names = [case.name for case in all_cases()]
    assert len(names) == len(set(names)) >= 200
    assert all(case.says for case in all_cases())
    assert len(CHOSEN) >= 60


@pytest.mark.parametrize("case", CHOSEN, ids=lambda case: case.name.replace("{f}/", ""))
def test_what_is_wrong_is_told(case, folder):
    outcome = tried(case, folder)
    assert outcome.kind == "clear", outcome.said
