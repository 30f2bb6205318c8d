import numpy as np
import pytest

from tfticket.weight_agnostic.networks import Networks, on_a_grid


@pytest.fixture(scope="module")
def inputs():
    return np.random.default_rng(3).normal(size=(300, 6)).astype(np.float32)


def test_a_population_computes_what_its_individuals_do(grown, weights, inputs, node_by_node):
    genomes = grown()
    found = Networks(genomes, weights).outputs(inputs[:20])
    assert found.shape == (40, 6, 20, 3)
    for p in range(len(genomes)):
        for k, weight in enumerate(weights):
            expected = node_by_node(genomes, p, weight, inputs[:20])
            np.testing.assert_allclose(found[p, k], expected, rtol=2e-4, atol=2e-4)


def test_bits_do_not_depend_on_who_else_is_computed(grown, weights, inputs):
    genomes = grown(num_individuals=60)
    whole = Networks(genomes, weights).outputs(inputs)
    for chosen in ([5], [59, 2, 17], list(range(0, 60, 2))):
        found = Networks(genomes.take(np.array(chosen)), weights).outputs(inputs)
        np.testing.assert_array_equal(found, whole[chosen])


def test_bits_do_not_depend_on_how_many_examples_there_are(grown, weights, inputs):
    genomes = grown()
    whole = Networks(genomes, weights).outputs(inputs)
    np.testing.assert_array_equal(Networks(genomes, weights).outputs(inputs[:7]), whole[:, :, :7])


def test_a_mean_reward_is_the_mean_over_examples(grown, weights, inputs):
    genomes = grown()
    networks = Networks(genomes, weights)
    found = networks.mean_reward(inputs, lambda outputs, positions: outputs[:, 1] * positions)
    expected = (networks.outputs(inputs)[..., 1] * np.arange(300)).mean(axis=-1)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)


def test_who_acts_on_inputs_of_its_own_computes_the_same(grown, weights, inputs):
    genomes = grown()
    networks = Networks(genomes, weights)
    actors = networks.actors()
    seen = np.broadcast_to(inputs[:9].T[:, None, :], (len(actors), 6, 6, 9))
    found = actors.spread(np.moveaxis(actors.act(seen), 1, -1))
    np.testing.assert_allclose(found, networks.outputs(inputs[:9]), rtol=2e-4, atol=2e-4)


def test_some_of_those_who_act_act_as_they_do_among_all(grown, weights):
    actors = Networks(grown(), weights).actors()
    seen = np.random.default_rng(0).normal(size=(len(actors), 6, 6, 4))
    chosen = np.arange(0, len(actors), 3)
    np.testing.assert_array_equal(actors.only(chosen).act(seen[chosen]), actors.act(seen)[chosen])


def test_sums_on_the_grid_have_no_rounding_error():
    rng = np.random.default_rng(0)
    values = on_a_grid(rng.normal(size=(50, 700)) * 100)
    backwards = np.add.accumulate(values[:, ::-1], axis=1)[:, -1]
    np.testing.assert_array_equal(np.add.accumulate(values, axis=1)[:, -1], backwards)
    as_float32 = rng.random((50, 700), np.float32).astype(np.float64)
    np.testing.assert_allclose(on_a_grid(as_float32), as_float32, atol=1e-12)
