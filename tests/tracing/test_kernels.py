import pytest
import tensorflow as tf

from tfticket.tracing.kernels import require_kernels


def traced(function, dtype):
    specs = [tf.TensorSpec((1, 4, 4, 4, 2), dtype)]
    return tf.function(function, autograph=False).get_concrete_function(*specs).graph


def test_what_has_no_kernel_for_its_type_is_named():
    def pooled(x):
        return tf.nn.avg_pool3d(x, 2, 2, "VALID", name="here") + 1

    require_kernels(traced(pooled, tf.float32))
    with pytest.raises(ValueError, match=r"no kernel for 'here' \(AvgPool3D\) with float64"):
        require_kernels(traced(pooled, tf.float64))


def test_calls_of_functions_are_no_operations_of_a_type():
    inner = tf.function(lambda x: x * 2)
    require_kernels(traced(inner, tf.float64))
