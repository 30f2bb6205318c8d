"""The Python code in README and guide runs, block after block, as a reader would type it."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture(params=["README.md", "docs/guide.md"])
def readme(root, request) -> str:
    return (root / request.param).read_text(encoding="utf-8")


def test_readme_has_python_code(readme):
    assert BLOCK.findall(readme), "there must be a ```python block that runs"


def test_readme_code_runs(readme, root, tmp_path):
    script = tmp_path / "readme.py"
    script.write_text("\n".join(BLOCK.findall(readme)), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
