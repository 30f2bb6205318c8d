"""Command lines that are timed: answers, and errors that need no network to be told.

In an argument `{w}` is the folder that `workshop.make` filled.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ANSWERS", "ERRORS", "Case"]


@dataclass(frozen=True)
class Case:
    """A command line.

    Args:
        line: what is typed after `tfticket`.
        code: with which the command ends.
        says: a part of what is said.
    """

    line: str
    code: int = 0
    says: str = ""

    def arguments(self, folder: str) -> list[str]:
        """The words of the line.

        Args:
            folder: what `{w}` stands for.
        """
        return [word.replace("{w}", folder) for word in self.line.split()]


_RUN = "--model lenet_300_100 --data digits --out"

#: What needs no TensorFlow.
ANSWERS = (
    Case("--version"),
    Case("--help", says="Sparse subnetworks"),
    Case("find --help", says="lottery_ticket"),
    Case("find lottery_ticket --help", says="--sparsity"),
    Case("export --help", says="--quantize"),
    Case("list {w}", says="lottery_ticket"),
    Case("show {w}/run", says="300"),
    Case("show {w}/run --json", says="provenance"),
    Case("show {w}/run/ticket", says="sparsity"),
    Case("inspect {w}/run/model.tflite", says="DENSIFY"),
    Case("snippet {w}/run/model.tflite", says="Interpreter"),
    Case("embed {w}/run/model.tflite", 1, "DENSIFY"),
    Case("compare {w}/run", says="lottery_ticket"),
    Case("schema", says="properties"),
)


def _missing() -> tuple[Case, ...]:
    """A path that does not exist, for every command that takes one."""
    out, data = "--out {w}/new", "--data digits"
    lines = (
        "show {w}/nowhere",
        "list {w}/nowhere",
        "compare {w}/nowhere",
        "inspect {w}/nowhere.tflite",
        "snippet {w}/nowhere.tflite",
        "embed {w}/nowhere.tflite",
        "bench {w}/nowhere.tflite",
        f"encode {{w}}/nowhere.tflite {out}",
        f"report {{w}}/nowhere {out}",
        "export {w}/nowhere --to tflite",
        f"shrink {{w}}/nowhere {out}",
        "advise {w}/nowhere.keras",
        f"sensitivity {{w}}/nowhere.keras {data}",
        f"compress {{w}}/nowhere.keras {data} {out} --max-drop 0.1",
        "branch {w}/nowhere reshuffle",
        "push {w}/nowhere somebody/ticket",
    )
    told = (
        Case("collapse --model {w}/nowhere.keras", 1, "must be an existing .keras file"),
        Case(f"run {{w}}/nowhere.yaml {out}", 1, "must be an existing file"),
        Case(f"find {{w}}/nowhere.yaml {out}", 2, "must be an existing file"),
        Case(f"find snip --model {{w}}/nowhere.keras {data} {out}", 1, "an existing .keras file"),
    )
    return (*(Case(line, 2, "does not exist") for line in lines), *told)


_NAMES = (
    Case(f"find snippy {_RUN} {{w}}/new", 2, "there is no recipe"),
    Case("find snip --model lenet --data digits --out {w}/new", 1, "must be one of"),
    Case("find snip --model lenet_300_100 --data digit --out {w}/new", 1, "must be one of"),
    Case(f"find snip {_RUN} {{w}}/new --sparsity 1.5", 1, "sparsity=1.5"),
    Case("collapse --model lenet_300_100 --scores snippy", 1, "snippy"),
    Case("sensitivity {w}/run/model.keras --data digits --metric height", 1, "height"),
    Case(
        "compress {w}/run/model.keras --data digits --out {w}/new --max-drop 0.1 --metric height",
        1,
        "height",
    ),
    Case("branch {w}/run shuffle_nothing", 1, "shuffle_nothing"),
    Case("branch {w}/run reshuffle --levels 99", 1, "99"),
    Case("export {w}/run --to tflight", 1, "must be one of"),
    Case("export {w}/run --to keras --quantize int8", 1, "--quantize must be one of"),
    Case("export {w}/run --to tflite --level 99", 1, "99"),
    Case("export {w}/run --to tflite --replicate 99", 1, "--replicate must be one of [0]"),
    Case("shrink {w}/run --out {w}/new.keras --channel-sparsity 1.5", 1, "1.5"),
    Case("encode {w}/run/model.tflite --out {w}/new.tflite --sparse most", 1, "most"),
)

_TAKEN = (
    Case("export {w}/run --to tflite --out {w}/taken.txt", 1, "must be free"),
    Case("export {w}/run --to savedmodel --out {w}/taken", 1, "must be free"),
    Case("shrink {w}/run --out {w}/taken.txt", 1, "taken.txt"),
    Case("encode {w}/run/model.tflite --out {w}/taken.txt", 1, "must be free"),
    Case("report {w}/run --out {w}/taken.txt", 1, "must be free"),
    Case("compare {w}/run --plot {w}/taken.txt", 1, "must be free"),
    Case(f"find lottery_ticket {_RUN} {{w}}/taken", 1, "has other files"),
    Case(f"find lottery_ticket {_RUN} {{w}}/taken.txt", 1, "taken.txt"),
)

_OTHERS = (
    Case(f"find snip {_RUN} {{w}}/run --sparsity 0.5", 1, "begun with other settings"),
    Case(f"find snip {_RUN} {{w}}/run/ticket --sparsity 0.5", 1, "has other files"),
    Case("export {w}/taken --to tflite", 1, "must be a run folder"),
    Case("branch {w}/taken reshuffle", 1, "must be a run folder"),
    Case("show {w}/taken", 1, "must be the folder of a ticket or a run"),
    Case("push {w}/taken somebody/ticket", 1, "taken"),
    Case("shrink {w}/taken --out {w}/new.keras", 1, "taken"),
    Case("advise {w}/taken.txt", 1, "taken.txt"),
    Case("sensitivity {w}/taken.txt --data digits", 1, "taken.txt"),
    Case("compress {w}/taken.txt --data digits --out {w}/new --max-drop 0.1", 1, "taken.txt"),
    Case("inspect {w}/run/model.keras", 1, "model.keras"),
    Case("bench {w}/taken.txt", 1, "taken.txt"),
    Case("encode {w}/taken.txt --out {w}/new.tflite", 1, "taken.txt"),
    Case("export {w}/damaged --to tflite", 1, "damaged or missing"),
)

#: What can be told without TensorFlow; by kind.
ERRORS = {
    "a path that does not exist": _missing(),
    "a name or number that is none": _NAMES,
    "an output that exists": _TAKEN,
    "something else at the path": _OTHERS,
}
