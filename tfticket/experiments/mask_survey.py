"""survey_masks: what the masks of a run's levels are, over its replicates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tfticket.errors import MismatchError
from tfticket.experiments.opening import OpenRun
from tfticket.masks import Masks, distance
from tfticket.reports.page import MaskSurvey
from tfticket.reports.results import DENSE, TICKET, Statistic, statistic

__all__ = ["survey_masks"]


def survey_masks(run: OpenRun) -> MaskSurvey:
    """Reads the ticket of every level, one replicate after the other.

    Args:
        run: finished or not.

    Raises:
        CorruptFileError: if a ticket is damaged; the message names it.
    """
    layers: dict[int, dict[str, list[float]]] = {}
    distances: dict[Any, list[float]] = {}
    shapes: dict[str, tuple[int, ...]] = {}
    left_out: dict[str, None] = {}
    rounds: dict[int, list[int]] = {}
    for result in run.results:
        if result.arm in (DENSE, TICKET):
            rounds.setdefault(result.replicate, []).append(result.round)
    for replicate, there in rounds.items():
        masks = {round_: run.ticket(round_, replicate).masks for round_ in sorted(there)}
        for round_, mask in masks.items():
            for path, kept in mask.kept_per_path().items():
                shapes.setdefault(path, mask[path].shape)
                at = layers.setdefault(round_, {}).setdefault(path, [])
                at.append(1 - kept / mask[path].size)
        _add_distances(masks, distances, left_out)
    by_round = {round_: _statistics(found) for round_, found in sorted(layers.items())}
    return MaskSurvey(by_round, shapes, _statistics(distances), list(left_out))


def _add_distances(
    masks: Mapping[int, Masks], found: dict[Any, list[float]], left_out: dict[str, None]
) -> None:
    """Adds the distances of one replicate, and sentences on levels that have none."""
    for first in masks:
        for second in (round_ for round_ in masks if round_ > first):
            try:
                value = distance(masks[first], masks[second])
            except MismatchError:
                left_out[f"Levels {first} and {second} are of different networks."] = None
            else:
                found.setdefault((first, second), []).append(value)


def _statistics(found: Mapping[Any, Sequence[float]]) -> dict[Any, Statistic]:
    known = {name: statistic(values) for name, values in found.items()}
    return {name: value for name, value in known.items() if value is not None}
