import numpy as np

from tfticket.zoo.scaling import by_max_abs, standardized, unit_range
from tfticket.zoo.splits import Split


def test_bytes_become_floats_between_0_and_1():
    scaled = unit_range(Split(np.array([[0, 51, 255]], np.uint8), np.array([1])))
    assert scaled.x.dtype == np.float32
    np.testing.assert_array_equal(scaled.x, np.array([[0, 0.2, 1]], np.float32))


def test_inputs_that_are_no_bytes_keep_their_values():
    scaled = unit_range(Split(np.array([[-3.0, 300.0]]), np.array([1])))
    np.testing.assert_array_equal(scaled.x, np.array([[-3, 300]], np.float32))


def test_each_channel_gets_mean_0_and_deviation_1_on_train():
    x = np.array([[[0.0, 10.0]], [[2.0, 30.0]]], np.float32)
    shift = np.array([4, 0], np.float32)
    scale = standardized(Split(x, np.zeros(2)))
    np.testing.assert_allclose(scale(Split(x, np.zeros(2))).x, [[[-1, -1]], [[1, 1]]])
    np.testing.assert_allclose(scale(Split(x + shift, np.zeros(2))).x, [[[3, -1]], [[5, 1]]])


def test_a_channel_that_never_varies_is_only_shifted():
    split = Split(np.full((3, 1), 7.0, np.float32), np.zeros(3))
    np.testing.assert_array_equal(standardized(split)(split).x, np.zeros((3, 1)))


def test_columns_and_target_are_divided_by_the_training_maximum():
    train = Split(np.array([[1.0, -4.0], [-2.0, 2.0]]), np.array([[5.0], [-10.0]]))
    scaled = by_max_abs(train)(Split(np.array([[2.0, 8.0]]), np.array([[20.0]])))
    np.testing.assert_array_equal(scaled.x, [[1.0, 2.0]])
    np.testing.assert_array_equal(scaled.y, [[2.0]])
