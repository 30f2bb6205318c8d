import numpy as np
import pytest

from tfticket.weight_agnostic.mutations import MUTATIONS, mutated

NUMBERS = np.array([3, 4, 8])


def only(name):
    return [float(n == name) for n in MUTATIONS]


@pytest.fixture
def parents(grown):
    return grown()


def children_of(parents, name):
    return mutated(parents, only(name), NUMBERS, np.random.default_rng(1))


def test_a_connection_is_added_between_nodes_that_had_none(parents):
    children = children_of(parents, "add_connection")
    assert (children.num_connections == parents.num_connections + 1).all()
    pairs = children.sources.astype(np.int64) * children.num_nodes + children.targets
    for p in range(len(children)):
        assert len(np.unique(pairs[p, : children.num_genes[p]])) == children.num_genes[p]


def test_an_inserted_node_splits_one_connection(parents):
    children = children_of(parents, "insert_node")
    assert (children.num_hidden == parents.num_hidden + 1).all()
    assert (children.num_connections == parents.num_connections + 1).all()
    assert (children.num_genes == parents.num_genes + 2).all()
    for p in range(len(children)):
        into, out = children.num_genes[p] - 2, children.num_genes[p] - 1
        node = children.first_hidden + parents.num_hidden[p]
        assert children.targets[p, into] == children.sources[p, out] == node
        (split,) = np.flatnonzero(
            (children.sources[p, :into] == children.sources[p, into])
            & (children.targets[p, :into] == children.targets[p, out])
        )
        assert (parents.enabled[p, split], children.enabled[p, split]) == (1, 0)
        assert children.activations[p, parents.num_hidden[p]] in NUMBERS


def test_one_disabled_connection_is_enabled(parents):
    children = children_of(parents, "enable")
    had_one = (parents.enabled == 0).any(axis=1)
    assert had_one.any()
    assert (children.num_connections == parents.num_connections + had_one).all()
    assert (children.num_genes == parents.num_genes).all()


def test_one_activation_becomes_another(parents):
    children = children_of(parents, "change_activation")
    differs = children.activations != parents.activations
    assert (differs.sum(axis=1) == (parents.num_hidden > 0)).all()
    assert set(np.unique(children.activations[differs])) == set(NUMBERS)


def test_what_is_impossible_leaves_the_parent(grown):
    bare = grown(num_generations=0)
    for name, array in children_of(bare, "change_activation").arrays().items():
        np.testing.assert_array_equal(array, bare.arrays()[name])


def test_odds_are_how_often_each_happens(grown):
    parents = grown(num_individuals=4000, num_generations=5)
    children = mutated(parents, [1, 3, 0, 0], NUMBERS, np.random.default_rng(0))
    inserted = (children.num_hidden > parents.num_hidden).mean()
    assert abs(inserted - 0.75) < 0.03


def test_children_depend_on_the_generator_alone(parents):
    first, second = (children_of(parents, "insert_node") for _ in range(2))
    for name, array in first.arrays().items():
        np.testing.assert_array_equal(array, second.arrays()[name])
