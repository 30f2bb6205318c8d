"""The catalogue has every benchmark, the index is made from it, and both say what is so."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import index
from benchmarks.__main__ import listed, main, scripts
from benchmarks.catalogue import BENCHMARKS

FOLDER = Path(index.__file__).parent
ROOT = FOLDER.parent
NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?(?:e-?\d+)?")


@pytest.fixture(params=BENCHMARKS, ids=lambda one: one.name)
def one(request):
    return request.param


def text(path):
    return path.read_text(encoding="utf-8")


def test_every_benchmark_is_in_the_catalogue_once():
    folders = {run.parent.name for run in FOLDER.glob("*/run.py")}
    assert sorted(one.name for one in BENCHMARKS) == sorted(folders)


def test_every_script_that_can_be_run_is_in_the_catalogue(one):
    found = {p.stem for p in (FOLDER / one.name).glob("*.py") if "\nif __name__ == " in text(p)}
    assert {script.name for script in one.scripts} == found
    assert one.scripts[0].name == "run"


def test_a_question_is_one(one):
    assert one.question.endswith("?")
    assert one.question.count("?") == 1


def test_scripts_know_the_arguments_that_are_given(one):
    for script in one.scripts:
        known = text(FOLDER / one.name / f"{script.name}.py")
        for option in re.findall(r"--[\w-]+", script.arguments):
            assert f'"{option}"' in known, f"{one.name}/{script.name}"


def test_figures_are_those_of_the_benchmarks_own_readme(one):
    numbers = NUMBER.findall(text(FOLDER / one.name / "README.md"))
    assert [n for n in NUMBER.findall(one.figures) if n not in numbers] == []


def test_minutes_stand_in_the_catalogue_alone(one):
    said = re.compile(r"\b(minutes?|hours?) on one core|\b(about|some) \w+ minutes", re.IGNORECASE)
    files = [*(FOLDER / one.name).glob("*.md"), *(FOLDER / one.name).glob("run.py")]
    assert [path.name for path in files if said.search(text(path))] == []


def test_the_index_is_up_to_date():
    before = text(index.PATH)
    assert index.updated(before) == before, "run: python -m benchmarks index"
    assert before.count(index.START) == before.count(index.END) == 1


def test_the_index_links_what_is_there():
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", text(index.PATH))
    assert len(links) > len(BENCHMARKS)
    assert [link for link in links if not (FOLDER / link).exists()] == []


def test_the_list_has_every_command():
    said = listed()
    for one in BENCHMARKS:
        assert f"{one.name}: {one.question}\n" in said
        assert all(one.command(script) in said for script in one.scripts)


def test_a_benchmark_is_run_with_its_arguments(monkeypatch):
    ran = []
    done = subprocess.CompletedProcess([], 3)
    monkeypatch.setattr(subprocess, "run", lambda command: (ran.append(command), done)[1])
    assert main(["run", "structured/latency", "--rounds", "5", "--help"]) == 3
    script = FOLDER / "structured" / "latency.py"
    assert ran == [[sys.executable, str(script), "--rounds", "5", "--help"]]


def test_every_name_is_a_file():
    assert [name for name, path in scripts().items() if not path.is_file()] == []


def test_an_unknown_benchmark_is_told_which_there_are(capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["run", "utopia"])
    assert "lottery_ticket" in capsys.readouterr().err


def test_a_benchmark_runs_from_the_top_of_the_repository():
    command = [sys.executable, "-m", "benchmarks", "run", "versions", "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "--any-python" in done.stdout


def test_make_hands_on_name_and_arguments():
    command = ["make", "--dry-run", "bench", "NAME=zhou", "ARGS=--replicates 1"]
    # The tests themselves are run by make, which hands its own flags on to any make below it.
    apart = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(command, cwd=ROOT, env=apart, capture_output=True, text=True)
    assert done.stdout.rstrip().endswith("python -m benchmarks run zhou --replicates 1")
