import numpy as np
import pytest

from tfticket.errors import CorruptFileError, FormatError
from tfticket.weight_agnostic import EvolutionSettings, Supervised, evolve
from tfticket.weight_agnostic.evolution import judged, next_genomes
from tfticket.weight_agnostic.networks import Networks

SMALL = EvolutionSettings(
    generations=24, population_size=24, check_every=8, tournament_size=4, initial_density=0.5
)


def task():
    """Two classes: whether the first input is larger than the second."""
    x = np.random.default_rng(0).normal(size=(400, 4))
    y = (x[:, 0] > x[:, 1]).astype(np.int64)
    return Supervised(x[:200], y[:200], x[200:], y[200:], num_outputs=2, batch_size=100)


class Stopped(Exception):
    pass


def same(first, second):
    for one, other in ((first.genomes, second.genomes), (first.champion, second.champion)):
        for name, array in one.arrays().items():
            np.testing.assert_array_equal(array, other.arrays()[name])
    np.testing.assert_array_equal(first.champion_rewards, second.champion_rewards)
    np.testing.assert_array_equal(first.history, second.history)


def test_the_search_gets_better():
    state = evolve(task(), SMALL)
    assert state.generation == 24
    assert state.history[-1, 0] > state.history[0, 0]
    assert state.champion_rewards.mean() > np.log(0.5)


@pytest.mark.parametrize("stop", [7, 8, 13, 23])
def test_a_search_that_was_stopped_ends_with_the_same_bits(tmp_path, stop):
    def interrupt(state):
        if state.generation == stop:
            raise Stopped

    with pytest.raises(Stopped):
        evolve(task(), SMALL, seed=3, folder=tmp_path, on_generation=interrupt)
    resumed_at = []
    found = evolve(
        task(), SMALL, seed=3, folder=tmp_path, on_generation=lambda s: resumed_at.append(s)
    )
    assert resumed_at[0].generation == stop // 8 * 8 + 1
    same(found, evolve(task(), SMALL, seed=3))


def test_a_finished_search_is_read(tmp_path):
    first = evolve(task(), SMALL, folder=tmp_path)
    same(first, evolve(task(), SMALL, folder=tmp_path, on_generation=pytest.fail))


def test_a_folder_is_of_one_search(tmp_path):
    evolve(task(), SMALL, folder=tmp_path)
    with pytest.raises(ValueError, match="of the same search"):
        evolve(task(), SMALL, folder=tmp_path, seed=1)


@pytest.mark.parametrize("name", ["population.json", "population-*.safetensors"])
def test_damage_is_seen(tmp_path, name):
    evolve(task(), SMALL, folder=tmp_path)
    (path,) = tmp_path.glob(name)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises((CorruptFileError, FormatError)):
        evolve(task(), SMALL, folder=tmp_path)


def test_the_best_of_before_live_on_first():
    genomes = evolve(task(), SMALL).genomes
    rewards = judged(task(), genomes, np.array([-1.0, 1.0]), 0)
    made = next_genomes(genomes, rewards, SMALL, np.random.default_rng(0))
    assert len(made) == 24
    best = int(rewards.mean(axis=1).argmax())
    expected = Networks(genomes.take(np.array([best])), np.ones(1)).outputs(np.eye(4))
    elites = Networks(made.take(np.arange(4)), np.ones(1)).outputs(np.eye(4))
    assert any(np.array_equal(e, expected[0]) for e in elites)


class Odd:
    """A task whose rewards have another shape, or are no numbers."""

    num_inputs, num_outputs = 2, 1

    def __init__(self, rewards):
        self._rewards = rewards

    def rewards(self, networks, seed):
        return self._rewards(networks)

    validate = rewards


def test_rewards_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"shape \(24, 6\). Received: \(24,\)"):
        evolve(Odd(lambda networks: np.zeros(len(networks))), SMALL)


def test_rewards_that_are_no_numbers_are_the_lowest():
    def rewards(networks):
        return np.full((len(networks), 6), np.nan)

    task = Odd(rewards)
    task.validate = rewards
    state = evolve(task, SMALL)
    assert np.isfinite(state.history[:, :2]).all()
