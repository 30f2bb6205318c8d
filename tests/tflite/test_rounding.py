import numpy as np
import pytest

from tfticket.errors import ExportError
from tfticket.tflite import flatbuffer
from tfticket.tflite.file import File
from tfticket.tflite.rounding import rounding


def changed(blob, edit):
    """The same file after `edit(tensor, buffer)` of its first Dense weight."""
    model = flatbuffer.read(blob)
    tensor = next(t for t in model.subgraphs[0].tensors if flatbuffer.shape(t) == (70, 90))
    buffer = model.buffers[tensor.buffer]
    buffer.data = buffer.data.copy()
    edit(tensor, buffer)
    return File(flatbuffer.write(model))


@pytest.mark.parametrize("weights", ["float16", "dynamic", "int8"])
@pytest.mark.parametrize("name", ["odd", "conv", "transposed", "shared"])
def test_the_converter_rounds_to_nearest_and_keeps_zeros(converted, name, weights):
    found = rounding(File(converted(name)), File(converted(name, weights)))
    expected = {"odd": 2, "conv": 4, "transposed": 2, "shared": 2}
    assert found.num_weights == expected[name]
    assert found.zeros_after >= found.zeros_before == 0


def test_a_zero_point_of_weights_is_an_error(converted):
    def shift(tensor, buffer):
        tensor.quantization.zeroPoint = tensor.quantization.zeroPoint + 3

    with pytest.raises(ExportError, match="zero point other than 0"):
        rounding(File(converted("odd")), changed(converted("odd", "int8"), shift))


def test_inputs_that_were_dropped_are_an_error(converted):
    def drop_the_tail(tensor, buffer):
        buffer.data.view(np.int8).reshape(70, 90)[:, 80:] = 0

    with pytest.raises(ExportError, match="converted to other values"):
        rounding(File(converted("odd")), changed(converted("odd", "int8"), drop_the_tail))


def test_an_overflow_to_infinity_is_an_error(converted):
    def overflow(tensor, buffer):
        buffer.data.view(np.float16)[7] = np.inf

    with pytest.raises(ExportError, match="converted to other values: inf"):
        rounding(File(converted("odd")), changed(converted("odd", "float16"), overflow))


def test_a_zero_that_became_a_number_is_an_error(converted):
    def prune(tensor, buffer):
        buffer.data[:] = 0

    with pytest.raises(ExportError, match=r"lost zeros|other values"):
        rounding(changed(converted("odd"), prune), File(converted("odd", "int8")))
