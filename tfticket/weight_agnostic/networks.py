"""A population that computes: what a task is given to judge it by."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from tfticket.weight_agnostic.genomes import Genomes
from tfticket.weight_agnostic.programs import Program, compiled

__all__ = ["EXAMPLES_AT_ONCE", "Actors", "Networks", "on_a_grid"]

#: Examples that are computed at once; with it change the last bits of means over examples.
EXAMPLES_AT_ONCE = 128

#: `(outputs [K, O, weights, examples], positions of the examples) -> [K, weights, examples]`.
Reward = Callable[[np.ndarray, np.ndarray], np.ndarray]


class Networks:
    """The individuals of a population, each with several values of its one shared weight.

    Args:
        genomes: P individuals.
        weights: the shared weights, `[weights]`.
    """

    def __init__(self, genomes: Genomes, weights: np.ndarray):
        self.genomes = genomes
        self.weights = np.asarray(weights, np.float32)
        self._shared: Program | None = None

    def __len__(self) -> int:
        return len(self.genomes)

    def mean_reward(self, inputs: np.ndarray, reward: Reward) -> np.ndarray:
        """Computes all individuals on examples that are the same for all of them.

        Args:
            inputs: `[examples, I]`.
            reward: judges the outputs of some examples, `[K, O, weights, examples]`, float32 and
                for it to overwrite, of K individuals that compute different things; given also the
                positions of these examples; returns `[K, weights, examples]`.

        Returns:
            The means over the examples, float64 `[P, weights]`.
        """
        num_examples = len(inputs)
        program = self._program()
        sums = self._input_sums(program, inputs)
        starts = range(0, num_examples, EXAMPLES_AT_ONCE)

        def judged(start: int) -> np.ndarray:
            positions = np.arange(start, min(start + EXAMPLES_AT_ONCE, num_examples))
            outputs = self._outputs(program, sums[:, positions])
            with np.errstate(over="ignore", invalid="ignore", under="ignore"):
                return reward(outputs, positions).sum(axis=-1, dtype=np.float64)

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            totals = sum(pool.map(judged, starts), np.zeros(1))
        return (totals / num_examples)[program.individuals]

    def outputs(self, inputs: np.ndarray) -> np.ndarray:
        """Returns the outputs on examples that are the same for all individuals.

        Args:
            inputs: `[examples, I]`.

        Returns:
            float32 `[P, weights, examples, O]`.
        """
        program = self._program()
        sums = self._input_sums(program, inputs)
        pieces = [
            self._outputs(program, sums[:, start : start + EXAMPLES_AT_ONCE])
            for start in range(0, len(inputs), EXAMPLES_AT_ONCE)
        ]
        joined = np.concatenate(pieces, axis=-1)[program.individuals]
        return np.ascontiguousarray(np.moveaxis(joined, 1, -1))

    def actors(self) -> Actors:
        """Returns the individuals as what acts on inputs of their own."""
        return Actors(self.genomes, self.weights)

    def _program(self) -> Program:
        if self._shared is None:
            self._shared = compiled(self.genomes, own_inputs=False)
        return self._shared

    def _input_sums(self, program: Program, inputs: np.ndarray) -> np.ndarray:
        """Sums of inputs, which do not depend on the weight: `[sets, examples]`, without error."""
        values = on_a_grid(np.asarray(inputs, np.float64))
        with_bias = np.concatenate([np.ones((len(values), 1)), values], axis=1)
        return (program.input_sets @ with_bias.T).astype(np.float32)

    def _outputs(self, program: Program, sums: np.ndarray) -> np.ndarray:
        shape = (program.num_rows, len(self.weights), sums.shape[1])
        values = np.empty(shape, np.float32)
        values[:] = sums[program.set_of_row][:, None, :]
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            program.run(values, self.weights)
        return values[program.outputs]


class Actors:
    """K individuals that compute different things, each acting on inputs of its own.

    Args:
        genomes: the population, P individuals.
        weights: the shared weights, float32 `[weights]`.
    """

    def __init__(self, genomes: Genomes, weights: np.ndarray):
        self._genomes, self._weights = genomes, weights
        self._program = compiled(genomes, own_inputs=True)
        self._values: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self._program.outputs)

    def act(self, inputs: np.ndarray) -> np.ndarray:
        """Returns what each individual makes of what it sees.

        Args:
            inputs: `[K, I, weights, episodes]`.

        Returns:
            float32 `[K, O, weights, episodes]`.
        """
        program, columns = self._program, inputs.shape[2:]
        if self._values is None or self._values.shape[1:] != columns:
            self._values = np.empty((program.num_rows, *columns), np.float32)
        values = self._values
        seen = values[: program.num_own_inputs].reshape(
            len(self), 1 + self._genomes.num_inputs, *columns
        )
        seen[:, 0], seen[:, 1:] = 1, inputs
        values[program.num_own_inputs :] = 0
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            program.run(values, self._weights)
        return values[program.outputs]

    def only(self, chosen: np.ndarray) -> Actors:
        """Returns some of them, which act as they do among all.

        Args:
            chosen: which of the K, ascending.
        """
        return Actors(self._genomes.take(self._program.first[chosen]), self._weights)

    def spread(self, values: np.ndarray) -> np.ndarray:
        """Returns what was found of K different individuals for all P of the population.

        Args:
            values: `[K, ...]`.
        """
        return values[self._program.individuals]


def on_a_grid(values: np.ndarray) -> np.ndarray:
    """Rounds so that sums of values have no rounding error, and so do not depend on their order.

    >>> on_a_grid(np.array([[1.0, 0.1]]))[0, 1] == 0.1
    np.False_
    >>> bool(abs(on_a_grid(np.array([[1.0, 0.1]]))[0, 1] - 0.1) < 1e-15)
    True

    Args:
        values: float64 `[examples, I]`; what is summed up are some of a row, and 1.

    Returns:
        The values at multiples of a power of two, about 10⁻¹³ of the largest: float32 inputs of
        one scale keep all their bits.
    """
    largest = max(1.0, float(np.abs(values).max(initial=0)))
    bits = 52 - int(np.ceil(np.log2(largest))) - int(np.ceil(np.log2(values.shape[1] + 1)))
    return np.ldexp(np.rint(np.ldexp(values, bits)), -bits)
