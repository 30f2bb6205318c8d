"""Replaying traced functions: same values in float64, whatever they are made of."""

import numpy as np
import pytest
import tensorflow as tf

from tfticket.tracing.operations import widened
from tfticket.tracing.replay import Program, run


def replayed(function, *arguments, rules=None):
    """Traces a function in float32 and runs it in float64."""
    specs = [tf.TensorSpec(a.shape, tf.float32) for a in arguments]
    concrete = tf.function(function).get_concrete_function(*specs)
    captured = [v.numpy() for v in concrete.graph.variables]
    program = Program.of(concrete)

    @tf.function(autograph=False)
    def again(inputs, variables):
        return run(program, inputs, variables, rules or {})

    values = [[tf.constant(v, tf.float64) for v in part] for part in (arguments, captured)]
    return [r.numpy() for r in again(*values)]


X = np.random.default_rng(0).uniform(0.5, 1.5, (2, 6, 6, 4))


def test_numbers_are_meant_as_they_were_written():
    """1e-3 in float32 is 4.7e-11 off, which adds up over normalisation layers."""
    (found,) = replayed(lambda x: x * 1e-3 + 0.1, np.ones(1))
    assert found[0] == 1e-3 + 0.1
    array = np.array([0.1], np.float32)
    assert widened(array)[0] == np.float64(array[0]) != 0.1
    assert widened(np.float16(0.1)) == 0.1 and widened(3).dtype.kind == "i"


def test_loops_are_replayed():
    weight = tf.Variable(0.5)

    def powers(x):
        y, i = x, 0
        while i < 3:
            y, i = y * weight, i + 1
        return y

    (found,) = replayed(powers, np.ones(2))
    assert found.tolist() == [0.125, 0.125] and found.dtype == np.float64


def test_branches_are_replayed():
    def either(x):
        return x * 2.0 if tf.reduce_sum(x) > 3.0 else x * 0.1

    assert replayed(either, np.ones(2))[0].tolist() == [0.1, 0.1]
    assert replayed(either, np.ones(4))[0].tolist() == [2.0] * 4


@pytest.mark.parametrize("compiled", [False, True])
def test_called_functions_are_replayed(compiled):
    inner = tf.function(lambda x: x / 3.0, jit_compile=compiled)
    assert replayed(lambda x: inner(x), np.ones(1))[0][0] == 1 / 3


def test_assignments_are_left_out():
    counter = tf.Variable(1.0)

    def counting(x):
        counter.assign_add(1.0)
        return x

    assert replayed(counting, np.ones(1))[0].tolist() == [1.0] and counter.numpy() == 1


def test_variables_that_are_looked_up_in_are_replayed():
    table = tf.Variable([[1.0, 2.0], [3.0, 4.0]])

    def look_up(x):
        rows = tf.gather(table, tf.cast(x, tf.int32))
        return rows, tf.gather_nd(table, [[1, 0]]), tf.shape(table)[0]

    found = replayed(look_up, np.ones(1))
    assert [f.tolist() for f in found] == [[[3.0, 4.0]], [3.0], 2]


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize("stride", [1, 2])
def test_small_convolutions_have_the_same_gradient(padding, stride):
    kernel = np.random.default_rng(1).normal(size=(3, 3, 4, 5))

    def convolved(x, w):
        return tf.nn.conv2d(x, w, stride, padding)

    concrete = tf.function(convolved).get_concrete_function(
        tf.TensorSpec(X[:1].shape), tf.TensorSpec(kernel.shape)
    )

    @tf.function(autograph=False)
    def gradients(x, w):
        (y,) = run(Program.of(concrete), [x, w], [], {})
        return tf.gradients(tf.reduce_sum(y**2), [x, w])

    x, w = tf.constant(X[:1]), tf.constant(kernel)
    with tf.GradientTape() as tape:
        tape.watch([x, w])
        y = tf.reduce_sum(convolved(x, w) ** 2)
    for found, expected in zip(gradients(x, w), tape.gradient(y, [x, w]), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: tf.compat.v1.nn.fused_batch_norm(
            x, *[tf.constant([1.0, 2.0, 3.0, 4.0])] * 4, is_training=False
        )[0],
        lambda x: tf.image.resize(x, (9, 9)),
        lambda x: tf.image.resize(x, (3, 4), "bicubic"),
        lambda x: tf.image.resize(x, (3, 4), antialias=True),
        lambda x: tf.nn.avg_pool3d(tf.reshape(x, (1, 4, 6, 6, 2)), 3, 2, "SAME"),
        lambda x: tf.nn.avg_pool3d(tf.reshape(x, (1, 4, 6, 6, 2)), (1, 2, 3), (1, 2, 1), "VALID"),
        lambda x: tf.abs(tf.signal.rfft(x)),
        lambda x: tf.math.real(tf.signal.fft2d(tf.cast(x, tf.complex64) * 2j)),
        lambda x: tf.nn.max_pool3d(tf.reshape(x, (1, 4, 6, 6, 2)), 3, 2, "SAME"),
        lambda x: tf.nn.max_pool3d(tf.reshape(x, (1, 4, 6, 6, 2)), (1, 2, 3), (1, 2, 1), "VALID"),
    ],
    ids=[
        "batch_norm",
        "bilinear",
        "bicubic",
        "antialiased",
        "average_same",
        "average_valid",
        "rfft",
        "fft2d",
        "pool_same",
        "pool_valid",
    ],
)
def test_operations_without_float64_give_the_same_values(function):
    (found,) = replayed(function, X)
    expected = function(tf.constant(X, tf.float32)).numpy()
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_resizing_keeps_the_range_of_float64():
    (found,) = replayed(lambda x: tf.image.resize(x, (9, 9)), X * 1e200)
    assert np.isfinite(found).all() and found.max() > 1e200


def test_rules_replace_operations():
    rules = {"Tanh": lambda node, inputs: inputs[0] + len(node.name)}
    assert replayed(lambda x: tf.tanh(x, name="it"), np.ones(1), rules=rules)[0][0] == 3


def test_an_operation_without_float64_is_named():
    with pytest.raises(ValueError, match=r"exist in float64: its operation 'here' \(LRN\)"):
        replayed(lambda x: tf.nn.local_response_normalization(x, name="here"), X)
