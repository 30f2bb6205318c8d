from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tfticket import _keras, factorization
from tfticket.factorization import decomposition, layers


@pytest.mark.parametrize("kind", ["FactorizedDense", "FactorizedConv2D"])
def test_the_gradients_are_those_of_the_paper(keras, kind):
    """Of ½ λ ‖U Vᵀ‖² they are λ U Vᵀ V and λ V Uᵀ U."""
    decay, options = 0.3, {} if kind == "FactorizedDense" else {"kernel_size": (3, 2)}
    made = getattr(layers.of(keras), kind)(
        5,
        kernel_rank=3,
        kernel_regularizer=factorization.frobenius_decay(keras, decay),
        **options,
    )
    made.build((None, 6, 6, 4))
    with tf.GradientTape() as tape:
        (loss,) = made.losses
    factors = made.trainable_weights[:2]
    found = [np.asarray(g) for g in tape.gradient(loss, [_keras.native(f) for f in factors])]
    left, right = (np.asarray(f, np.float64) for f in factors)
    if kind == "FactorizedConv2D":
        assert left.shape == (3, 1, 4, 3) and right.shape == (1, 2, 3, 5)
        u = left.reshape(12, 3)
        v = right[0].transpose(1, 0, 2).reshape(3, 10).T
        found[0] = found[0].reshape(12, 3)
        found[1] = found[1][0].transpose(1, 0, 2).reshape(3, 10).T
    else:
        u, v, found[1] = left, right.T, found[1].T
    np.testing.assert_allclose(float(loss), 0.5 * decay * np.square(u @ v.T).sum(), rtol=1e-5)
    np.testing.assert_allclose(found[0], decay * u @ v.T @ v, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found[1], decay * v @ u.T @ u, rtol=1e-4, atol=1e-6)


def compiled(keras, network, **options):
    network.compile(keras.optimizers.AdamW(weight_decay=0.5, **options), "mse")
    return network


def test_decay_of_the_product_turns_the_optimizers_off_on_the_factors(keras, network, images):
    """At a learning rate of 0, AdamW's decay would still be 0; at a tiny one it is seen alone."""
    model = compiled(keras, network, learning_rate=1e-3)
    for decay, is_off in ((1e-9, True), (None, False)):
        made = factorization.factorize(model, rank=2, frobenius_decay=decay).model
        optimizer = made.optimizer
        for factor in made.get_layer("hidden").get_prunable_weights():
            assert optimizer._use_weight_decay(factor) is not is_off
        assert optimizer._use_weight_decay(made.get_layer("hidden").bias)


def test_decay_shrinks_the_product_in_fit(keras, network, images):
    network.compile(keras.optimizers.SGD(0.01), "mse")
    norms = {}
    for decay in (0.0, 5.0):
        made = factorization.factorize(network, rank=2, frobenius_decay=decay).model
        made.fit(images, np.zeros((4, 1), np.float32), epochs=20, verbose=0)
        norms[decay] = float(np.linalg.norm(np.asarray(made.get_layer("spread").kernel)))
    assert norms[5.0] < 0.6 * norms[0.0]


def test_the_kernels_own_regulariser_acts_on_the_product(keras):
    layer = keras.layers.Dense(6, kernel_regularizer=keras.regularizers.L1(0.1), name="one")
    model = keras.Sequential([keras.Input((6,)), layer])
    expected = float(model.losses[0])
    made = factorization.factorize(model, rank=2).model.get_layer("one")
    product = decomposition.product(*made.get_weights()[:2])
    assert float(made.losses[0]) == pytest.approx(0.1 * np.abs(product).sum(), rel=1e-5)
    assert float(made.losses[0]) < expected


def test_a_negative_decay_is_refused(keras, network):
    with pytest.raises(ValueError, match="`frobenius_decay` must be at least 0"):
        factorization.factorize(network, rank=2, frobenius_decay=-1.0)
