import numpy as np
import pytest

from tfticket.errors import CorruptFileError, FormatError
from tfticket.weight_agnostic import EvolutionSettings, Supervised, evolve
from tfticket.weight_agnostic.evolution import judged, next_genomes
from tfticket.weight_agnostic.networks import Networks

SMALL = EvolutionSettings(
    generations=24, population_size=24, check_every=8, tournament_size=4, initial_density=0.5
)


def task(seed=0):
    """Two classes: whether the first input is larger than the second."""
    x = np.random.default_rng(seed).normal(size=(400, 4))
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
    with pytest.raises(ValueError, match="the same settings, seed and task"):
        evolve(task(seed=1), SMALL, folder=tmp_path)  # of the same form


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


def test_rewards_of_any_size_are_told_from_each_other():
    """Squared errors of prices: every one of them is below what no number counts as a rule."""
    x = np.random.default_rng(0).normal(size=(300, 4))
    found = {}
    for scale in (1.0, 1e7):
        values = (scale * (2 * x[:, :1] + 1)).astype(np.float32)
        task = Supervised(x, values, x, values, num_outputs=1, reward="minus_squared_error")
        found[scale] = evolve(task, SMALL).history
    assert found[1e7][0, 0] < -1e12
    assert len(np.unique(found[1e7][:, 0])) > 1 and found[1e7][-1, 0] > found[1e7][0, 0]


def test_what_is_no_number_is_below_every_number():
    def rewards(networks):
        given = np.full((len(networks), len(networks.weights)), -1e12)
        given[0], given[1] = np.nan, -np.inf
        return given

    genomes = evolve(task(), SMALL).genomes
    found = judged(Odd(rewards), genomes, np.array([-1.0, 1.0]), 0)
    assert np.isfinite(found).all() and (found[2:] == -1e12).all()
    assert found[:2].max() < -1e12


def test_what_is_no_task_and_what_are_no_settings_is_refused():
    with pytest.raises(
        TypeError, match="`task` must have .* Received: NoneType without num_inputs"
    ):
        evolve(None)
    with pytest.raises(TypeError, match="`settings` must be `EvolutionSettings`. Received: dict"):
        evolve(task(), {"generations": 3})
