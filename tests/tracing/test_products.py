"""What layers multiply their kernels with: kernel times rows is what the layer gives."""

import numpy as np
import pytest
import tensorflow as tf

from tfticket import weights
from tfticket.tracing.products import products, watched

IMAGES = [
    ("Conv2D", {"filters": 4, "kernel_size": (3, 2), "padding": "same"}),
    ("Conv2D", {"filters": 4, "kernel_size": 3, "strides": 2}),
    ("Conv2D", {"filters": 4, "kernel_size": 3, "dilation_rate": 2}),
    ("Conv2D", {"filters": 6, "kernel_size": 3, "groups": 3, "padding": "same"}),
    ("DepthwiseConv2D", {"kernel_size": 3, "depth_multiplier": 2}),
    ("Dense", {"units": 5}),
]
SEQUENCES = [
    ("Conv1D", {"filters": 4, "kernel_size": 3, "padding": "causal", "dilation_rate": 2}),
    ("Conv1D", {"filters": 4, "kernel_size": 3, "groups": 2, "strides": 2}),
    ("DepthwiseConv1D", {"kernel_size": 3, "padding": "same"}),
    ("Dense", {"units": 5}),
    ("EinsumDense", {"equation": "abc,cde->abde", "output_shape": (None, 2, 3)}),
    ("EinsumDense", {"equation": "...c,cd->...d", "output_shape": (5,)}),
    ("EinsumDense", {"equation": "abc,bcd->abd", "output_shape": (9, 5)}),
]


def _layer(keras, name, settings):
    settings = {**settings, "use_bias": False} if name != "EinsumDense" else settings
    return getattr(keras.layers, name)(**settings)


@pytest.mark.parametrize(
    ("shape", "name", "settings"),
    [((8, 9, 6), *each) for each in IMAGES] + [((9, 6), *each) for each in SEQUENCES],
)
def test_rows_times_matrices_are_the_outputs(keras, shape, name, settings):
    inputs = keras.layers.Input(shape)
    layer = _layer(keras, name, settings)
    model = keras.Model(inputs, layer(inputs))
    (path,) = weights.read(model)
    found, others = products(model, [path])
    assert not others
    taken = []
    images = np.random.default_rng(0).normal(size=(3, *shape)).astype("f4")
    with watched(found, lambda path, rows: taken.append((path, rows))):
        outputs = np.asarray(model(images, training=False))
    assert "call" not in vars(layer)
    ((taken_path, rows),) = taken
    kernel = weights.read(model)[path]
    matrices = found[path].matrices(kernel)
    assert taken_path == path
    assert np.array_equal(found[path].kernel(matrices), kernel)
    made = np.asarray(tf.matmul(rows, matrices))  # [groups, rows, outputs]
    ordered = {"abc,bcd->abd": lambda: made.reshape(9, 3, 5).transpose(1, 0, 2)}
    arrange = ordered.get(settings.get("equation"), lambda: made.transpose(1, 0, 2))
    assert np.allclose(arrange().reshape(outputs.shape), outputs, atol=1e-5)


def test_attention_is_four_products(keras):
    inputs = keras.layers.Input((7, 6))
    model = keras.Model(inputs, keras.layers.MultiHeadAttention(2, 3)(inputs, inputs))
    paths = list(weights.read(model))
    found, others = products(model, paths)
    counts = dict.fromkeys(paths, 0)

    def take(path, rows):
        counts[path] += int(rows.shape[1])

    with watched(found, take):
        model(np.ones((2, 7, 6), "f4"))
    assert not others and len(found) == 4
    assert set(counts.values()) == {14}


def test_functions_of_tensorflow_give_values_too(keras):
    class Wrapped(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(2)

        @tf.function
        def call(self, inputs):
            return self.dense(inputs)

    model = Wrapped()
    model(np.ones((1, 3), "f4"))
    found, _ = products(model, weights.read(model))
    taken = []
    with watched(found, lambda path, rows: taken.append(rows.numpy())):
        model(np.ones((4, 3), "f4"))
    assert [rows.shape for rows in taken] == [(1, 4, 3)]
    assert not tf.config.functions_run_eagerly()


def test_what_cannot_be_seen_is_told_with_its_reason(keras):
    inputs = keras.layers.Input((7, 6))
    x = keras.layers.LSTM(3, return_sequences=True)(inputs)
    x = keras.layers.Conv1DTranspose(3, 3)(x)
    model = keras.Model(inputs, keras.layers.Dense(2)(x))
    paths = [*weights.read(model), "nowhere/kernel"]
    found, others = products(model, paths)
    assert len(found) == 1
    assert "LSTMCell" in next(r for p, r in others.items() if "lstm" in p and "recurrent" not in p)
    assert "Conv1DTranspose" in next(r for p, r in others.items() if "transpose" in p)
    assert others["nowhere/kernel"] == "there is no such weight"


def test_what_was_watched_is_put_back_after_an_error(keras):
    inputs = keras.layers.Input((3,))
    model = keras.Model(inputs, keras.layers.Dense(2)(inputs))
    found, _ = products(model, weights.read(model))

    def fail(path, rows):
        raise KeyError(path)

    with pytest.raises(KeyError), watched(found, fail):
        model(np.ones((1, 3), "f4"))
    assert all("call" not in vars(p.layer) for p in found.values())
