"""Tables of results."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tfticket.reports.results import NOTED, Result, Summary, summarize
from tfticket.tables import aligned

__all__ = ["label", "results_rows", "results_table", "same_budget", "value_text"]

_LABELS = {
    "early_stop_step": "early-stop step",
    "trained_steps": "steps",
    "num_channels": "channels",
}


def label(metric: str) -> str:
    """Returns what a metric is called in tables and pictures.

    >>> label("test_accuracy"), label("early_stop_step")
    ('test accuracy', 'early-stop step')

    Args:
        metric: its name.
    """
    return _LABELS.get(metric, metric.replace("_", " "))


def results_rows(summaries: Sequence[Summary]) -> tuple[list[str], list[list[str]]]:
    """Returns header and rows, one row per arm and level, with test figures called test.

    How many steps each was trained is told where they differ. How many replicates there are is told
    in the header, or where they differ in a column.

    Args:
        summaries: what `summarize` returned.
    """
    known = dict.fromkeys(name for s in summaries for name in s.statistics)
    before = [n for n in ("num_channels", "parameters") if n in known]
    before += [] if same_budget(summaries) else ["trained_steps"]
    after = _shown(known)
    counts = {s.num_replicates for s in summaries}
    network = f"network (n = {min(counts)})" if len(counts) == 1 and counts != {1} else "network"
    header = [network, "level", "sparsity", "kept", *map(label, [*before, *after])]
    rows = [
        [
            *(s.arm.replace("_", " "), str(s.round), f"{s.sparsity:.4f}", f"{s.num_kept:,}"),
            *(value_text(s, name) for name in (*before, *after)),
        ]
        for s in summaries
    ]
    if len(counts) > 1:
        header.append("replicates")
        rows = [[*row, str(s.num_replicates)] for row, s in zip(rows, summaries, strict=True)]
    return header, rows


def same_budget(summaries: Sequence[Summary]) -> bool:
    """Tells whether every network was trained for as many steps.

    Args:
        summaries: what `summarize` returned.
    """
    found = [s.statistics.get("trained_steps") for s in summaries]
    return len({(f.mean, f.sd or 0.0) for f in found if f is not None}) <= 1


def results_table(results: Sequence[Result]) -> str:
    """Renders results as text; of several replicates the mean ± standard deviation, and how many.

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


def value_text(summary: Summary, name: str) -> str:
    """Returns a number as it stands in tables and pictures, with its spread if there is any.

    Args:
        summary: of an arm at a level.
        name: of a metric, or of a number noted in training.
    """
    found = summary.statistics.get(name)
    if found is None:
        return "-" if name in NOTED else "not finite"
    left_out = f" ({found.num_missing} not finite)" if found.num_missing else ""
    if name not in NOTED:
        return found.text() + left_out
    if not found.sd:  # nothing spreads
        return f"{found.mean:,.0f}" + left_out
    return f"{found.mean:,.0f} ± {found.sd:,.0f}" + left_out
