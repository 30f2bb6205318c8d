"""What networks are judged by: examples with targets, or anything that returns rewards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from tfticket.seeds import generator
from tfticket.weight_agnostic.networks import Networks

__all__ = ["REWARDS", "Supervised", "Task", "accuracy", "log_likelihood", "minus_squared_error"]


class Task(Protocol):
    """What a search asks of a task; any object that has these will do.

    Attributes:
        num_inputs: of a network, the bias not counted.
        num_outputs: of a network.
    """

    num_inputs: int
    num_outputs: int

    def rewards(self, networks: Networks, seed: int) -> np.ndarray:
        """Returns `[individuals, weights]`, larger is better; called once in each generation.

        Args:
            networks: the population.
            seed: of whatever the task draws for this generation, the same for all individuals.
        """
        ...

    def validate(self, networks: Networks) -> np.ndarray:
        """Returns the same, of what no individual was selected by; it chooses the champion.

        Args:
            networks: some individuals.
        """
        ...


#: `(outputs [K, O, weights, examples], targets [examples, ...]) -> [K, weights, examples]`.
RewardFunction = Callable[[np.ndarray, np.ndarray], np.ndarray]


def log_likelihood(outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Returns the logarithm of what softmax gives to the right class: minus the cross-entropy.

    Args:
        outputs: `[K, O, weights, examples]`, float32; overwritten.
        targets: class numbers, `[examples]`.

    Returns:
        `[K, weights, examples]`.
    """
    outputs -= outputs.max(axis=1, keepdims=True)
    right = np.moveaxis(outputs[:, targets, :, np.arange(len(targets))], 0, -1).copy()
    np.exp(outputs, out=outputs)
    return right - np.log(outputs.sum(axis=1))


def accuracy(outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Returns 1 where the largest output is that of the right class, else 0.

    Args:
        outputs: `[K, O, weights, examples]`.
        targets: class numbers, `[examples]`.

    Returns:
        `[K, weights, examples]`.
    """
    return (outputs.argmax(axis=1) == targets).astype(np.float32)


def minus_squared_error(outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Returns minus the squared difference from the targets, the mean over outputs.

    Args:
        outputs: `[K, O, weights, examples]`, float32; overwritten.
        targets: values, `[examples, O]`.

    Returns:
        `[K, weights, examples]`.
    """
    outputs -= targets.T[None, :, None, :]
    return -np.square(outputs, out=outputs).mean(axis=1)


#: Rewards by name.
REWARDS: dict[str, RewardFunction] = {
    "log_likelihood": log_likelihood,
    "accuracy": accuracy,
    "minus_squared_error": minus_squared_error,
}


class Supervised:
    """Examples with targets: each generation is judged on other ones, the champion on validation.

    Args:
        inputs: `[examples, ...]`, whose values are the inputs of the networks.
        targets: class numbers `[examples]`, or values `[examples, O]`.
        validation_inputs: like the inputs.
        validation_targets: like the targets.
        num_outputs: classes, or values to be predicted.
        reward: a name of `REWARDS`, or a function like them.
        batch_size: examples of a generation; all of them if there are fewer.
    """

    def __init__(
        self,
        inputs: np.ndarray,
        targets: np.ndarray,
        validation_inputs: np.ndarray,
        validation_targets: np.ndarray,
        *,
        num_outputs: int,
        reward: str | RewardFunction = "log_likelihood",
        batch_size: int = 1000,
    ):
        self._train = (_rows(inputs), np.asarray(targets))
        self._validation = (_rows(validation_inputs), np.asarray(validation_targets))
        self.num_inputs, self.num_outputs = self._train[0].shape[1], num_outputs
        self._reward = REWARDS[reward] if isinstance(reward, str) else reward
        self._batch_size = batch_size

    def rewards(self, networks: Networks, seed: int) -> np.ndarray:
        """See `Task`."""
        return self._judged(networks, *self.examples(seed))

    def examples(self, seed: int) -> list[np.ndarray]:
        """Returns what a generation is judged on: inputs `[examples, I]` and their targets.

        Args:
            seed: of the generation.
        """
        inputs, targets = self._train
        if self._batch_size < len(inputs):
            drawn = generator(seed, "examples").permutation(len(inputs))[: self._batch_size]
            inputs, targets = inputs[drawn], targets[drawn]
        return [inputs, targets]

    def validate(self, networks: Networks) -> np.ndarray:
        """See `Task`."""
        return self._judged(networks, *self._validation)

    def _judged(self, networks: Networks, inputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
        return networks.mean_reward(
            inputs, lambda outputs, positions: self._reward(outputs, targets[positions])
        )


def _rows(inputs: np.ndarray) -> np.ndarray:
    return np.asarray(inputs, np.float32).reshape(len(inputs), -1)
