"""How good a network is with one weight after another, with none in particular, and with the best.

Weights are chosen on one set of examples and judged on another.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tfticket.seeds import generator
from tfticket.weight_agnostic.champions import Champion
from tfticket.weight_agnostic.networks import Networks
from tfticket.weight_agnostic.tasks import RewardFunction, require_examples, reward_function

__all__ = ["Verdict", "ensemble_accuracy", "reward_by_weight", "tuned_weight", "verdict_on"]

_LARGEST, _NUM_COARSE, _NUM_FINE, _NUM_RANDOM = 3.0, 61, 21, 100
_AT_ONCE = 16


@dataclass(frozen=True)
class Verdict:
    """What is said of a network.

    Args:
        by_weight: its accuracy, or another reward, by shared weight, as text.
        mean: over these.
        best: of these.
        random: mean over 100 weights, drawn alike from the largest in size and its opposite.
        random_deviation: standard deviation over those.
        tuned_weight: the shared weight that was chosen on other examples.
        tuned: with that one.
        ensemble: accuracy of the mean of the probabilities over `by_weight`; `None` where there
            are no classes.
    """

    by_weight: dict[str, float]
    mean: float
    best: float
    random: float
    random_deviation: float
    tuned_weight: float
    tuned: float
    ensemble: float | None

    def to_dict(self) -> dict[str, Any]:
        """Returns everything as plain JSON values."""
        return asdict(self)


def verdict_on(
    champion: Champion,
    inputs: np.ndarray,
    targets: np.ndarray,
    *,
    reward: str | RewardFunction,
    shared_weights: np.ndarray,
    tuned: float,
    seed: int = 0,
) -> Verdict:
    """Judges a network on examples that chose nothing of it.

    Args:
        champion: the network.
        inputs: `[examples, ...]`.
        targets: as the reward takes them.
        reward: a name of `REWARDS` or a function like them.
        shared_weights: to judge it with, `[weights]`.
        tuned: the weight that was chosen on other examples, by `tuned_weight`.
        seed: of the random weights.
    """
    largest = float(np.abs(shared_weights).max())
    drawn = generator(seed, "shared_weights").uniform(-largest, largest, _NUM_RANDOM)
    weights = np.concatenate([shared_weights, [tuned], drawn])
    found = reward_by_weight(champion, inputs, targets, weights, reward)
    swept, rest = found[: len(shared_weights)], found[len(shared_weights) + 1 :]
    has_classes = reward in ("accuracy", "log_likelihood")
    return Verdict(
        {f"{w:g}": float(r) for w, r in zip(shared_weights, swept, strict=True)},
        float(swept.mean()),
        float(swept.max()),
        float(rest.mean()),
        float(rest.std()),
        float(tuned),
        float(found[len(shared_weights)]),
        ensemble_accuracy(champion, inputs, targets, shared_weights) if has_classes else None,
    )


def reward_by_weight(
    champion: Champion,
    inputs: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray,
    reward: str | RewardFunction = "accuracy",
) -> np.ndarray:
    """Returns the mean reward with each of some shared weights.

    Args:
        champion: the network.
        inputs: `[examples, ...]`.
        targets: as the reward takes them.
        weights: the shared ones, `[weights]`.
        reward: a name of `REWARDS` or a function like them.
    """
    function = reward_function(reward)
    rows, targets = require_examples(inputs, targets, reward, champion.num_outputs)
    pieces = [
        Networks(champion.genomes, weights[start : start + _AT_ONCE]).mean_reward(
            rows, lambda outputs, positions: function(outputs, targets[positions])
        )[0]
        for start in range(0, len(weights), _AT_ONCE)
    ]
    return np.concatenate(pieces)


def tuned_weight(
    champion: Champion,
    inputs: np.ndarray,
    targets: np.ndarray,
    reward: str | RewardFunction = "log_likelihood",
) -> float:
    """Returns the shared weight with the best reward: on a grid in [-3, 3], then on a finer one.

    Args:
        champion: the network.
        inputs: `[examples, ...]`, of validation or train.
        targets: as the reward takes them.
        reward: a name of `REWARDS` or a function like them.
    """
    coarse = np.linspace(-_LARGEST, _LARGEST, _NUM_COARSE)
    coarse = coarse[np.abs(coarse) > 1e-9]
    found = reward_by_weight(champion, inputs, targets, coarse, reward)
    best, step = coarse[np.nanargmax(found)], coarse[1] - coarse[0]
    fine = np.clip(best + np.linspace(-step, step, _NUM_FINE), -_LARGEST, _LARGEST)
    fine = fine[np.abs(fine) > 1e-9]
    found = reward_by_weight(champion, inputs, targets, fine, reward)
    return float(fine[np.nanargmax(found)])


def ensemble_accuracy(
    champion: Champion, inputs: np.ndarray, targets: np.ndarray, weights: np.ndarray
) -> float:
    """Returns the accuracy of the network with several weights at once: their mean probabilities.

    Args:
        champion: the network.
        inputs: `[examples, ...]`.
        targets: class numbers, `[examples]`.
        weights: the shared ones, `[weights]`.
    """

    def is_right(outputs: np.ndarray, positions: np.ndarray) -> np.ndarray:
        outputs = np.exp(outputs - outputs.max(axis=1, keepdims=True))
        mean = (outputs / outputs.sum(axis=1, keepdims=True)).mean(axis=2)
        right = mean.argmax(axis=1) == targets[positions]
        return np.broadcast_to(right[:, None], (1, len(weights), len(positions)))

    rows, targets = require_examples(inputs, targets, "accuracy", champion.num_outputs)
    return float(Networks(champion.genomes, weights).mean_reward(rows, is_right)[0, 0])
