"""Room for activations, planned by hand and as the runtime of microcontrollers measured it."""

import pytest

from tfticket.tflite.file import File
from tfticket.tflite.memory_plan import Lifetime, activation_bytes, planned_bytes


@pytest.mark.parametrize(
    ("buffers", "expected"),
    [
        ([], 0),
        ([(16, 0, 0)], 16),
        ([(16, 0, 1), (32, 1, 2), (16, 2, 3)], 48),  # the third lies where the first was
        ([(16, 0, 3), (32, 1, 2), (16, 2, 3)], 64),
        ([(48, 0, 0), (32, 1, 1), (64, 2, 2)], 64),  # one after the other
        ([(64, 0, 1), (16, 0, 4), (32, 3, 4)], 80),  # into the gap that the first leaves
    ],
)
def test_each_buffer_goes_into_the_first_gap(buffers, expected):
    assert planned_bytes([Lifetime(*buffer) for buffer in buffers]) == expected


#: Head of the arena, as `print_allocations` of tflite-micro 0.dev20261023182759 said it.
@pytest.mark.parametrize(
    ("name", "measured"),
    [
        ("vgg_small_mnist_micro/model_int8", 7_056),
        ("vgg_small_mnist_slim/model", 43_904),
    ],
)
def test_networks_that_lie_ready_take_what_the_runtime_measured(root, name, measured):
    file = File.read(root / "saved_models" / f"{name}.tflite")
    assert activation_bytes(file.subgraphs[0]) == measured


def test_dense_networks_take_what_the_runtime_measured(converted):
    """784 floats, 300, 100 and 10: at most two of them at a time, in sixteens."""
    assert activation_bytes(File(converted("lenet")).subgraphs[0]) == 4 * (784 + 300)
