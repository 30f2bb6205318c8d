"""Weights are found wherever layers hold them, and everything that is called is rounded."""

import numpy as np
import pytest
import tensorflow as tf

from tfticket import low_precision

X = np.random.default_rng(0).normal(size=(16, 7, 6)).astype("f")
Y = np.random.default_rng(1).normal(size=(16, 1)).astype("f")
IDS = np.random.default_rng(2).integers(0, 20, (16, 7))


def sequence(keras, *layers, words=False):
    given = keras.Input((7,), dtype="int32") if words else keras.Input((7, 6))
    return keras.Sequential([given, *layers, keras.layers.Dense(1, name="output")])


def subclassed(keras, inner):
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.inner, self.out = inner, keras.layers.Dense(1)

        def call(self, x, training=False):
            return self.out(tf.reduce_mean(self.inner(x), 1))

    model = Own()
    model(X[:2])
    return model


def holding(keras, how):
    """A layer of one's own that holds its weights in its own way."""

    class Holding(keras.layers.Layer):
        def build(self, shape):
            made = [
                self.add_weight(shape=(6, 6), initializer="glorot_uniform", name=f"w{i}")
                for i in range(2)
            ]
            if how == "list":
                self.held = made
            elif how == "dict":
                self.held = {"a": made[0], "b": (made[1],)}
            else:
                self.look = lambda: made
            self.built = True

        def call(self, x):
            both = tf.nest.flatten(self.held) if how != "closure" else self.look()
            for weight in both:
                x = x @ tf.convert_to_tensor(weight)
            return x

    return Holding(name="holding")


def traced(keras):
    class Traced(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.inner = keras.layers.Dense(4)

        @tf.function
        def call(self, x):
            return self.inner(x)

    return Traced()


def attending(keras):
    layers = keras.layers
    given = keras.Input((7, 6))
    seen = given + layers.MultiHeadAttention(2, 3)(given, given) * 2.0
    return keras.Model(given, layers.Dense(1)(layers.GlobalAveragePooling1D()(seen)))


NETWORKS = {
    "recurrent": lambda k: sequence(k, k.layers.RNN(k.layers.LSTMCell(4))),
    "both ways": lambda k: sequence(k, k.layers.Masking(), k.layers.Bidirectional(k.layers.GRU(3))),
    "words": lambda k: sequence(
        k, k.layers.Embedding(20, 4, mask_zero=True), k.layers.LSTM(3), words=True
    ),
    "attending": attending,
    "list": lambda k: subclassed(k, holding(k, "list")),
    "dict": lambda k: subclassed(k, holding(k, "dict")),
    "traced": lambda k: subclassed(k, traced(k)),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_of_all_kinds_are_trained_in_few_bits(keras, name):
    keras.utils.set_random_seed(0)
    model = NETWORKS[name](keras)
    model.compile(keras.optimizers.SGD(0.05), "mse")
    x = IDS if name == "words" else X
    plain = np.asarray(model(x))
    with low_precision.compute_in(model, "int8") as lowered:
        assert lowered.unreached == ()
        rounded = np.asarray(model(x))
        history = model.fit(x, Y, epochs=3, shuffle=False, verbose=0, validation_data=(x, Y))
    assert 0 < np.abs(rounded - plain).max() < 0.3
    assert history.history["loss"][-1] < history.history["loss"][0]
    assert np.isfinite(model.evaluate(x, Y, verbose=0))


def test_weights_that_no_attribute_holds_are_named(keras):
    model = subclassed(keras, holding(keras, "closure"))
    model.compile("sgd", "mse")
    with low_precision.compute_in(model, "int8") as lowered:
        assert lowered.unreached == ("holding/w0", "holding/w1")


def test_masks_of_time_steps_are_handed_on(keras):
    layers = [keras.layers.Masking(name="masking"), keras.layers.GRU(3, name="gru")]
    model = sequence(keras, *layers)
    model.compile("sgd", "mse")
    padded = X.copy()
    padded[:, 4:] = 0
    with low_precision.compute_in(model, "int8"):
        whole = np.asarray(model(padded))
        short = np.asarray(keras.Sequential(model.layers)(padded[:, :4]))
    np.testing.assert_allclose(whole, short, atol=0.05)


def test_frozen_weights_are_rounded_too(keras):
    model = sequence(keras, keras.layers.Flatten(), keras.layers.Dense(4, name="frozen"))
    model.get_layer("frozen").trainable = False
    model.compile("sgd", "mse")
    wanted = np.asarray(model.get_layer("frozen").kernel)
    with low_precision.compute_in(model, "float8") as lowered, lowered._rounded_weights():
        seen = np.asarray(model.get_layer("frozen").kernel)
    np.testing.assert_array_equal(seen, lowered.precision.forward.rounded(wanted).numpy())
