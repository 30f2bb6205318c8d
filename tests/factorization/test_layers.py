from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tfticket import factorization
from tfticket.factorization import decomposition, layers
from tfticket.initializers import draws

#: Convolutions by what may differ, each on images [9, 8, 4].
CONVOLUTIONS = {
    "plain": {},
    "same": {"padding": "same"},
    "strides": {"strides": (2, 3), "padding": "same"},
    "valid strides": {"strides": 2},
    "dilation": {"dilation_rate": (2, 1), "padding": "same"},
    "no bias": {"use_bias": False, "activation": "relu"},
}


def with_factors_of(made, plain, rank):
    kernel = np.asarray(plain.kernel)
    left, right = decomposition.factors(kernel, rank)
    rest = [np.asarray(plain.bias)] if plain.use_bias else []
    made.set_weights([left, right, *rest])


@pytest.mark.parametrize("options", CONVOLUTIONS.values(), ids=list(CONVOLUTIONS))
def test_at_full_rank_a_convolution_is_the_plain_one(keras, options):
    x = np.random.default_rng(0).normal(size=(2, 9, 8, 4)).astype(np.float32)
    plain = keras.layers.Conv2D(6, (3, 2), bias_initializer="random_normal", **options)
    expected = np.asarray(plain(x))
    made = layers.of(keras).FactorizedConv2D(6, (3, 2), kernel_rank=12, **options)
    assert made(x).shape == expected.shape
    with_factors_of(made, plain, 12)
    np.testing.assert_allclose(np.asarray(made(x)), expected, atol=2e-5)
    np.testing.assert_allclose(np.asarray(made.kernel), np.asarray(plain.kernel), atol=1e-6)


def test_channels_may_come_first(keras):
    x = np.random.default_rng(0).normal(size=(2, 9, 8, 4)).astype(np.float32)
    options = {"kernel_rank": 5, "strides": (2, 1), "padding": "same"}
    last = layers.of(keras).FactorizedConv2D(6, 3, **options)
    first = layers.of(keras).FactorizedConv2D(6, 3, data_format="channels_first", **options)
    expected = np.asarray(last(x))
    moved = x.transpose(0, 3, 1, 2)
    first(moved)
    first.set_weights(last.get_weights())
    np.testing.assert_allclose(np.asarray(first(moved)), expected.transpose(0, 3, 1, 2), atol=1e-5)


@pytest.mark.parametrize("shape", [(5, 8), (5, 3, 8)])
def test_at_full_rank_a_dense_layer_is_the_plain_one(keras, shape):
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    plain = keras.layers.Dense(6, activation="relu", bias_initializer="random_normal")
    expected = np.asarray(plain(x))
    made = layers.of(keras).FactorizedDense(6, activation="relu", kernel_rank=6)
    made(x)
    with_factors_of(made, plain, 6)
    np.testing.assert_allclose(np.asarray(made(x)), expected, atol=1e-5)


def test_a_seeded_initialiser_draws_two_different_factors(keras):
    initializer = keras.initializers.RandomNormal(seed=3)
    made = layers.of(keras).FactorizedDense(4, kernel_rank=4, kernel_initializer=initializer)
    made.build((None, 4))
    assert not np.allclose(np.asarray(made.kernel_in), np.asarray(made.kernel_out))
    again = layers.of(keras).FactorizedDense.from_config(made.get_config())
    again.build((None, 4))
    np.testing.assert_array_equal(np.asarray(made.kernel_out), np.asarray(again.kernel_out))


def test_factors_can_be_drawn_anew(keras):
    model = keras.Sequential(
        [keras.Input((6,)), layers.of(keras).FactorizedDense(5, kernel_rank=2, name="one")]
    )
    found = draws(model, ["one/kernel_in", "one/kernel_out"])
    assert {p: draw(0).shape for p, draw in found.items()} == {
        "one/kernel_in": (6, 2),
        "one/kernel_out": (2, 5),
    }


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float64"])
def test_it_follows_its_dtype_policy(keras, policy):
    x = np.random.default_rng(0).normal(size=(2, 6, 6, 3)).astype(np.float32)
    for kind, options in (("FactorizedConv2D", {"kernel_size": 3}), ("FactorizedDense", {})):
        made = getattr(layers.of(keras), kind)(
            4, kernel_rank=2, dtype=policy, kernel_regularizer="l2", **options
        )
        found = made(x)
        expected = {"float64": "float64"}.get(policy, policy.removeprefix("mixed_"))
        assert tf.as_dtype(found.dtype).name == expected
        stored = "float64" if policy == "float64" else "float32"
        assert np.asarray(made.kernel_in).dtype == stored
        assert tf.as_dtype(made.losses[0].dtype).name == stored


def test_a_model_of_it_is_saved_and_loaded(keras, network, images, tmp_path):
    made = factorization.factorize(network, parameters=0.5, frobenius_decay=1e-3).model
    path = tmp_path / "made.keras"
    made.save(path)
    loaded = keras.models.load_model(path)
    np.testing.assert_array_equal(np.asarray(made(images)), np.asarray(loaded(images)))
    assert [float(v) for v in made.losses] == [float(v) for v in loaded.losses]


def test_what_cannot_be_factorised_is_refused_by_name(keras):
    made = layers.of(keras)
    with pytest.raises(ValueError, match="groups of channels"):
        made.FactorizedConv2D(4, 3, groups=2, kernel_rank=1)
    with pytest.raises(ValueError, match="kernel_constraint"):
        made.FactorizedDense(4, kernel_constraint="max_norm", kernel_rank=1)
    for rank in (0, 1.5):
        with pytest.raises(ValueError, match="`kernel_rank` must be a whole number"):
            made.FactorizedDense(4, kernel_rank=rank)
    with pytest.raises(NotImplementedError, match="must be made plain"):
        made.FactorizedDense(4, kernel_rank=1).enable_lora(2)
