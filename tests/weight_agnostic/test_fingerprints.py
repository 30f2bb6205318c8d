import numpy as np

from tfticket.weight_agnostic.fingerprints import analyzed
from tfticket.weight_agnostic.mutations import mutated
from tfticket.weight_agnostic.networks import Networks


def test_a_fingerprint_does_not_depend_on_the_population(grown):
    genomes = grown()
    found = analyzed(genomes).individuals
    for p in (0, 7, 39):
        assert analyzed(genomes.take(np.array([p]))).individuals == [found[p]]


def test_equal_fingerprints_are_equal_functions_and_others_are_not(grown, weights):
    genomes = grown(num_individuals=200)
    _, first, group = np.unique(
        analyzed(genomes).individuals, return_index=True, return_inverse=True
    )
    outputs = Networks(genomes, weights).outputs(np.random.default_rng(0).normal(size=(40, 6)))
    singly = [
        Networks(genomes.take(np.array([p])), weights).outputs(np.eye(6)) for p in range(0, 200, 9)
    ]
    together = Networks(genomes, weights).outputs(np.eye(6))
    for p, found in zip(range(0, 200, 9), singly, strict=True):
        np.testing.assert_array_equal(found[0], together[p])
    assert len(np.unique(outputs[first].reshape(len(first), -1), axis=0)) > 0.9 * len(first)
    assert len(group) == 200


def test_only_what_leads_to_an_output_is_live(grown):
    genomes = grown()
    found = analyzed(genomes)
    live = found.is_live.reshape(len(genomes), -1)
    assert live[:, genomes.first_output : genomes.first_hidden].all()
    edges = found.edges
    feeds_live = np.zeros(live.size, bool)
    feeds_live[edges.sources[found.is_live[edges.targets]]] = True
    hidden = np.arange(live.size) % genomes.num_nodes >= genomes.first_hidden
    np.testing.assert_array_equal(found.is_live[hidden], feeds_live[hidden])


def test_another_activation_of_a_live_node_is_another_function(grown):
    parents = grown()
    children = mutated(parents, [0, 0, 0, 1], np.arange(10), np.random.default_rng(0))
    changed = (children.activations != parents.activations).argmax(axis=1) + parents.first_hidden
    live = analyzed(parents).is_live.reshape(len(parents), -1)[np.arange(40), changed]
    same = analyzed(parents).individuals == analyzed(children).individuals
    assert live.sum() > 30
    assert not same[live].any()
