"""What masks a run's levels have: sparsity of each layer, and how far masks are from each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tfticket.reports.page.contents import Block, MaskSurvey, Missing, Plot, Table
from tfticket.reports.page.drawing import Line, said
from tfticket.reports.page.rows import dots, heat_map
from tfticket.reports.results import Statistic

__all__ = ["distances", "layers"]


def layers(survey: MaskSurvey) -> Block:
    """Returns the sparsity of each prunable weight at each pruned level.

    Args:
        survey: of a run.
    """
    title = "Sparsity of each layer"
    rounds = [r for r, found in survey.layers.items() if any(s.mean for s in found.values())]
    if not rounds:
        return Missing(title, "No level is pruned yet.")
    paths = list(dict.fromkeys(p for r in rounds for p in survey.layers[r]))
    at = {p: [survey.layers[r].get(p) for r in rounds] for p in paths}
    header = ["weight", "shape", *(f"level {r}" for r in rounds)]
    rows = [
        [path, "×".join(map(str, survey.shapes[path])), *map(_text, found)]
        for path, found in at.items()
    ]
    texts = [
        [_hover(path, r, s) for r, s in zip(rounds, found, strict=True)]
        for path, found in at.items()
    ]
    if len(rounds) == 1:
        points = [found[0] for found in at.values()]
        line = Line("ticket", range(len(paths)), points, [row[0] for row in texts])
        figure = dots([line], paths, "sparsity")
        figure["layout"]["xaxis"]["range"] = [-0.02, 1.02]
    else:
        values = [[s and s.mean for s in found] for found in at.values()]
        figure = heat_map(values, texts, [str(r) for r in rounds], paths, "level")
    table = Table(f"{title}: the numbers", header, rows, num_left=2)
    return Plot(title, _description(at, rounds[-1]), figure, table, _collapsed(at, rounds))


def distances(survey: MaskSurvey) -> Block:
    """Returns how far the masks of each two levels are from each other.

    Args:
        survey: of a run.
    """
    title = "Mask distance between levels"
    found: Mapping = survey.distances
    rounds = sorted({r for pair in found for r in pair})
    if not found:
        reason = "; ".join(survey.left_out) or "There is one level only."
        return Missing(title, reason)
    if len(rounds) == 2:
        text = _text(found[rounds[0], rounds[1]])
        return Missing(
            title,
            f"There are two levels, and their masks differ at a fraction of {text} of the"
            " positions: nothing to draw.",
        )
    values: list[list[float | None]] = []
    texts = []
    for first in rounds:
        both = [found.get((min(first, r), max(first, r))) for r in rounds]
        ends = zip(rounds, both, strict=True)
        values.append([0.0 if r == first else s and s.mean for r, s in ends])
        texts.append([_between(first, r, s) for r, s in zip(rounds, both, strict=True)])
    names = [str(r) for r in rounds]
    most = max(s.mean for s in found.values())
    figure = heat_map(values, texts, names, [f"level {n}" for n in names], "level", most or 1.0)
    rows = [[str(a), str(b), _text(s), str(s.num)] for (a, b), s in sorted(found.items())]
    header = ("level", "later level", "distance", "n")
    description = (
        "The fraction of positions at which the masks of two levels differ, the mean over"
        f" replicates: up to {most:.4f}. Where masks only lose weights, it is the difference of"
        " the two sparsities."
    )
    table = Table(f"{title}: the numbers", header, rows, num_left=2)
    return Plot(title, description, figure, table, list(survey.left_out))


def _text(found: Statistic | None) -> str:
    return "-" if found is None else found.text()


def _hover(path: str, round_: int, found: Statistic | None) -> str:
    return f"<b>{said(path)}</b><br>level {round_}: sparsity {_text(found)}"


def _between(first: int, second: int, found: Statistic | None) -> str:
    if first == second:
        return f"level {first}"
    return f"levels {min(first, second)} and {max(first, second)}<br>distance {_text(found)}"


def _description(at: Mapping[str, Sequence[Statistic | None]], last: int) -> str:
    ends = {path: found[-1].mean for path, found in at.items() if found[-1] is not None}
    if not ends:
        return "The sparsity of each prunable weight."
    low, high = min(ends, key=lambda p: ends[p]), max(ends, key=lambda p: ends[p])
    if ends[low] == ends[high]:
        return f"At level {last} the sparsity of every layer is {ends[low]:.4f}."
    return (
        f"At level {last} sparsities of layers go from {ends[low]:.4f} ({low}) to"
        f" {ends[high]:.4f} ({high}); means over replicates."
    )


def _collapsed(at: Mapping[str, Sequence[Statistic | None]], rounds: Sequence[int]) -> list[str]:
    notes = []
    for path, found in at.items():
        gone = [str(r) for r, s in zip(rounds, found, strict=True) if s and s.mean >= 1]
        if gone:
            notes.append(f"Nothing is kept of {path} at level {', '.join(gone)}.")
    return notes
