import pytest
import tensorflow as tf

from tfticket.graph.elementwise import is_elementwise, is_plain_activation

SHAPE = (None, 4, 4, 6)


@pytest.mark.parametrize(
    "function",
    [
        tf.nn.relu6,
        lambda x: x * tf.sigmoid(1.5 * x) + 2.0,
        lambda x: tf.where(x > 0, x, 0.1 * x),
        lambda x: tf.clip_by_value(tf.abs(x), 0.0, 3.0),
    ],
)
def test_functions_of_single_values_are_recognised(function):
    assert is_elementwise(function, [SHAPE])


@pytest.mark.parametrize(
    "function",
    [
        tf.nn.softmax,
        lambda x: x - tf.reduce_mean(x, -1, keepdims=True),
        lambda x: x * tf.constant([1.0, 2, 3, 4, 5, 6]),
        lambda x: x / x.shape[-1],
        lambda x: tf.reverse(x, [-1]),
        lambda x: x + tf.random.normal([]),
        lambda x: 1 / 0,
    ],
)
def test_everything_else_is_not(function):
    assert not is_elementwise(function, [SHAPE])


def test_several_inputs_may_broadcast():
    assert is_elementwise(lambda x, y: x * y + x, [SHAPE, (None, 1, 1, 6)])


def test_activations_of_keras_need_no_proof(keras):
    names = ["relu", "gelu", "silu", "sigmoid", "softplus"]
    names = [n for n in names if hasattr(keras.activations, n)]
    assert len(names) >= 4
    assert all(is_plain_activation(getattr(keras.activations, n)) for n in names)
    assert not is_plain_activation(keras.activations.softmax)
    assert not is_plain_activation(tf.nn.relu)
