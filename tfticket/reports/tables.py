"""Tables of results."""

from __future__ import annotations

from collections.abc import Sequence

from tfticket.reports.results import Result, Summary, summarize
from tfticket.tables import aligned

__all__ = ["LABELS", "results_rows", "results_table"]

#: What metrics are called in tables and pictures.
LABELS = {
    "test_accuracy": "test accuracy",
    "test_loss": "test loss",
    "validation_accuracy": "validation accuracy",
    "validation_loss": "validation loss",
    "early_stop_step": "early-stop step",
}


def results_rows(summaries: Sequence[Summary]) -> tuple[list[str], list[list[str]]]:
    """Returns header and rows, one row per arm and level, with test figures called test.

    Args:
        summaries: what `summarize` returned.
    """
    known = [name for name in LABELS if any(name in s.statistics for s in summaries)]
    shown = [n for n in known if n != "test_loss" or "test_accuracy" not in known]
    shown = [n for n in shown if n != "validation_loss" or "validation_accuracy" not in known]
    header = ["network", "level", "sparsity", "kept", *(LABELS[n] for n in shown), "replicates"]
    rows = [
        [
            *(s.arm.replace("_", " "), str(s.round), f"{s.sparsity:.4f}", f"{s.num_kept:,}"),
            *(_cell(s, name) for name in shown),
            str(s.num_replicates),
        ]
        for s in summaries
    ]
    return header, rows


def results_table(results: Sequence[Result]) -> str:
    """Renders results as text: mean ± standard deviation over replicates, and how many.

    Args:
        results: of any number of replicates, arms and levels.
    """
    header, rows = results_rows(summarize(results))
    return aligned(header, rows)


def _cell(summary: Summary, name: str) -> str:
    found = summary.statistics.get(name)
    if found is None:
        return "not finite" if name != "early_stop_step" else "-"
    left_out = f" ({found.num_missing} not finite)" if found.num_missing else ""
    return found.text(0 if name.endswith("_step") else 4) + left_out
