import numpy as np

from tfticket.weight_agnostic.genomes import NONE, Genomes, first_genomes


def test_the_first_population_joins_inputs_and_outputs_only():
    genomes = first_genomes(50, 4, 2, initial_density=0.3, rng=np.random.default_rng(0))
    assert genomes.num_genes.tolist() == [10] * 50
    assert genomes.num_hidden.tolist() == [0] * 50
    assert set(np.unique(genomes.sources)) == {0, 1, 2, 3, 4}
    assert set(np.unique(genomes.targets)) == {5, 6}
    assert 0.2 < genomes.num_connections.mean() / 10 < 0.4


def test_what_is_taken_has_no_columns_that_nobody_uses(grown):
    genomes = grown()
    small = int(genomes.num_genes.argmin())
    taken = genomes.take(np.array([small, small]))
    assert taken.enabled.shape == (2, genomes.num_genes[small])
    assert (taken.enabled != NONE).all()
    assert taken.num_hidden.tolist() == [genomes.num_hidden[small]] * 2


def test_two_populations_become_one(grown):
    few, many = grown(num_individuals=3, num_generations=2), grown(num_individuals=4)
    both = few.beside(many)
    assert len(both) == 7
    for one, rows in ((few, [0, 1, 2]), (many, [3, 4, 5, 6])):
        for name, array in both.take(np.array(rows)).arrays().items():
            np.testing.assert_array_equal(array, one.take(np.arange(len(one))).arrays()[name])


def test_arrays_make_the_population_again(grown):
    genomes = grown()
    again = Genomes.from_arrays(6, 3, genomes.arrays())
    assert again.num_inputs == 6
    np.testing.assert_array_equal(again.sources, genomes.sources)
