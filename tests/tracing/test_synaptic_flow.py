"""What synaptic flow holds in memory beside the scores."""

import numpy as np

from tfticket import _keras
from tfticket.masks import MaskedWeights, Masks
from tfticket.tracing import SynapticFlow
from tfticket.weights import prunable_weights


def test_weights_that_look_at_the_variables_are_not_copied(keras):
    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2)])
    found = prunable_weights(model, None).variables
    (path,) = found
    flow = SynapticFlow(model, (path,))
    own = np.asarray(_keras.value_of(found[path]))
    masks = Masks({path: np.array([[True, False]] * 3)})

    def tensor(present):
        ((tensor,), _) = flow._tensors(present, found)
        return np.asarray(tensor)

    assert np.shares_memory(tensor({path: own}), own)
    assert np.shares_memory(tensor(MaskedWeights({path: own}, masks)), own)
    other = own + 1
    assert np.array_equal(tensor({path: other}), other)


def test_the_scores_of_other_weights_than_the_models_are_theirs(keras):
    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2, use_bias=False)])
    (path,) = prunable_weights(model, None).variables
    weights = {path: np.array([[1, -2], [3, 4], [-5, 6]], np.float32)}
    masks = Masks({path: np.array([[True, False], [True, True], [False, True]])})
    flow = SynapticFlow(model, (path,))
    measured = flow(model, MaskedWeights(weights, masks), 1.0)
    expected = [[1, 0], [3, 4], [0, 6]]
    assert measured.scores[path].tolist() == expected
    assert measured.output == measured.sources == np.sum(expected)
