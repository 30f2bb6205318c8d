"""A class of the user's own is not Keras' because of its name."""

from __future__ import annotations

import numpy as np
import pytest

from tfticket import weights
from tfticket.kinds import call_kind, kind, kinds
from tfticket.scores import Evidence, SynFlow


@pytest.fixture
def own(keras):
    """Layers with names of Keras' own that compute something else."""

    class RMSNormalization(keras.layers.Layer):
        def call(self, inputs):
            return 2.0 * inputs

    class Normalization(keras.layers.Layer):
        def build(self, shape):
            self.kernel = self.add_weight(shape=(shape[-1], 3), name="kernel")
            self.built = True

        def call(self, inputs):
            return inputs @ self.kernel

    class Metric(keras.layers.Dense):
        pass

    return {c.__name__: c for c in (RMSNormalization, Normalization, Metric)}


def test_a_name_counts_where_the_class_is_from_keras(keras, own):
    assert kind(keras.layers.Dense(2)) == "Dense"
    assert [kind(own[name]()) for name in ("RMSNormalization", "Normalization")] == ["", ""]
    assert call_kind(own["Normalization"]()) == ""
    assert "Normalization" not in kinds(own["Normalization"]())


def test_a_subclass_is_another_kind_but_computes_the_same(keras, own):
    layer = own["Metric"](2)
    assert (kind(layer), call_kind(layer)) == ("", "Dense")
    assert {"Dense", "Layer"} <= kinds(layer)


def test_a_kernel_of_an_own_normalization_is_prunable(keras, own):
    model = keras.Sequential([keras.layers.Input((4,)), own["Normalization"](name="mine")])
    assert list(weights.prunable_weights(model).variables) == ["mine/kernel"]


def test_a_layer_called_metric_has_weights_like_any_other(keras, own):
    model = keras.Sequential([keras.layers.Input((4,)), own["Metric"](3, name="mine")])
    assert list(weights.variables(model)) == ["mine/kernel", "mine/bias"]


def test_synaptic_flow_goes_through_own_layers_as_they_are(keras, own):
    model = keras.Sequential(
        [keras.layers.Input((4,)), own["RMSNormalization"](), own["Normalization"](name="mine")]
    )
    scores = SynFlow()(model, Evidence(weights.read(model)))
    expected = 2.0 * np.abs(weights.read(model)["mine/kernel"])
    np.testing.assert_allclose(scores["mine/kernel"], expected, rtol=1e-6)
