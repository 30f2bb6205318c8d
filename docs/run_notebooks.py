"""Writes the notebooks: runs `notebooks/*.py` and keeps what they show in the `.ipynb` beside them.

python docs/run_notebooks.py [NAME ...] [--all]

The `.py` are the ones to edit. What all of them have alike is filled in first: the cell that
installs, and which versions were tested. A notebook whose code is as it was is not run again, it
takes over new text; `--all` runs every one.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import io
import os
import re
import sys
import tempfile
import textwrap
from pathlib import Path
from typing import Any

import jupytext
import nbformat

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:0] = [str(ROOT)]  # this copy of the package, whatever is installed

from benchmarks.versions import table  # noqa: E402

SCRIPTS = sorted((ROOT / "notebooks").glob("*.py"))
VERSIONS = "https://github.com/tfticket/tfticket/tree/main/benchmarks/versions"
#: The versions that the first cell names, of the columns of the matrix.
NAMED = ("Python", "TensorFlow", "Keras", "tf_keras", "NumPy")
#: What differs between notebooks is its first statement.
INSTALL = """\
# Where tfticket is missing, as in Colab and Kaggle, it is installed: from the wheel of a release,
# beside the notebook or in Kaggle's input, or from what `SOURCE` says, a path or an address.
EXTRAS, BESIDES = {extras}
SOURCE = ""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

HOSTED = "google.colab" in sys.modules or "KAGGLE_KERNEL_RUN_TYPE" in os.environ
if importlib.util.find_spec("tfticket") is None:
    wheels = [*Path().glob("tfticket-*.whl"), *Path("/kaggle/input").rglob("tfticket-*.whl")]
    SOURCE = SOURCE or str(max(wheels, default=""))
    if not SOURCE:
        raise FileNotFoundError("Put tfticket-*.whl beside the notebook, or fill in `SOURCE`.")
    path = Path(SOURCE).resolve()
    wanted = f"{{path}}[{{EXTRAS}}]" if path.exists() else f"tfticket[{{EXTRAS}}] @ {{SOURCE}}"
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", wanted, *BESIDES], check=True)"""
_TESTED = re.compile(r"\n\nTested with .*", re.DOTALL)
_WRITER = re.compile(r"^# +(?:format|jupytext)_version: .*\n", re.MULTILINE)
_EXTRAS = re.compile(r"^EXTRAS, BESIDES = (.*)$", re.MULTILINE)
#: What TensorFlow and XLA write to the error stream before they can be asked not to, and tqdm where
#: there are no widgets to draw a bar with.
_CHATTER = re.compile(
    r"[IWE]\d{4} |WARNING: All log messages before absl|To enable the following"
    r"|.* TqdmWarning: IProgress not found|  from \.autonotebook import"
)
#: Of a picture's palette.
_NUM_COLORS = 256
#: Folders that a run made for itself, and that are gone.
_OWN_FOLDER = re.compile(re.escape(tempfile.gettempdir()) + r"/tmp\w+/")


def main() -> int:
    """Writes what has changed, or what is asked for, and returns what the process ends with."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="such as 03_gradual_pruning")
    parser.add_argument("--all", action="store_true", help="run every notebook again")
    asked = parser.parse_args()
    unknown = set(asked.names) - {script.stem for script in SCRIPTS}
    if unknown:
        parser.error(f"there is no notebook of this name: {', '.join(sorted(unknown))}")
    for script in SCRIPTS:
        written = filled(jupytext.read(script))
        script.write_text(as_script(written), encoding="utf-8")
        path = script.with_suffix(".ipynb")
        known = nbformat.read(path, as_version=4) if path.exists() else None
        is_known = known is not None and codes(known) == codes(written)
        if asked.all or script.stem in asked.names or not is_known:
            print(f"{script.stem}: running", flush=True)
            known = executed(written)
        nbformat.write(as_committed(written, known), path)
    return 0


def filled(notebook: Any) -> Any:
    """Returns a notebook with what all have alike: the cell that installs, the versions."""
    first, install = notebook.cells[:2]
    found = _EXTRAS.search(install.source)
    if found is None:
        raise ValueError('the second cell must have a line like `EXTRAS, BESIDES = "plots", []`')
    install.source = INSTALL.format(extras=found[1])
    first.source = f"{_TESTED.sub('', first.source)}\n\n{tested()}"
    return notebook


def as_script(notebook: Any) -> str:
    """Returns a notebook as a `.py`, which does not say what wrote it."""
    return _WRITER.sub("", jupytext.writes(notebook, fmt="py:percent"))


def tested() -> str:
    """Returns with which versions the package's tests were run, of Colab and of Kaggle."""
    results = table.read(ROOT / "benchmarks" / "versions")
    said = []
    for row in ("colab", "kaggle"):
        if not results[row].is_good:
            raise ValueError(f"tests have failed in the row {row!r} of {VERSIONS}")
        versions = results[row].versions
        named = ", ".join(f"{name} {versions[table.COLUMNS[name]]}" for name in NAMED)
        said.append(f"{row.title()} ({named})")
    said = f"Tested with the versions of {' and of '.join(said)}:"
    wrapped = textwrap.fill(said, 98, break_long_words=False, break_on_hyphens=False)
    return f"{wrapped}\n[`benchmarks/versions`]({VERSIONS})."


