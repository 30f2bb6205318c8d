"""Notebooks: each is a pair of files that agree, says what it is, and runs from start to end.

`notebooks/*.py` are the ones to edit; `jupytext --to ipynb --update notebooks/*.py` writes the
others.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = sorted((ROOT / "notebooks").glob("*.py"))
COLAB = "https://colab.research.google.com/github/tfticket/tfticket/blob/main/notebooks/"
#: Which benchmark's table a notebook quotes.
QUOTED = {"02_course_project": "course_project", "03_gradual_pruning": "gradual_regression"}


@pytest.fixture(params=SCRIPTS, ids=lambda path: path.stem)
def script(request) -> Path:
    return request.param


def test_every_notebook_is_a_pair():
    paired = {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert paired == {path.stem for path in SCRIPTS} != set()


def test_both_files_of_a_pair_hold_the_same_cells(script):
    written, paired = (cells(jupytext.read(script)), cells(notebook(script)))
    assert paired == written, f"run `jupytext --to ipynb --update {script.relative_to(ROOT)}`"


def test_notebooks_are_committed_without_outputs(script):
    code = [cell for cell in notebook(script).cells if cell.cell_type == "code"]
    assert code
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)


def test_notebooks_open_in_colab_and_install_there_only(script):
    first, install = jupytext.read(script).cells[:2]
    assert f"({COLAB}{script.stem}.ipynb)" in first.source
    assert install.source.startswith('import sys\n\nif "google.colab" in sys.modules:\n    ')
    assert re.findall(r"^\S.*", install.source, re.MULTILINE)[2:] == []


def test_notebooks_start_small_and_say_how_often_and_from_which_seed(script):
    text = script.read_text(encoding="utf-8")
    assert "\nFULL_SIZE = False\n" in text
    assert "seed" in jupytext.read(script).cells[0].source.lower()
    assert "replicates" in jupytext.read(script).cells[0].source


@pytest.mark.parametrize("name", QUOTED)
def test_quoted_tables_are_those_of_the_benchmark(name):
    folder = ROOT / "benchmarks" / QUOTED[name]
    run = benchmark(folder)
    table = run.table(run.records.read(folder / "results.json")["summary"])
    assert table in (folder / "README.md").read_text(encoding="utf-8")
    assert table in "\n".join(cell.source for cell in jupytext.read(script_of(name)).cells)


def test_notebooks_run(script, tmp_path):
    """In a pytest of its own: the warnings of other people's kernels are not ours to raise."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "-p", "no:cacheprovider"),
            *("--nbmake", "--nbmake-timeout=600", f"--rootdir={tmp_path}"),
            str(script.with_suffix(".ipynb")),
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert "1 passed" in done.stdout


def script_of(name: str) -> Path:
    return ROOT / "notebooks" / f"{name}.py"


def notebook(script: Path) -> nbformat.NotebookNode:
    return nbformat.read(script.with_suffix(".ipynb"), as_version=4)


def cells(document: nbformat.NotebookNode) -> list[tuple[str, str]]:
    return [(cell.cell_type, cell.source) for cell in document.cells]


def benchmark(folder: Path):
    spec = importlib.util.spec_from_file_location(f"benchmark_{folder.name}", folder / "run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
