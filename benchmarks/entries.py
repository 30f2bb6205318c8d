"""What a benchmark is: a folder with scripts, a question, and the figures it found last."""

from __future__ import annotations

import dataclasses

MNIST = "MNIST"
BOTH = "MNIST, cifar10_jpeg"


@dataclasses.dataclass(frozen=True)
class Script:
    """A file of a benchmark's folder that is run.

    Args:
        minutes: about how many it takes; None where nobody noted it.
        name: of the file, without `.py`.
        arguments: those without which it does not run, or not all of it.
    """

    minutes: int | None = None
    name: str = "run"
    arguments: str = ""


@dataclasses.dataclass(frozen=True)
class Benchmark:
    """A folder here.

    Args:
        name: of the folder.
        question: what it answers.
        scripts: what is run, the main one first.
        figures: the last ones, in a line.
        needs: data sets in `TFDS_DATA_DIR`, and what no `pip install -e ".[dev]"` brings.
    """

    name: str
    question: str
    scripts: tuple[Script, ...]
    figures: str
    needs: str = ""

    def command(self, script: Script) -> str:
        """What is typed to run a script."""
        name = self.name if script.name == "run" else f"{self.name}/{script.name}"
        arguments = f' ARGS="{script.arguments}"' if script.arguments else ""
        return f"make bench NAME={name}{arguments}"
