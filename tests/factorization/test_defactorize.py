from __future__ import annotations

import numpy as np
import pytest

from tfticket import factorization, graph, weights
from tfticket.kinds import kind


def test_whole_kernels_are_the_products(keras, network, images):
    network.compile("sgd", "mse")
    made = factorization.factorize(network, rank=3).model
    plain = factorization.defactorize(made)
    assert [kind(layer) for layer in plain.layers] == [kind(layer) for layer in network.layers]
    expected = np.asarray(made(images))
    np.testing.assert_allclose(plain(images), expected, atol=1e-5 * np.abs(expected).max())
    found, held = weights.read_all(plain), factorization.multiplied(weights.read_all(made))
    assert list(found) == list(weights.read_all(network))
    for path, array in found.items():
        np.testing.assert_array_equal(array, held[path])
    assert plain.count_params() == network.count_params()
    plain.fit(images, np.zeros((4, 1)), verbose=0)


def test_what_was_made_whole_has_the_same_factors_again(network, images):
    made = factorization.factorize(network, rank=3)
    again = factorization.factorize(factorization.defactorize(made.model), rank=made.report.ranks)
    expected = np.asarray(made.model(images))
    np.testing.assert_allclose(again.model(images), expected, atol=1e-5 * np.abs(expected).max())
    assert max(row.error for row in again.report.layers) < 1e-6


def test_the_product_keeps_the_precision_it_has(keras):
    layer = factorization.layers.of(keras).FactorizedDense(3, kernel_rank=1, name="one")
    model = keras.Sequential([keras.Input((2,)), layer])
    layer.set_weights([np.float32([[3.0], [1e-8]]), np.float32([[1.0, 2.0, 1e8]]), np.zeros(3)])
    found = weights.read_all(factorization.defactorize(model))["one/kernel"]
    np.testing.assert_allclose(found, [[3, 6, 3e8], [1e-8, 2e-8, 1]], rtol=1e-6)
    assert found.dtype == np.float32


def test_split_is_two_plain_layers_each_at_the_same_cost(keras, network, images, tmp_path):
    network.compile("sgd", "mse")
    made = factorization.factorize(network, rank=3, frobenius_decay=0.1).model
    pairs = factorization.split(made)
    expected = np.asarray(made(images))
    np.testing.assert_allclose(pairs(images), expected, atol=1e-6)
    assert graph.flops(pairs).total == graph.flops(made).total
    assert pairs.count_params() == made.count_params()
    hidden = pairs.get_layer("hidden")
    assert [(layer.name, kind(layer)) for layer in hidden.layers] == [
        ("hidden_in", "Dense"),
        ("hidden_out", "Dense"),
    ]
    assert not pairs.losses
    pairs.save(tmp_path / "pairs.keras")
    assert "tfticket" not in pairs.to_json()
    loaded = keras.models.load_model(tmp_path / "pairs.keras", compile=False)
    np.testing.assert_array_equal(loaded(images), pairs(images))


def test_a_subclassed_model_is_refused(keras):
    class Own(keras.Model):
        def call(self, inputs):
            return inputs

    with pytest.raises(ValueError, match="built Sequential or functional"):
        factorization.defactorize(Own())
