import numpy as np
import pytest

from tfticket.weight_agnostic.depths import edges_of, node_depths
from tfticket.weight_agnostic.genomes import Genomes


def chain():
    """Bias 0, input 1, output 2, hidden 3 and 4: 1 → 3 → 4 → 2, 1 → 2; 3 → 2 is disabled."""
    return Genomes(
        1,
        1,
        np.array([[1, 3, 4, 1, 3]], np.int32),
        np.array([[3, 4, 2, 2, 2]], np.int32),
        np.array([[1, 1, 1, 1, 0]], np.int8),
        np.array([[4, 4]], np.int8),
    )


def test_a_node_is_one_deeper_than_the_deepest_that_feeds_it():
    genomes = chain()
    assert node_depths(genomes, edges_of(genomes, disabled=False)).tolist() == [[0, 0, 3, 1, 2]]


def test_disabled_connections_are_in_the_list_if_asked_for():
    genomes = chain()
    assert len(edges_of(genomes, disabled=False).sources) == 4
    assert len(edges_of(genomes, disabled=True).sources) == 5


def test_every_connection_of_a_grown_population_goes_down(grown):
    genomes = grown()
    edges = edges_of(genomes, disabled=True)
    depths = node_depths(genomes, edges).reshape(-1)
    assert (depths[edges.sources] < depths[edges.targets]).all()


def test_a_circle_is_refused():
    genomes = chain()
    genomes.sources[0, 0] = 4  # 4 → 3 → 4
    with pytest.raises(ValueError, match="must not lead back"):
        node_depths(genomes, edges_of(genomes, disabled=False))
