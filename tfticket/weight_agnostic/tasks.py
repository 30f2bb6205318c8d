"""What networks are judged by: examples with targets, or anything that returns rewards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from tfticket import files
from tfticket.seeds import generator
from tfticket.weight_agnostic.networks import Networks

__all__ = [
    "REWARDS",
    "Supervised",
    "Task",
    "accuracy",
    "log_likelihood",
    "minus_squared_error",
    "require_examples",
    "reward_function",
]


class Task(Protocol):
    """What a search asks of a task; any object that has these will do.

    Attributes:
        num_inputs: of a network, the bias not counted.
        num_outputs: of a network.
        identity: optional text that tells the task from others of its class, by which a folder
            knows that a search is gone on with on the same task.
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
        batch_size: examples of a generation, at least 1; all of them if there are fewer.

    Raises:
        ValueError: if inputs are not finite, targets are not what the reward takes, there are no
            examples, or those of train and validation differ in form.
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
        if num_outputs < 1 or batch_size < 1:
            raise ValueError(
                "`num_outputs` and `batch_size` must be at least 1. Received:"
                f" num_outputs={num_outputs}, batch_size={batch_size}"
            )
        self._reward = reward_function(reward)
        self._train = require_examples(inputs, targets, reward, num_outputs)
        self._validation = require_examples(
            validation_inputs, validation_targets, reward, num_outputs, "validation_"
        )
        self.num_inputs, self.num_outputs = self._train[0].shape[1], num_outputs
        if self._validation[0].shape[1] != self.num_inputs:
            raise ValueError(
                f"`validation_inputs` must have {self.num_inputs} values an example, as `inputs`"
                f" do. Received: {self._validation[0].shape[1]}"
            )
        self._batch_size = batch_size

    @property
    def identity(self) -> str:
        """A digest of the examples, with what else the rewards depend on."""
        own = (*self._train, *self._validation)
        arrays = {f"{n}": a for n, a in enumerate(own) if a.dtype != object}
        reward = getattr(self._reward, "__qualname__", type(self._reward).__qualname__)
        return f"{files.digest(arrays)} {reward} {self._batch_size}"

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


def reward_function(reward: str | RewardFunction) -> RewardFunction:
    """Returns the function that a reward is.

    Args:
        reward: a name of `REWARDS`, or a function like them, which is returned as it is.

    Raises:
        ValueError: if it is neither.
    """
    found = REWARDS.get(reward) if isinstance(reward, str) else reward
    if not callable(found):
        raise ValueError(
            f"`reward` must be one of {list(REWARDS)}, or a function like them."
            f" Received: reward={reward!r}"
        )
    return found


def require_examples(
    inputs: np.ndarray,
    targets: np.ndarray,
    reward: str | RewardFunction,
    num_outputs: int,
    prefix: str = "",
) -> tuple[np.ndarray, np.ndarray]:
    """Returns examples as networks take them, if a reward can judge them.

    Args:
        inputs: `[examples, ...]`.
        targets: class numbers `[examples]`, values `[examples, O]`, or what an own reward takes.
        reward: a name of `REWARDS`, or a function, whose targets are its own affair.
        num_outputs: of the networks.
        prefix: of the arguments' names in messages.

    Returns:
        The inputs as float32 `[examples, values]`, and the targets.

    Raises:
        ValueError: if there are none, they are not as many, not finite, or not of that form.
    """
    targets = np.asarray(targets)
    if not np.shape(inputs) or not len(inputs) or targets.shape[:1] != (len(inputs),):
        raise ValueError(
            f"`{prefix}inputs` and `{prefix}targets` must be as many, at least one. Received:"
            f" shapes {np.shape(inputs)} and {targets.shape}"
        )
    rows = np.asarray(inputs, np.float32).reshape(len(inputs), -1)
    if not np.isfinite(rows).all():
        raise ValueError(f"`{prefix}inputs` must be finite. Received: NaN or infinity among them")
    if (found := _obstacle(targets, reward, num_outputs)) is not None:
        raise ValueError(f"`{prefix}targets` must be {found}")
    return rows, targets


def _obstacle(targets: np.ndarray, reward: str | RewardFunction, num_outputs: int) -> str | None:
    """Says what targets must be for a reward, and what they are; `None` if they are."""
    if reward == "minus_squared_error":
        fits = targets.shape == (len(targets), num_outputs) and targets.dtype.kind in "fiu"
        if fits and np.isfinite(targets).all():
            return None
        wanted = f"finite values of shape [examples, {num_outputs}] for {reward!r}"
        values = ", some of them not finite" if fits else ""
        if targets.size == len(targets) and np.array_equal(targets, np.round(targets)):
            values += "; class numbers must have an integer type"
        return f"{wanted}. Received: {targets.dtype} of shape {targets.shape}{values}"
    if not isinstance(reward, str):
        return None
    wanted = f"class numbers, whole numbers of shape [examples] below {num_outputs}, for {reward!r}"
    if targets.ndim != 1 or targets.dtype.kind not in "iu":
        return f"{wanted}. Received: {targets.dtype} of shape {targets.shape}"
    if targets.min() < 0 or targets.max() >= num_outputs:
        return f"{wanted}. Received: {targets.min()} to {targets.max()}"
    return None
