"""Files for forges and tools can be read, and what they call exists."""

from __future__ import annotations

import re

import pytest

from tests.conftest import BOTH, ONCE
from tfticket._version import __version__

yaml = pytest.importorskip("yaml")


def read(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def targets(root) -> set[str]:
    """What `make` can be asked for."""
    (line,) = re.findall(r"^\.PHONY: (.*)$", (root / "Makefile").read_text(), re.MULTILINE)
    return set(line.split())


def test_the_citation_is_of_this_version_and_of_its_day(root):
    cited = read(root / "CITATION.cff")
    assert cited["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= set(cited)  # what the format asks for
    assert cited["authors"] == [{"name": "The tfticket authors"}]
    assert cited["license"] == "Apache-2.0"
    assert cited["version"] == __version__
    heading = f"## [{__version__}] - {cited['date-released']}"
    assert heading in (root / "CHANGELOG.md").read_text(encoding="utf-8")


def test_continuous_integration_runs_targets_of_the_makefile_by_pinned_actions(root, targets):
    flow = read(root / ".github/workflows/ci.yml")
    (job,) = flow["jobs"].values()
    assert set(job["strategy"]["matrix"]["target"]) == {"test", "docs"} <= targets
    assert [s["run"] for s in job["steps"] if "run" in s] == ["make ${{ matrix.target }}"]
    used = [s["uses"] for s in job["steps"] if "uses" in s]
    assert used
    assert [u for u in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", u)] == []
    (python,) = [s["with"]["python-version"] for s in job["steps"] if "with" in s]
    assert python == "3.11"


def test_hooks_run_the_linter_that_the_tools_of_development_have(root):
    hooks = [
        hook for repo in read(root / ".pre-commit-config.yaml")["repos"] for hook in repo["hooks"]
    ]
    assert [h["entry"].split()[:2] for h in hooks] == [["ruff", "format"], ["ruff", "check"]]
    wanted = {needed for hook in hooks for needed in hook["additional_dependencies"]}
    assert len(wanted) == 1
    assert f'"{wanted.pop()}"' in (root / "setup.py").read_text(encoding="utf-8")


def test_forms_ask_for_what_is_needed(root):
    forms = {p.stem: read(p) for p in (root / ".github/ISSUE_TEMPLATE").glob("*.yml")}
    assert set(forms) == {"bug", "method"}
    for form in forms.values():
        assert form["name"] and form["description"]
        fields = [part["id"] for part in form["body"]]
        assert len(fields) == len(set(fields))
        assert all(part["attributes"]["label"] for part in form["body"])
    asked = {part["id"]: part for part in forms["bug"]["body"]}
    assert "tfticket doctor" in asked["doctor"]["attributes"]["label"]
    assert asked["doctor"]["validations"]["required"]


def test_what_project_files_tell_to_run_can_be_run(root, targets):
    names = ["CONTRIBUTING.md", "README.md", ".github/pull_request_template.md"]
    said = "".join((root / name).read_text(encoding="utf-8") for name in names)
    asked = set(re.findall(r"`make (\w+)|^\$ make (\w+)", said, re.MULTILINE))
    assert {a or b for a, b in asked} <= targets
    assert "`make docs`" in said


def test_what_is_tried_with_one_keras_is_there(root):
    assert sorted(name for name in ONCE | BOTH if not (root / "tests" / name).exists()) == []
    assert all(name.partition("/")[0] in ONCE for name in BOTH)
