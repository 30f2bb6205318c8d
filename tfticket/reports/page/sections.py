"""The sections of a page: what runs there are, how they compare, and each by itself."""

from __future__ import annotations

from collections.abc import Sequence

from tfticket.reports.compared_row import ComparedRow
from tfticket.reports.comparison import ComparedRun, Comparison
from tfticket.reports.page.contents import Block, Missing, Plot, ReportedRun, Section, Table
from tfticket.reports.page.curves import curves
from tfticket.reports.page.drawing import Line, said
from tfticket.reports.page.masks import distances, layers
from tfticket.reports.page.networks import (
    against_sparsity,
    headline_of,
    key_figures,
    networks_table,
)
from tfticket.reports.page.origins import files, notes, provenance
from tfticket.reports.page.rows import dots
from tfticket.reports.plots import title_of
from tfticket.reports.results import TICKET, Statistic
from tfticket.reports.tables import label

__all__ = ["comparison_section", "overview", "run_section"]


def overview(runs: Sequence[ReportedRun], metric: str, left_out: Sequence[str] = ()) -> Section:
    """Returns one row for each run.

    Args:
        runs: at least one.
        metric: what they are shown by; empty if nothing is measured.
        left_out: why there is no comparison, in sentences.
    """
    named = label(metric) if metric else "metric"
    header = ["run", "network", "data", "state", "replicates", "trained"]
    header += ["sparsity", f"{named}, ticket", f"{named}, dense"]
    rows = [[run.name, *_listed(run), *_figures(run, metric)] for run in runs]
    table = Table("The runs; figures are those of the last level.", header, rows, num_left=4)
    missing = [Missing("No comparison", " ".join(left_out))] if left_out else []
    return Section("Overview", [table, *missing])


def comparison_section(found: Comparison, left_out: Sequence[str]) -> Section:
    """Returns several runs side by side.

    Args:
        found: at least two runs.
        left_out: what cannot be compared, and why, in sentences.
    """
    title = f"{_capital(label(found.metric))} of the tickets"
    drawn = against_sparsity(found.lines(), found.metric, title, verbatim=True)
    header, rows = found.table()
    table = Table(f"Every network of the last levels. {found.explanation}", header, rows, 2)
    missing = [Missing("Not compared", " ".join(left_out))] if left_out else []
    notes = [Missing("With these figures", " ".join(found.notes()))] if found.notes() else []
    common = [f"{name} {value}" for name, value in found.common.items() if value is not None]
    subtitle = f"All: {', '.join(common)}." if common else ""
    return Section("Comparison", [drawn, _differences(found), table, *notes, *missing], subtitle)


def run_section(run: ReportedRun, metric: str) -> Section:
    """Returns everything about one run.

    Args:
        run: any, a network trained or not.
        metric: what it is shown by; where the run does not have it, its own that tells most.
    """
    settings = run.settings
    known = {name for r in run.results for name in r.metrics}
    metric = metric if metric in known else headline_of(run.results)
    network = title_of(*(str(settings[name]) for name in ("model", "data", "recipe")))
    subtitle = f"{network}; {run.state}"
    return Section(run.name, [*_figures_of(run, metric), *_ending(run)], subtitle)


def _figures_of(run: ReportedRun, metric: str) -> list[Block]:
    if not run.results:
        return [Missing("Figures", "No network of this run is trained yet.")]
    if not metric:
        return [Missing("Figures", "The networks of this run were measured by nothing.")]
    compared = ComparedRun(run.name, tuple(run.results))
    title = f"{_capital(label(metric))} against sparsity"
    return [
        key_figures(compared, metric),
        against_sparsity(run.results, metric, title),
        networks_table(compared, metric),
        against_sparsity(run.results, "early_stop_step", "Early-stop step"),
        *(layers(run.masks), distances(run.masks)),
        *curves(run.results, metric),
    ]


def _ending(run: ReportedRun) -> list[Block]:
    return [*files(run), *notes(run), provenance(run)]


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _listed(run: ReportedRun) -> list[str]:
    names = [str(run.settings[n]).rpartition("/")[2] for n in ("model", "data")]
    return [*names, run.state, str(run.num_replicates), str(len(run.results))]


def _figures(run: ReportedRun, metric: str) -> list[str]:
    if not any(metric in r.metrics for r in run.results):
        return ["-", "-", "-"]
    rows = Comparison((ComparedRun(run.name, tuple(run.results)),), {}, metric).rows()
    by_arm = {row.arm: row for row in rows}
    last = [f"{by_arm[TICKET].sparsity:.4f}" if TICKET in by_arm else "-"]
    return [*last, *(_value(by_arm.get(arm)) for arm in (TICKET, "dense"))]


def _value(row: ComparedRow | None) -> str:
    if row is None:
        return "-"
    return "not finite" if row.value is None else row.value.text()


def _differences(found: Comparison) -> Block:
    """How far each run's ticket is from its dense network, and from the first run's ticket."""
    title = f"Paired differences of {label(found.metric)}"
    rows = [r for r in found.rows() if r.arm == TICKET and (r.to_dense or r.to_reference)]
    kinds = {"minus dense": "to_dense", "minus the first run's ticket": "to_reference"}
    drawn, numbers = [], []
    for number, (kind, name) in enumerate(kinds.items()):
        known = [(place, getattr(row, name)) for place, row in enumerate(rows)]
        known = [(place, d) for place, d in known if d is not None]
        if known:
            aside = 0.16 * (1 - 2 * number)
            points = [Statistic(d.mean, d.half_width, d.num) for _, d in known]
            texts = [
                f"<b>{said(rows[place].run)}</b><br>sparsity {rows[place].sparsity:.4f}<br>"
                f"{said(kind)} {said(str(d))}<br>{d.num} pairs"
                for place, d in known
            ]
            places = [place - aside for place, _ in known]
            drawn.append(Line(kind, places, points, texts, number))
        numbers += [
            [rows[p].run, kind, f"{rows[p].sparsity:.4f}", str(d), str(d.num)] for p, d in known
        ]
    if not drawn:
        return Missing(title, "No two networks of these runs have the same seed and sparsity.")
    names = [f"{row.run}" for row in rows]
    header = ("run", "difference", "sparsity", "mean [95 % interval]", "pairs")
    description = (
        "The ticket of each run's last level minus its own dense network, and minus the first"
        " run's ticket where that has the same sparsity. Bars are 95 % intervals of the mean over"
        " seeds; a dot without one is a single pair. 0 is no difference."
    )
    figure = dots(drawn, names, f"difference of {label(found.metric)}", zero=True)
    return Plot(title, description, figure, Table(f"{title}: the numbers", header, numbers, 2))
