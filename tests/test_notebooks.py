"""Notebooks: each is a pair of files that agree, says what it is, shows it, and runs to its end.

`notebooks/*.py` are the ones to edit; `make notebooks` writes the others.
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


#: Of a committed notebook with its pictures.
MOST_BYTES = 220_000
#: A folder of the machine that ran it, or an address in its memory.
OF_A_MACHINE = re.compile(r"/(?:home|root|tmp|var|usr|opt|work|Users)/| at 0x[0-9a-f]{6}")


@pytest.fixture(params=SCRIPTS, ids=lambda path: path.stem)
def script(request) -> Path:
    return request.param


@pytest.fixture(scope="module")
def writing():
    """What `make notebooks` runs."""
    return loaded(ROOT / "docs" / "run_notebooks.py")


def test_every_notebook_is_a_pair():
    paired = {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert paired == {path.stem for path in SCRIPTS} != set()


def test_both_files_of_a_pair_hold_the_same_cells(script):
    written, paired = (cells(jupytext.read(script)), cells(notebook(script)))
    assert paired == written, "run `make notebooks`"


def test_committed_notebooks_were_run_from_start_to_end_and_show_it(script):
    code = [cell for cell in notebook(script).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell.outputs]
    assert {output.output_type for output in outputs} <= {
        *("stream", "display_data", "execute_result"),
    }
    assert {output.get("name", "stdout") for output in outputs} == {"stdout"}
    shown = [output.get("data", {}) for output in outputs]
    assert any("image/png" in one for one in shown)
    assert all("image/png" in one for one in shown if "<Figure" in str(one.get("text/plain", "")))


def test_committed_notebooks_are_small_and_hold_nothing_of_the_machine_that_ran_them(script):
    path = script.with_suffix(".ipynb")
    document = notebook(script)
    assert path.stat().st_size <= MOST_BYTES
    assert set(document.metadata) == {"jupytext", "kernelspec", "language_info"}
    assert document.metadata.language_info == {"name": "python"}
    assert all(cell.metadata == {} for cell in document.cells)
    said = [text for cell in document.cells for text in texts(cell)]
    assert [text for text in said if OF_A_MACHINE.search(text)] == []


def test_what_notebooks_have_alike_stands_once(script, writing):
    """The cell that installs, and the versions, which are those of the matrix' table."""
    filled = writing.as_script(writing.filled(jupytext.read(script)))
    assert script.read_text(encoding="utf-8") == filled, "run `make notebooks`"


def test_the_versions_said_to_be_tested_are_those_of_the_table(writing):
    table = (ROOT / "benchmarks/versions/README.md").read_text(encoding="utf-8")
    said = " ".join(writing.tested().split())
    for row, name in (("colab", "Colab"), ("kaggle", "Kaggle")):
        (found,) = re.findall(rf"^\| {row} \| (.*) \|$", table, re.MULTILINE)
        python, tensorflow, keras, tf_keras, numpy, *_ = found.split(" | ")
        assert f"{name} (Python {python}, TensorFlow {tensorflow}, Keras {keras}," in said
        assert f"tf_keras {tf_keras}, NumPy {numpy})" in said


def test_notebooks_open_in_colab(script):
    assert f"({COLAB}{script.stem}.ipynb)" in jupytext.read(script).cells[0].source


@pytest.mark.parametrize("source", ["", "a folder", "git+https://example.org/tfticket"])
def test_the_package_is_installed_where_it_is_missing(source, writing, monkeypatch, tmp_path):
    asked = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(subprocess, "run", lambda command, check: asked.append(command[-2:]))
    (tmp_path / "a folder").mkdir()
    cell = writing.INSTALL.format(extras='"data,plots", ["optuna"]')
    cell = cell.replace('SOURCE = ""', f"SOURCE = {source!r}", 1)
    if not source:
        with pytest.raises(FileNotFoundError, match="beside the notebook"):
            exec(cell, {})
        (tmp_path / "tfticket-0.2.0-py3-none-any.whl").touch()
        source = "tfticket-0.2.0-py3-none-any.whl"
    exec(cell, {})
    expected = f"{tmp_path / source}[data,plots]"
    if source.startswith("git"):
        expected = f"tfticket[data,plots] @ {source}"
    assert asked == [[expected, "optuna"]]


def test_the_package_is_not_installed_where_it_is(script, monkeypatch):
    monkeypatch.setattr(subprocess, "run", None)
    exec(jupytext.read(script).cells[1].source, {})


def test_maps_of_signed_numbers_have_0_in_their_middle_and_a_bar(script):
    text = script.read_text(encoding="utf-8")
    drawn = re.findall(r"^.*RdBu.*$", text, re.MULTILINE)
    assert all("vmin=-limit, vmax=limit" in line for line in drawn)
    assert text.count("colorbar(image") >= len(drawn)


def test_a_notebook_is_kept_with_what_it_shows_and_without_chatter(writing):
    chatter = "I0000 00:00:1.0 1 port.cc:153] oneDNN"
    code = f"import sys, tempfile\nprint({chatter!r}, file=sys.stderr)\n"
    code += "print(tempfile.mkdtemp() + '/a')"
    document = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    (ran,) = writing.executed(document).cells
    assert [output.text for output in ran.outputs] == ["a\n"]
    assert document.cells[0].outputs == []


def test_a_notebook_that_warns_is_not_kept(writing):
    code = "import warnings\nwarnings.warn('of something')"
    document = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    with pytest.raises(RuntimeError, match="of something"):
        writing.executed(document)


def test_notebooks_start_small_and_say_how_often_and_from_which_seed(script):
    text = script.read_text(encoding="utf-8")
    assert "\nFULL_SIZE = False\n" in text
    assert "seed" in jupytext.read(script).cells[0].source.lower()
    assert "replicates" in jupytext.read(script).cells[0].source


@pytest.mark.parametrize("name", QUOTED)
def test_quoted_tables_are_those_of_the_benchmark(name):
    folder = ROOT / "benchmarks" / QUOTED[name]
    run = loaded(folder / "run.py")
    table = run.table(run.records.read(folder / "results.json")["summary"])
    assert table in (folder / "README.md").read_text(encoding="utf-8")
    assert table in "\n".join(cell.source for cell in jupytext.read(script_of(name)).cells)


@pytest.mark.long
def test_notebooks_run(script, tmp_path):
    """In a process of its own: the warnings of other people's packages are not ours to raise."""
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path), "MPLBACKEND": "Agg"},
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr[-4000:]


def script_of(name: str) -> Path:
    return ROOT / "notebooks" / f"{name}.py"


def notebook(script: Path) -> nbformat.NotebookNode:
    return nbformat.read(script.with_suffix(".ipynb"), as_version=4)


def cells(document: nbformat.NotebookNode) -> list[tuple[str, str]]:
    return [(cell.cell_type, cell.source) for cell in document.cells]


def texts(cell: nbformat.NotebookNode) -> list[str]:
    """What a cell's outputs say in words."""
    outputs = cell.get("outputs", [])
    return [str(o.get("text", o.get("data", {}).get("text/plain", ""))) for o in outputs]


def loaded(path: Path):
    spec = importlib.util.spec_from_file_location(f"{path.parent.name}_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
