import numpy as np
import pytest

from tfticket import collapse
from tfticket.scores import Evidence, Magnitude
from tfticket.weights import read_all, write


def test_the_smallest_layer_collapses_first_and_its_compression_is_found(model):
    curve = collapse.critical_compression(model, "magnitude", compression_ratios=[1, 2, 2.4, 4, 9])
    assert curve.kept[1] == {"first/kernel": 200, "second/kernel": 50, "third/kernel": 100}
    assert curve.critical_compression == 2
    assert curve.first_collapse == 2.4
    assert curve.collapsed_layers == ["second/kernel"]
    assert curve.maximal_compression == 700 / 3


def test_another_scope_or_keeping_one_never_collapses(model):
    for choices in ({"scope": "layer"}, {"on_collapse": "keep_one"}):
        curve = collapse.critical_compression(
            model, "magnitude", compression_ratios=[1, 10, 50], **choices
        )
        assert curve.first_collapse is None
        assert curve.critical_compression == 50
        assert curve.collapsed_layers == []


def test_the_dense_model_is_scored_once_and_left_as_it_was(model):
    looked = []

    class Counting(Magnitude):
        def compute(self, model, evidence):
            looked.append(evidence)
            return super().compute(model, evidence)

    before = read_all(model)
    collapse.critical_compression(model, Counting(), compression_ratios=[2, 4, 8])
    assert len(looked) == 1
    collapse.critical_compression(model, Counting(), compression_ratios=[2, 4, 8], rounds=3)
    assert len(looked) == 1 + 1 + 3 * 2
    assert all(np.array_equal(before[p], w) for p, w in read_all(model).items())


def test_the_grid_ends_where_one_weight_per_layer_is_left(model):
    curve = collapse.critical_compression(model, "random", evidence=Evidence({}, seed=0))
    assert curve.compression_ratios[:5] == pytest.approx([1, 10**0.25, 10**0.5, 10**0.75, 10])
    assert curve.compression_ratios[-1] == 700 / 3
    assert sum(curve.kept[-1].values()) == 3
    assert sum(curve.kept[0].values()) == 700


def test_a_residual_network_may_lose_a_layer_and_stay_connected(keras):
    layers = keras.layers
    inputs = layers.Input((4,))
    inner = layers.Dense(4, use_bias=False, name="inner")(inputs)
    outputs = layers.Dense(2, use_bias=False, name="output")(layers.Add()([inputs, inner]))
    model = keras.Model(inputs, outputs)
    ramp = np.linspace(1, 2, 8, dtype=np.float32).reshape(4, 2)
    small = np.linspace(0.1, 0.2, 16, dtype=np.float32).reshape(4, 4)
    write(model, {"inner/kernel": small, "output/kernel": ramp})
    ratios = [1, 3, 24]
    curve = collapse.critical_compression(
        model, "magnitude", compression_ratios=ratios, check_flow=True
    )
    assert curve.first_collapse == 3  # the 8 kept weights are all in the last layer
    assert curve.connected == (True, True, True)
    assert curve.first_disconnection is None
    chain = keras.Sequential(
        [
            layers.Input((4,)),
            layers.Dense(4, use_bias=False, name="inner"),
            layers.Dense(2, use_bias=False, name="output"),
        ]
    )
    write(chain, {"inner/kernel": small, "output/kernel": ramp})
    curve = collapse.critical_compression(
        chain, "magnitude", compression_ratios=ratios, check_flow=True
    )
    assert curve.connected == (True, False, False)
    assert curve.first_disconnection == curve.first_collapse == 3


def test_bad_compressions_are_refused(model):
    with pytest.raises(ValueError, match="must be at least 1"):
        collapse.critical_compression(model, "magnitude", compression_ratios=[0.5])


def test_the_compressions_of_a_model_are_the_grid_over_its_weights(model):
    assert collapse.compressions(model, 2) == collapse.compression_grid(700, 3, 2)
    assert collapse.compressions(model, prunable="second")[-1] == 400
