"""A row of a comparison: one arm of one run at one level, and how it stands in a table."""

from __future__ import annotations

from dataclasses import dataclass

from tfticket.reports.intervals import PairedDifference
from tfticket.reports.results import Statistic

__all__ = ["ComparedRow"]


@dataclass(frozen=True)
class ComparedRow:
    """One arm of one run at one level.

    Args:
        run: its name.
        arm: `"dense"`, `"ticket"` or the name of a control.
        round: its level.
        sparsity: the mean over replicates.
        num_kept: prunable weights kept, the mean over replicates, rounded.
        value: the metric; `None` if it is nowhere finite.
        to_dense: minus the run's own dense network, seed by seed.
        to_ticket: of a control, minus the ticket of its level, seed by seed.
        to_reference: minus the tickets of the run that the others are compared with, seed by seed
            that with the nearest number of weights, if it is the same to 1 %; else `None`.
        shared: how many runs have it; a dense network may be that of several.
        is_measured: whether the run was measured by the metric at all.
        trained_steps: updates that its weights went through, the mean over replicates, rounded.
        parameters: of the network, likewise; `None` in runs without smaller networks.
    """

    run: str
    arm: str
    round: int
    sparsity: float
    num_kept: int
    value: Statistic | None
    to_dense: PairedDifference | None
    to_ticket: PairedDifference | None
    to_reference: PairedDifference | None
    shared: int = 1
    is_measured: bool = True
    trained_steps: int | None = None
    parameters: int | None = None

    def cells(self, *, has_parameters: bool, several: bool) -> list[str]:
        """Returns the row as text.

        Args:
            has_parameters: whether the table tells how many parameters each network has.
            several: whether the table is of several runs.
        """
        counts = [f"{self.num_kept:,}"]
        if has_parameters:
            counts.append("" if self.parameters is None else f"{self.parameters:,}")
        differences = [self.to_dense, self.to_ticket, self.to_reference][: 2 + several]
        return [
            self.run if self.shared == 1 else f"{self.shared} runs",
            self.arm.replace("_", " "),
            *(str(self.round), f"{self.sparsity:.4f}", *counts),
            "0" if self.value is None else str(self.value.num),
            _value(self),
            *(_difference(found, self) for found in differences),
        ]


def _difference(found: PairedDifference | None, row: ComparedRow) -> str:
    if found is None:
        return ""
    is_whole = row.value is None or found.num == row.value.num
    return str(found) if is_whole else f"{found} (n {found.num})"


def _value(row: ComparedRow) -> str:
    if row.value is not None:
        left_out = row.value.num_missing
        return row.value.text() + (f" ({left_out} not finite)" if left_out else "")
    return "not finite" if row.is_measured else "not measured"