def codes(notebook: Any) -> list[str]:
    """Returns the code of a notebook, but for the cell that installs: here it does nothing."""
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"][1:]


def executed(notebook: Any, timeout: int = 600) -> Any:
    """Runs a notebook in a process and a folder of its own, and returns it with its outputs.

    Args:
        notebook: which is left as it is.
        timeout: seconds that a cell may take.

    Raises:
        nbclient.exceptions.CellExecutionError: if a cell fails.
        RuntimeError: if a cell writes to the error stream, as warnings do.
    """
    from nbclient import NotebookClient

    notebook = nbformat.from_dict(notebook)
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    env = {**os.environ, "PYTHONPATH": path, "TF_CPP_MIN_LOG_LEVEL": "3"}
    env.pop("MPLBACKEND", None)  # the kernel's own shows pictures in the notebook
    with tempfile.TemporaryDirectory() as folder:
        place = {"metadata": {"path": folder}}
        client = NotebookClient(notebook, timeout=timeout, resources=place, kernel_name="python3")
        client.record_timing = False
        asyncio.run(client.async_execute(env=env))  # with a loop of its own, closed afterwards
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [kept for one in cell.outputs if (kept := _cleaned(one)) is not None]
    return notebook


def _cleaned(output: Any) -> Any:
    """Returns an output without what is of this run alone; nothing, if it was all chatter."""
    if output.get("name") == "stderr":
        said = [line for line in output.text.splitlines() if line and not _CHATTER.match(line)]
        if said:
            raise RuntimeError("a cell wrote to the error stream:\n" + "\n".join(said))
        return None
    if "text" in output:
        output.text = _OWN_FOLDER.sub("", output.text)
    if "image/png" in output.get("data", {}):
        output.data["image/png"] = _smaller(output.data["image/png"])
    return output


def _smaller(picture: str) -> str:
    """Returns a PNG with a palette in place of three bytes and a transparency for each pixel."""
    from PIL import Image

    made = io.BytesIO()
    with Image.open(io.BytesIO(base64.b64decode(picture))) as image:
        flat = image.convert("RGB").quantize(
            _NUM_COLORS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
        )
        flat.save(made, "PNG", optimize=True)
    return base64.b64encode(made.getvalue()).decode()


def as_committed(written: Any, known: Any) -> Any:
    """Returns the notebook to commit.

    Args:
        written: its cells.
        known: with the same code and its outputs.
    """
    made = nbformat.v4.new_notebook()
    made.metadata = {
        "jupytext": {"formats": "ipynb,py:percent"},
        "kernelspec": written.metadata["kernelspec"],
        "language_info": {"name": "python"},
    }
    ran = iter([cell for cell in known.cells if cell.cell_type == "code"])
    for number, cell in enumerate(written.cells, 1):
        copy = nbformat.from_dict({**cell, "id": f"cell-{number:02}", "metadata": {}})
        if cell.cell_type == "code":
            before = next(ran)
            copy.outputs, copy.execution_count = before.outputs, before.execution_count
        made.cells.append(copy)
    return made


if __name__ == "__main__":
    sys.exit(main())
