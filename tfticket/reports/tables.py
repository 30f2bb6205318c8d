"""Tables of results."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tfticket.reports.results import Result, Summary, summarize
from tfticket.tables import aligned

__all__ = ["label", "results_rows", "results_table"]


def label(metric: str) -> str:
    """Returns what a metric is called in tables and pictures.

    >>> label("test_accuracy"), label("early_stop_step")
    ('test accuracy', 'early-stop step')

    Args:
        metric: its name.
    """
    return "early-stop step" if metric == "early_stop_step" else metric.replace("_", " ")


def results_rows(summaries: Sequence[Summary]) -> tuple[list[str], list[list[str]]]:
    """Returns header and rows, one row per arm and level, with test figures called test.

    Args:
        summaries: what `summarize` returned.
    """
    shown = _shown(dict.fromkeys(name for s in summaries for name in s.statistics))
    header = ["network", "level", "sparsity", "kept", *map(label, shown), "replicates"]
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


def _shown(known: Iterable[str]) -> list[str]:
    """Test before validation; losses only where nothing else was measured."""
    found = []
    for split in ("test", "validation"):
        own = [n for n in known if n.startswith(f"{split}_")]
        found += [n for n in own if not n.endswith("_loss")] or own[:1]
    return [*found, *(n for n in ("early_stop_step",) if n in known)]


def _cell(summary: Summary, name: str) -> str:
    found = summary.statistics.get(name)
    if found is None:
        return "not finite" if name != "early_stop_step" else "-"
    left_out = f" ({found.num_missing} not finite)" if found.num_missing else ""
    return found.text(0 if name.endswith("_step") else 4) + left_out
