"""The Python code in README and docs runs, block after block, as a reader would type it."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
#: Each page starts from the set-up, in a process that has imported TensorFlow once.
RUNNER = """
import sys
setup, *pages = [open(name, encoding="utf-8").read() for name in sys.argv[1:]]
for name, page in zip(sys.argv[2:], pages):
    print(name, flush=True)
    exec(compile(setup + page, name, "exec"), {"__name__": "__main__"})
"""


def blocks(path) -> str:
    return "\n".join(BLOCK.findall(path.read_text(encoding="utf-8")))


def run(root, tmp_path, names: list[str], setup: str = "") -> None:
    scripts = [tmp_path / f"{number}.py" for number in range(len(names) + 1)]
    codes = [blocks(root / name) for name in names]
    assert all(codes), f"each of {names} must have a ```python block that runs"
    for script, code in zip(scripts, [setup, *codes], strict=True):
        script.write_text(code, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", RUNNER, *scripts],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-300:] + done.stderr[-3000:]


def howtos(root) -> list[str]:
    return sorted(p.relative_to(root).as_posix() for p in (root / "docs/howto").glob("*.md"))


def test_code_of_the_readme_runs(root, tmp_path):
    run(root, tmp_path, ["README.md"])


@pytest.mark.long  # what the pages show has tests of its own, and the README runs
def test_code_of_every_page_runs_after_the_set_up(root, tmp_path):
    with_code = [name for name in howtos(root) if "```python" in (root / name).read_text()]
    assert len(with_code) > 15
    run(root, tmp_path, [*with_code, "docs/faq.md"], setup=blocks(root / "docs/guide.md"))
