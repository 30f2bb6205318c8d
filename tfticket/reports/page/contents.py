"""What a report page says, as plain data: runs as they are given, and blocks to be shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from tfticket.reports.outcome import Outcome
from tfticket.reports.results import Result, Statistic

__all__ = [
    "Block",
    "Facts",
    "MaskSurvey",
    "Missing",
    "Plot",
    "ReportedRun",
    "Section",
    "Table",
    "Text",
]


@dataclass(frozen=True)
class MaskSurvey:
    """What the masks of a run's levels are, over its replicates.

    Args:
        layers: sparsity of each prunable weight by path, at each level: `{round: {path: …}}`.
        shapes: of each prunable weight by path.
        distances: mask distance of each two levels: `{(round, later round): …}`.
        left_out: what could not be compared, and why.
    """

    layers: Mapping[int, Mapping[str, Statistic]] = field(default_factory=dict)
    shapes: Mapping[str, Sequence[int]] = field(default_factory=dict)
    distances: Mapping[Any, Statistic] = field(default_factory=dict)
    left_out: Sequence[str] = ()


@dataclass(frozen=True)
class ReportedRun:
    """One run, as the page takes it.

    Args:
        name: what tells it from the others.
        path: of its folder.
        settings: every setting.
        results: of every network that is trained so far.
        outcome: of a finished run, else `None`.
        masks: of its levels.
        environment: machine and versions it was begun with.
        plan: what it decided: training, threads, fingerprints.
        command: that makes it.
    """

    name: str
    path: str
    settings: Mapping[str, Any]
    results: Sequence[Result] = ()
    outcome: Outcome | None = None
    masks: MaskSurvey = field(default_factory=MaskSurvey)
    environment: Mapping[str, Any] = field(default_factory=dict)
    plan: Mapping[str, Any] = field(default_factory=dict)
    command: str = ""

    @property
    def state(self) -> str:
        """How far it is: `"finished"` or `"unfinished"`."""
        return "unfinished" if self.outcome is None else "finished"

    @property
    def num_replicates(self) -> int:
        """How many replicates have a trained network."""
        return len({r.replicate for r in self.results})


@dataclass(frozen=True)
class Table:
    """A table.

    Args:
        caption: what it is.
        header: names of the columns.
        rows: cells as text, as many in each as in the header.
        num_left: how many columns are set to the left; the others are numbers.
    """

    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    num_left: int = 1


@dataclass(frozen=True)
class Plot:
    """A figure with its words and its numbers.

    Args:
        title: its heading.
        description: what is to be seen, in sentences: for those who cannot see it, too.
        figure: `data`, `layout` and `legend`, as the page's script takes them.
        numbers: every number that is drawn.
        notes: what has to be said below.
    """

    title: str
    description: str
    figure: Mapping[str, Any]
    numbers: Table
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Text:
    """A heading with paragraphs.

    Args:
        title: the heading; empty for none.
        paragraphs: of it.
    """

    title: str
    paragraphs: Sequence[str]


@dataclass(frozen=True)
class Missing:
    """Something that the page would show and the run does not have.

    Args:
        title: what is missing.
        reason: why.
    """

    title: str
    reason: str


@dataclass(frozen=True)
class Facts:
    """Names and values below each other.

    Args:
        title: the heading; empty for figures that stand large at the top of a section.
        values: texts by name.
        code: names of values that are set as code.
    """

    title: str
    values: Mapping[str, str]
    code: Sequence[str] = ()


Block: TypeAlias = "Plot | Table | Text | Missing | Facts"


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Args:
        title: its heading.
        blocks: what is in it, from above to below.
        subtitle: a line below the heading.
    """

    title: str
    blocks: Sequence[Block]
    subtitle: str = ""
