"""The search: a population that is judged, ranked, and makes the next one.

References:
    Gaier & Ha 2019, "Weight Agnostic Neural Networks", https://arxiv.org/abs/1906.04358
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from tfticket.seeds import derived_seed, generator
from tfticket.weight_agnostic.activations import ACTIVATIONS
from tfticket.weight_agnostic.checkpoints import read_state, write_state
from tfticket.weight_agnostic.genomes import Genomes, first_genomes
from tfticket.weight_agnostic.mutations import mutated
from tfticket.weight_agnostic.networks import Networks
from tfticket.weight_agnostic.ranking import ranked
from tfticket.weight_agnostic.settings import EvolutionSettings
from tfticket.weight_agnostic.states import HISTORY, State
from tfticket.weight_agnostic.tasks import Task

__all__ = ["evolve", "judged", "next_genomes"]

#: What a reward counts that is not a number, where no other is that low.
_LOWEST = -1e9


def evolve(
    task: Task,
    settings: EvolutionSettings | None = None,
    *,
    seed: int = 0,
    folder: str | Path | None = None,
    on_generation: Callable[[State], object] | None = None,
) -> State:
    """Searches for a network that does well whatever the one weight is that all connections share.

    Each generation is drawn from the seed and its number alone, so a search that goes on from its
    folder ends with the same bits as one that was never stopped.

    Args:
        task: what it is to do.
        settings: of the search; `None` means the usual ones.
        seed: of everything that is drawn.
        folder: where the population is kept, every `check_every` generations, and taken from to go
            on; `None` keeps nothing.
        on_generation: called with the state after each generation.

    Returns:
        The last state, with the champion: of all that were tried on `task.validate`, the one with
        the highest mean over the weights.

    Raises:
        ValueError: if what is in the folder is of another search: other settings, seed or task.
        TypeError: if the task or the settings are none.
        CorruptFileError: if it is damaged.
    """
    settings = EvolutionSettings() if settings is None else settings
    _require(task, settings)
    name = "" if folder is None else settings.search_id(task, seed)
    state = None if folder is None else read_state(folder, name)
    if state is None:
        state = _first_state(task, settings, seed)
    while state.generation < settings.generations:
        state = _after(state, task, settings, seed)
        is_last = state.generation == settings.generations
        if folder is not None and (is_last or state.generation % settings.check_every == 0):
            write_state(folder, name, state)
        if on_generation is not None:
            on_generation(state)
    return state


def _require(task: Task, settings: EvolutionSettings) -> None:
    if not isinstance(settings, EvolutionSettings):
        raise TypeError(
            f"`settings` must be `EvolutionSettings`. Received: {type(settings).__name__}"
        )
    missing = [
        n for n in ("num_inputs", "num_outputs", "rewards", "validate") if not hasattr(task, n)
    ]
    if missing:
        raise TypeError(
            f"`task` must have num_inputs, num_outputs, rewards and validate, as `Supervised` has."
            f" Received: {type(task).__name__} without {', '.join(missing)}"
        )


def judged(task: Task, genomes: Genomes, weights: np.ndarray, seed: int | None) -> np.ndarray:
    """Returns the rewards of individuals, those that are no numbers below all others.

    Args:
        task: what they are to do.
        genomes: P individuals.
        weights: the shared weights, `[weights]`.
        seed: of a generation; `None` means `task.validate`.

    Returns:
        float64 `[P, weights]`.

    Raises:
        ValueError: if what the task returns has another shape.
    """
    networks = Networks(genomes, weights)
    found = task.validate(networks) if seed is None else task.rewards(networks, seed)
    rewards, expected = np.asarray(found, np.float64), (len(genomes), len(networks.weights))
    if rewards.shape != expected:
        raise ValueError(
            "`task` must return a reward for each individual and each weight, an array of shape"
            f" {expected}. Received: {rewards.shape}"
        )
    numbers = rewards[np.isfinite(rewards)]
    # So low that the mean over the weights is below all others too.
    lowest = min(_LOWEST, 10 * len(networks.weights) * float(numbers.min(initial=0.0)))
    return np.nan_to_num(rewards, nan=lowest, neginf=lowest)


def next_genomes(
    genomes: Genomes, rewards: np.ndarray, settings: EvolutionSettings, rng: np.random.Generator
) -> Genomes:
    """Ranks a population and makes the next one of it.

    Ranked are the mean reward over the weights and, as a coin says, either the number of
    connections, the fewer the better, or the reward of the best weight. The first of the ranking
    live on; of all but the last, parents are chosen by tournament, and each child is mutated once.

    Args:
        genomes: P individuals.
        rewards: `[P, weights]`.
        settings: the rates and odds.
        rng: draws everything.

    Returns:
        As many individuals, the best of before first.
    """
    few = 1 / np.maximum(genomes.num_connections, 1)
    second = few if rng.random() < settings.simplicity_rate else rewards.max(axis=1)
    order = ranked(np.stack([rewards.mean(axis=1), second], axis=1))
    num_parents = len(order) - int(len(order) * settings.cull_rate)
    num_elites = int(num_parents * settings.elite_rate)
    shape = (len(order) - num_elites, settings.tournament_size)
    winners = rng.integers(num_parents, size=shape).min(axis=1)
    numbers = np.array([list(ACTIVATIONS).index(name) for name in settings.activations], np.int8)
    children = mutated(genomes.take(order[winners]), settings.odds, numbers, rng)
    grown = genomes.take(order[:num_elites]).beside(children)
    return grown.take(np.arange(len(grown)))


def _first_state(task: Task, settings: EvolutionSettings, seed: int) -> State:
    genomes = first_genomes(
        settings.population_size,
        task.num_inputs,
        task.num_outputs,
        initial_density=settings.initial_density,
        rng=generator(seed, "weight_agnostic", "first"),
    )
    lowest = np.full(len(settings.shared_weights), -np.inf)
    return State(0, genomes, genomes.take(np.arange(1)), lowest, np.empty((0, len(HISTORY))))


def _after(state: State, task: Task, settings: EvolutionSettings, seed: int) -> State:
    """One generation: judges the population, perhaps finds a champion, and breeds."""
    number = state.generation
    weights = np.asarray(settings.shared_weights, np.float32)
    batch_seed = derived_seed(seed, "weight_agnostic", "batch", number)
    rewards = judged(task, state.genomes, weights, batch_seed)
    champion, champion_rewards = state.champion, state.champion_rewards
    is_last = number + 1 == settings.generations
    if is_last or (number + 1) % settings.check_every == 0:
        best = np.argsort(-rewards.mean(axis=1), kind="stable")[: settings.num_candidates]
        tried = judged(task, state.genomes.take(best), weights, None)
        first = int(tried.mean(axis=1).argmax())
        if tried[first].mean() > champion_rewards.mean():
            champion, champion_rewards = state.genomes.take(best[[first]]), tried[first]
    line = [rewards.mean(axis=1).max(), rewards.max(), champion_rewards.mean()]
    line += [np.median(state.genomes.num_connections), np.median(state.genomes.num_hidden)]
    rng = generator(seed, "weight_agnostic", "generation", number)
    return State(
        number + 1,
        next_genomes(state.genomes, rewards, settings, rng),
        champion,
        champion_rewards,
        np.concatenate([state.history, np.array([line])]),
    )
