"""What kernels multiply: read from the file, or from shapes that it had when it ran."""

import numpy as np
import pytest
import tensorflow as tf

from tfticket.export import encode
from tfticket.litert.drawn import tensor_shapes
from tfticket.tflite import flatbuffer
from tfticket.tflite.arithmetic import multiply_adds
from tfticket.tflite.file import File


def written(function, *specs):
    """A file of a function."""
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [tf.function(function).get_concrete_function(*specs)]
    )
    return converter.convert()


@pytest.fixture(scope="module")
def open_sides():
    """A convolution whose image may have any sides."""
    kernel = np.ones((3, 3, 2, 5), np.float32)
    kernel[..., 0] = 0
    spec = tf.TensorSpec((None, None, None, 2), tf.float32)
    return written(lambda x: tf.nn.conv2d(x, kernel, 1, "SAME"), spec)


def test_what_depends_on_the_input_is_unknown_until_it_runs(open_sides, tmp_path):
    assert multiply_adds(File(open_sides)) is None
    path = tmp_path / "open.tflite"
    path.write_bytes(open_sides)
    shapes = tensor_shapes(path, {"": (1, 6, 7, 2)})
    size = 6 * 7 * 3 * 3 * 2
    assert multiply_adds(File(open_sides), shapes) == (size * 5, size * 4)


def test_what_runs_nobody_knows_how_often_is_unknown():
    kernel = np.ones((4, 4), np.float32)

    def function(x, times):
        return tf.while_loop(
            lambda i, _: i < times, lambda i, y: (i + 1, tf.matmul(y, kernel)), (0, x)
        )[1]

    file = File(written(function, tf.TensorSpec((1, 4)), tf.TensorSpec((), tf.int32)))
    assert any(o.subgraph and o.name == "FULLY_CONNECTED" for o in file.operators)
    assert multiply_adds(file) is None


def test_multiply_adds_are_counted_with_and_without_zeros(converted, zeroed):
    total = 784 * 300 + 300 * 100 + 100 * 10
    dense = zeroed(converted("lenet"), 0.9)
    assert multiply_adds(File(dense)) == (total, total // 10)
    assert multiply_adds(File(encode(dense, encoding="storage")[0])) == (total, total // 10)
    assert multiply_adds(File(encode(zeroed(dense, 0.97), encoding="compute")[0]))[0] == total


def test_a_kernel_is_multiplied_at_every_position_of_an_image(converted):
    convolved = 10 * 10 * (3 * 3 * 8 * 24) + 8 * 8 * (3 * 3 * 24)
    dense = 8 * 8 * 24 * 40 + 40 * 10
    assert multiply_adds(File(converted("conv"))) == (convolved + dense,) * 2
    transposed = 5 * 5 * (3 * 3 * 8 * 16) + 7 * 7 * 16 * 20
    assert multiply_adds(File(converted("transposed"))) == (transposed,) * 2


def test_integers_are_counted_in_the_same_way(converted):
    model = flatbuffer.read(converted("conv", "int8"))
    kept = sum(
        int(np.count_nonzero(flatbuffer.stored_values(model, t)))
        for t in model.subgraphs[0].tensors
        if flatbuffer.shape(t) == (10, 40)
    )
    total, effective = multiply_adds(File(converted("conv", "int8")))
    assert total == multiply_adds(File(converted("conv")))[0]
    assert total - 400 + kept >= effective > 0.9 * total
