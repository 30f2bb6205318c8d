import numpy as np
import pytest

from tfticket.layouts import Layout, layout_of_rank, layouts


@pytest.fixture
def model(keras):
    layers = keras.layers
    image = layers.Input((8, 8, 4), name="image")
    x = layers.Conv2D(6, 3, padding="same", name="conv")(image)
    x = layers.DepthwiseConv2D(3, depth_multiplier=2, name="depthwise")(x)
    x = layers.SeparableConv2D(5, 3, name="separable")(x)
    x = layers.Conv2DTranspose(7, 3, name="transposed")(x)
    x = layers.Reshape((-1, 7))(x)
    x = layers.MultiHeadAttention(2, 3, name="attention")(x, x)
    x = layers.GRU(4, name="gru")(x)
    return keras.Model(image, layers.Dense(3, name="dense")(x))


def test_every_layer_says_which_axes_are_inputs_and_outputs(model):
    from tfticket.weights import prunable_weights

    found = prunable_weights(model).variables
    known = layouts(model, found)
    sizes = {p: known[p].split(np.zeros(tuple(v.shape))).shape for p, v in found.items()}
    assert sizes["conv/kernel"] == (9, 4, 6)
    assert sizes["depthwise/kernel"] == (9, 1, 12)  # two channels for each of six inputs
    assert sizes["separable/depthwise_kernel"] == (9, 1, 12)
    assert sizes["separable/pointwise_kernel"] == (1, 12, 5)
    assert sizes["transposed/kernel"] == (9, 5, 7)
    assert sizes["attention/query/kernel"] == (1, 7, 6)  # 2 heads of 3
    assert sizes["attention/attention_output/kernel"] == (1, 6, 7)
    assert sizes["gru/gru_cell/recurrent_kernel"] == (1, 4, 12)
    assert sizes["dense/kernel"] == (1, 4, 3)


@pytest.mark.parametrize(
    ("layout", "shape"),
    [
        (Layout(), (3, 4)),
        (Layout(), (2, 3, 4, 5)),
        (Layout((-1,), (-2,)), (2, 3, 4, 5)),
        (Layout((), (-2, -1)), (2, 3, 4, 5)),
        (Layout((-3,), (-2, -1)), (4, 2, 3)),
        (layout_of_rank(1), (6,)),
    ],
)
def test_joining_undoes_splitting(layout, shape):
    array = np.arange(np.prod(shape)).reshape(shape)
    assert np.array_equal(layout.join(layout.split(array), shape), array)
