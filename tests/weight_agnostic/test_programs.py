import numpy as np

from tfticket.weight_agnostic.programs import compiled


def test_nodes_that_compute_the_same_are_one_row(grown):
    genomes = grown()
    doubled = genomes.beside(genomes)
    once, twice = (compiled(g, own_inputs=False) for g in (genomes, doubled))
    assert once.num_rows == twice.num_rows < len(genomes) * 3 + genomes.num_hidden.sum()
    np.testing.assert_array_equal(twice.individuals[:40], twice.individuals[40:])


def test_individuals_with_inputs_of_their_own_share_no_row(grown):
    genomes = grown()
    program = compiled(genomes, own_inputs=True)
    assert program.num_own_inputs == len(program.outputs) * 7
    assert len(np.unique(program.outputs)) == program.outputs.size


def test_a_row_is_computed_after_what_feeds_it(grown):
    for own_inputs in (False, True):
        program = compiled(grown(), own_inputs=own_inputs)
        for step in program.steps:
            assert all((sources < step.start).all() for sources in step.feeders)
            assert step.runs[0].start == step.start
            assert step.runs[-1].stop == step.stop
