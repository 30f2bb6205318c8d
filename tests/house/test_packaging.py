"""What is shipped: an sdist and a wheel that hold what is used, say it truly, and work."""

from __future__ import annotations

import email
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest


def run(command, cwd, **environment):
    """Runs a command of this Python and returns what it printed."""
    apart = {n: v for n, v in os.environ.items() if n not in ("PYTHONPATH", "PYTHONSAFEPATH")}
    done = subprocess.run(
        [sys.executable, *command],
        cwd=cwd,
        env=apart | environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(root, tmp_path_factory):
    """The sdist of the present files, and the wheel that is made of it."""
    folder = tmp_path_factory.mktemp("built")
    source = folder / "source"
    source.mkdir()
    for name in ("setup.py", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE"):
        shutil.copy(root / name, source)
    shutil.copy(root / "CHANGELOG.md", source)
    unwanted = shutil.ignore_patterns("__pycache__")
    for name in ("tfticket", "tests"):
        shutil.copytree(root / name, source / name, ignore=unwanted)
    run(["setup.py", "--quiet", "sdist", "--dist-dir", str(folder)], source)
    (sdist,) = folder.glob("*.tar.gz")
    pip = ["-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    run([*pip, "--wheel-dir", str(folder), str(sdist)], folder)
    (wheel,) = folder.glob("*.whl")
    return sdist, wheel


@pytest.fixture(scope="module")
def metadata(built):
    with zipfile.ZipFile(built[1]) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        return email.message_from_string(archive.read(name).decode("utf-8"))


@pytest.fixture(scope="module")
def installed(built, tmp_path_factory):
    """A folder in which nothing but the wheel is installed."""
    folder = tmp_path_factory.mktemp("installed")
    pip = ["-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    run([*pip, "--target", str(folder), str(built[1])], folder)
    return folder


def test_the_sdist_has_no_tests_that_cannot_run_there(built):
    with tarfile.open(built[0]) as archive:
        tops = {Path(name).parts[1] for name in archive.getnames() if len(Path(name).parts) > 1}
    assert {"tfticket", "setup.py", "README.md", "LICENSE", "CHANGELOG.md"} <= tops
    assert not {"tests", "benchmarks", "notebooks"} & tops


def test_the_wheel_holds_every_module_and_all_data(built, root):
    with zipfile.ZipFile(built[1]) as archive:
        shipped = {name for name in archive.namelist() if ".dist-info/" not in name}
    present = {
        str(path.relative_to(root))
        for path in (root / "tfticket").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert shipped == present


def test_it_says_what_it_is(metadata):
    assert metadata["License-Expression"] == "Apache-2.0"
    pythons = {c.split("::")[-1].strip() for c in metadata.get_all("Classifier")}
    assert {"3.10", "3.11", "3.12", "3.13"} <= pythons


def test_its_page_has_no_link_that_only_a_repository_can_follow(metadata):
    links = re.findall(r"\]\(([^)]+)\)", metadata.get_payload())
    assert links
    assert [link for link in links if not link.startswith(("https://", "#"))] == []


def test_all_is_every_extra_but_the_tools_of_development(metadata):
    by_extra = {}
    for requirement in metadata.get_all("Requires-Dist"):
        package, _, marker = requirement.partition(";")
        extra = re.search(r'extra == "(\w+)"', marker)
        by_extra.setdefault(extra[1] if extra else "", set()).add(package)
    tools = {"", "all", "dev", "docs"}
    rest = {extra: found for extra, found in by_extra.items() if extra not in tools}
    assert {"quantizer", "onnx", "tensorboard", "cli", "export"} <= set(rest)
    assert by_extra["all"] == set().union(*rest.values())


@pytest.mark.long
def test_what_is_installed_finds_a_ticket(installed, tmp_path):
    where = {"PYTHONPATH": str(installed)}
    code = "import tfticket; print(tfticket.__file__)"
    assert Path(run(["-c", code], tmp_path, **where).strip()).is_relative_to(installed)
    find = ["find", "lottery_ticket", "--model", "lenet_300_100", "--data", "digits"]
    find += ["--num-steps", "20", "--rounds", "1", "--controls", "none", "--out", "found"]
    told = run(["-m", "tfticket", *find], tmp_path, **where)
    assert "At sparsity 0.1980, beside dense" in told
    assert (tmp_path / "found" / "ticket" / "manifest.json").is_file()
