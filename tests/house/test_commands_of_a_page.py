"""The commands of the page that a stranger reads first, as they stand there, on its own files."""

from __future__ import annotations

import re
import runpy
import shlex

import keras
import pytest
from typer.testing import CliRunner

from tfticket.cli.app import app

PAGE = "docs/howto/from_clone_to_report.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
#: What the Makefile's test is, and what a shell does.
OUTSIDE = ["make demo", "source .venv/bin/activate"]
#: What the page says of older Kerases.
TRUST = ["--trust"] if tuple(map(int, keras.__version__.split(".")[:2])) < (3, 11) else []


@pytest.fixture(scope="module")
def blocks(root):
    return BLOCK.findall((root / PAGE).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def commands(blocks):
    lines = [line for kind, text in blocks if kind == "console" for line in text.splitlines()]
    return [line.removeprefix("$ ").split(" #")[0].strip() for line in lines]


def carried_out(command, folder):
    """Runs a command line, with names filled in as a shell does; returns what it said."""
    words = [
        name
        for word in shlex.split(command)
        for name in ([str(p) for p in folder.glob(word)] if "*" in word else [word])
    ]
    if words[0] == "python":
        runpy.run_path(str(folder / words[1]))
        return ""
    assert words[0] == "tfticket"
    done = CliRunner().invoke(app, [*TRUST, *words[1:]])
    assert done.exit_code == 0, done.output
    return done.output


def test_the_commands_lead_from_a_clone_to_a_report(blocks, commands, tmp_path, monkeypatch):
    pytest.importorskip("plotly", reason="plotly is not installed")
    monkeypatch.chdir(tmp_path)
    for _, text in (b for b in blocks if b[0] != "console"):
        name = text.splitlines()[0].removeprefix("# ")
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert commands[: len(OUTSIDE)] == OUTSIDE
    said = [carried_out(command, tmp_path) for command in commands[len(OUTSIDE) :]]
    assert "/kernel" in said[1]
    (compared,) = (text for c, text in zip(commands[2:], said, strict=True) if "compare" in c)
    assert compared.count("ticket") > 3 and "Traceback" not in "".join(said)
    assert "fine_tuning" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert len(list(tmp_path.glob("runs/mine/fine_tuning-*/model*.tflite"))) == 1


def test_they_are_as_many_as_the_page_and_the_readme_say(commands, root):
    numbers = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    said = f"{numbers[len(commands) - 1]} commands"
    assert said in (root / PAGE).read_text(encoding="utf-8")
    assert said in (root / "README.md").read_text(encoding="utf-8")


def test_what_they_need_is_what_the_demo_installs(root):
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    demo = re.search(r"/\.installed: .*?--editable \"\.\[(.*?)\]\"", makefile, re.DOTALL)
    assert demo is not None
    assert {"cli", "config", "plots", "report", "export"} <= set(demo[1].split(","))
