"""What needs no TensorFlow is answered without it: every command line that is timed."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from benchmarks.commands import workshop
from benchmarks.commands.cases import ANSWERS, ERRORS

CASES = [*ANSWERS, *(case for cases in ERRORS.values() for case in cases)]
CODE = """
import json, sys
from typer.testing import CliRunner
from tfticket.cli.app import app

found = []
for arguments in json.loads(sys.argv[1]):
    done = CliRunner().invoke(app, arguments, env={"COLUMNS": "1000", "TERMINAL_WIDTH": "1000"})
    found.append([done.exit_code, done.output, "tensorflow" in sys.modules])
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """Of every line the code, what was said, and whether TensorFlow was loaded by then."""
    folder = str(workshop.make(tmp_path_factory.mktemp("commands"), os.environ))
    lines = json.dumps([case.arguments(folder) for case in CASES])
    call = [sys.executable, "-c", CODE, lines]
    done = subprocess.run(call, capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr
    return dict(zip(CASES, json.loads(done.stdout), strict=True))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.line)
def test_a_command_line_is_answered_without_tensorflow(case, answers):
    code, said, has_tensorflow = answers[case]
    assert (code, has_tensorflow) == (case.code, False), said
    assert case.says in said


def test_a_line_is_in_the_list_once():
    assert len({case.line for case in CASES}) == len(CASES)
