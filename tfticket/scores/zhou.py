"""Zhou's mask criteria: functions of a weight's initial and final value, w₀ and w.

Their `large_final` is `Magnitude` and their `random` is `Random`, which are used by everyone.
"""

from __future__ import annotations

import abc
from typing import Any

import numpy as np

from tfticket.scores.base import Evidence, Score

__all__ = [
    "Displacement",
    "LargeFinalDiffSign",
    "LargeFinalSameSign",
    "LargeInit",
    "LargeInitLargeFinal",
    "MagnitudeIncrease",
    "SmallFinal",
    "SmallInit",
    "SmallInitSmallFinal",
]


class SmallFinal(Score):
    """Keeps the weights nearest to zero: `score = −|w|` of the present weights.

    References:
        Zhou et al. 2019, "Deconstructing Lottery Tickets", https://arxiv.org/abs/1905.01067
    """

    name = "small_final"

    def compute(self, model: Any, evidence: Evidence) -> dict[str, np.ndarray]:
        return {p: -np.abs(w) for p, w in evidence.weights.items()}

    def of_weights(self, weights: np.ndarray) -> np.ndarray:
        return -np.abs(weights)


class _OfInitialAndFinal(Score):
    """A criterion that looks at the initialisation too."""

    needs = ("rewind_points",)

    def compute(self, model: Any, evidence: Evidence) -> dict[str, np.ndarray]:
        initial, masks, scores = evidence.initial_weights, evidence.masks, {}
        for path, final in evidence.weights.items():
            scores[path] = self._of(initial[path], final, None if masks is None else masks[path])
        return scores

    @staticmethod
    @abc.abstractmethod
    def _of(initial: np.ndarray, final: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
        """Scores one weight.

        Args:
            initial: its values at step 0.
            final: its present values, of the same shape.
            mask: boolean, True = kept; `None` keeps all.
        """


class LargeFinalSameSign(_OfInitialAndFinal):
    """Keeps the weights farthest from zero that kept their sign: `score = |w|`, 0 if it changed.

    The criterion of the paper's best untrained masks: over initial weights such a mask leaves only
    what is large in the end and points where it will point.

    References:
        Zhou et al. 2019, "Deconstructing Lottery Tickets", section 5,
        https://arxiv.org/abs/1905.01067
    """

    name = "large_final_same_sign"
    _of = staticmethod(
        lambda initial, final, mask: np.where(_same_sign(initial, final), np.abs(final), 0.0)
    )


class LargeFinalDiffSign(_OfInitialAndFinal):
    """Keeps the weights farthest from zero whose sign changed: `score = |w|`, 0 if it did not.

    The control of `LargeFinalSameSign`.

    References:
        Zhou et al. 2019, "Deconstructing Lottery Tickets", section 5,
        https://arxiv.org/abs/1905.01067
    """

    name = "large_final_diff_sign"
    _of = staticmethod(
        lambda initial, final, mask: np.where(_same_sign(initial, final), 0.0, np.abs(final))
    )


class LargeInit(_OfInitialAndFinal):
    """Keeps the weights that were farthest from zero at step 0: `score = |w₀|`.

    References:
        Zhou et al. 2019, "Deconstructing Lottery Tickets", https://arxiv.org/abs/1905.01067
    """

    name = "large_init"
    _of = staticmethod(lambda initial, final, mask: np.abs(initial))


class SmallInit(_OfInitialAndFinal):
    """Keeps the weights that were nearest to zero at step 0: `score = −|w₀|`.

    References:
        Zhou et al. 2019, "Deconstructing Lottery Tickets", https://arxiv.org/abs/1905.01067
    """

    name = "small_init"
    _of = staticmethod(lambda initial, final, mask: -np.abs(initial))


class LargeInitLargeFinal(_OfInitialAndFinal):
    """Keeps the weights farthest from zero both at step 0 and now: `min(rank(|w₀|), rank(|w|))`.

    `rank` is the fraction of the layer's surviving weights with a smaller value, so a score is the
    highest quantile that both values reach, and the k highest scores are the weights for which both
    exceed the quantile that leaves k. The paper matches the two by a factor instead, `min(α|w|,
    |w₀|)`.

    References:
        Zhou et al. 2019, "Deconstructing Lottery Tickets", https://arxiv.org/abs/1905.01067
    """

    name = "large_init_large_final"
    _of = staticmethod(
        lambda initial, final, mask: _lower_rank(np.abs(initial), np.abs(final), mask)
    )


class SmallInitSmallFinal(_OfInitialAndFinal):
    """Keeps the weights nearest to zero both at step 0 and now: `min(rank(−|w₀|), rank(−|w|))`.

    `rank` is the fraction of the layer's surviving weights with a smaller value; see
    `LargeInitLargeFinal`.

    References:
        Zhou et al. 2019, "Deconstructing Lottery Tickets", https://arxiv.org/abs/1905.01067
    """

    name = "small_init_small_final"
    _of = staticmethod(
        lambda initial, final, mask: _lower_rank(-np.abs(initial), -np.abs(final), mask)
    )


class MagnitudeIncrease(_OfInitialAndFinal):
    """Keeps the weights that moved away from zero since step 0: `score = |w| − |w₀|`.

    References:
        Zhou et al. 2019, "Deconstructing Lottery Tickets", https://arxiv.org/abs/1905.01067
    """

    name = "magnitude_increase"
    _of = staticmethod(lambda initial, final, mask: np.abs(final) - np.abs(initial))


class Displacement(_OfInitialAndFinal):
    """Keeps the weights that moved farthest since step 0: `score = |w − w₀|`.

    The paper calls it movement; here that is the score of Sanh et al. 2020, `scores.Movement`.

    References:
        Zhou et al. 2019, "Deconstructing Lottery Tickets", https://arxiv.org/abs/1905.01067
    """

    name = "displacement"
    _of = staticmethod(lambda initial, final, mask: np.abs(final - initial))


def _same_sign(initial: np.ndarray, final: np.ndarray) -> np.ndarray:
    return np.sign(initial) == np.sign(final)


def _lower_rank(first: np.ndarray, second: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
    return np.minimum(_ranks(first, mask), _ranks(second, mask))


def _ranks(values: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
    """Returns for each value the fraction of kept values that are smaller, in [0, 1).

    >>> _ranks(np.array([[3.0, 1.0], [3.0, 2.0]])).tolist()
    [[0.5, 0.0], [0.5, 0.25]]

    Args:
        values: floats of any shape.
        mask: boolean, True = kept; others rank 0 and do not count. `None` keeps all.
    """
    kept = values[mask] if mask is not None else values.ravel()
    order = np.argsort(kept, kind="stable")
    ordered = kept[order]
    is_first = np.ones(kept.size, np.bool_)
    is_first[1:] = ordered[1:] != ordered[:-1]
    position = np.arange(kept.size)
    smaller = np.maximum.accumulate(np.where(is_first, position, 0))
    found = np.empty(kept.size)
    found[order] = smaller / max(kept.size, 1)
    if mask is None:
        return found.reshape(values.shape)
    result = np.zeros(values.shape)
    result[mask] = found
    return result
