"""Several scores on one model: which of them empties a layer first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tfticket import scores as scores_
from tfticket.collapse.curve import CollapseCurve
from tfticket.collapse.measuring import critical_compression
from tfticket.scores import Score

__all__ = ["PAPER_ROUNDS", "compare"]

#: Rounds that a score's paper uses; one for all others.
PAPER_ROUNDS: Mapping[str, int] = {"synflow": 100}


def compare(
    model: Any,
    scores: Iterable[str | Score],
    *,
    rounds: int | Mapping[str, int] | None = None,
    on_compression: Callable[[str, float, Mapping[str, int]], None] | None = None,
    **settings: Any,
) -> list[CollapseCurve]:
    """Finds the critical compression of several scores on one model.

    Args:
        model: a built model of either Keras.
        scores: names or `Score`s.
        rounds: one number for all; or by name of the score, 1 where it does not say; by default
            those of the scores' papers, `PAPER_ROUNDS`.
        on_compression: called with the name of the score, each compression and what it keeps, by
            path.
        **settings: what `critical_compression` takes besides.

    Returns:
        One curve per score, in their order.
    """
    by_name = PAPER_ROUNDS if rounds is None else rounds

    def curve_of(score: Score) -> CollapseCurve:
        def tell(ratio: float, kept: Mapping[str, int]) -> None:
            if on_compression is not None:
                on_compression(score.name, ratio, kept)

        num_rounds = by_name if isinstance(by_name, int) else by_name.get(score.name, 1)
        return critical_compression(
            model, score, rounds=num_rounds, on_compression=tell, **settings
        )

    return [curve_of(score) for score in [scores_.get(s) for s in scores]]
