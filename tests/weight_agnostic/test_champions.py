import itertools

import numpy as np
import pytest

from tfticket.errors import CorruptFileError
from tfticket.weight_agnostic import Champion, Genomes, Networks


@pytest.mark.parametrize("individual", [0, 11, 39])
def test_a_champion_computes_what_its_individual_does(grown, weights, individual):
    genomes = grown()
    champion = Champion.of(genomes, individual)
    x = np.random.default_rng(0).normal(size=(30, 6))
    found = Networks(champion.genomes, weights).outputs(x)[0]
    np.testing.assert_array_equal(found, Networks(genomes, weights).outputs(x)[individual])


def test_it_has_no_dead_node_and_no_disabled_connection():
    """Bias 0, input 1, output 2: 1 → 3 → 2 stays; 4 leads nowhere since 4 → 2 is disabled."""
    genomes = Genomes(
        1,
        1,
        np.array([[1, 4, 1, 3, 0]], np.int32),
        np.array([[4, 2, 3, 2, 2]], np.int32),
        np.array([[1, 0, 1, 1, 0]], np.int8),
        np.array([[4, 8]], np.int8),
    )
    assert Champion.of(genomes) == Champion(1, 1, [1, 3], [3, 2], ["tanh"])


def test_levels_have_every_hidden_node_once_and_alike_ones_together(grown):
    champion = Champion.of(grown(), 3)
    nodes = np.concatenate(champion.levels)
    assert sorted(nodes) == list(range(10, 10 + len(champion.activations)))
    depth = {int(n): d for d, level in enumerate(champion.levels) for n in level}
    for source, target in zip(champion.sources, champion.targets, strict=True):
        if source >= 10 and target >= 10:
            assert depth[source] < depth[target]
    for level in champion.levels:
        kinds = [champion.activations[n - 10] for n in level]
        assert len(list(dict.fromkeys(kinds))) == 1 + sum(
            a != b for a, b in itertools.pairwise(kinds)
        )


def test_a_champion_without_hidden_nodes_has_no_levels(grown):
    assert Champion.of(grown(num_generations=0)).levels == []


def test_json_makes_it_again_or_says_that_it_is_none(grown):
    champion = Champion.of(grown(), 7)
    assert Champion.from_dict(champion.to_dict()) == champion
    for broken in ({"activations": ["selu"]}, {"targets": [99, 98]}, {"more": 1}):
        with pytest.raises(CorruptFileError, match="no weight-agnostic network"):
            Champion.from_dict({**champion.to_dict(), **broken})


def test_a_file_with_a_circle_is_damaged():
    record = Champion(1, 1, [3, 4, 4], [4, 3, 2], ["relu", "relu"]).to_dict()
    with pytest.raises(CorruptFileError, match="must not lead back"):
        Champion.from_dict(record)
