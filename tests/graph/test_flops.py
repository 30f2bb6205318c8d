import numpy as np

from tfticket.graph import flops


def test_every_kernel_counts_twice_per_position(keras):
    k = keras
    model = k.Sequential(
        [
            k.layers.Input((8, 8, 3)),
            k.layers.Conv2D(4, 3, padding="same", name="conv"),
            k.layers.BatchNormalization(name="bn"),
            k.layers.DepthwiseConv2D(3, name="depthwise"),
            k.layers.SeparableConv2D(5, 3, name="separable"),
            k.layers.Conv2DTranspose(2, 2, strides=2, name="transposed"),
            k.layers.Flatten(name="flatten"),
            k.layers.Dense(10, name="dense"),
        ]
    )
    found = flops(model)
    assert found.dense == {
        "conv": 2 * 9 * 3 * 4 * 64,
        "depthwise": 2 * 9 * 4 * 36,
        "separable": 2 * (9 * 4 + 4 * 5) * 16,
        "transposed": 2 * 4 * 5 * 2 * 16,
        "dense": 2 * 8 * 8 * 2 * 10,
    }
    assert found.total == sum(found.dense.values())
    assert found.uncounted == ()


def test_recurrent_layers_count_every_step_and_attention_its_products(keras):
    k = keras
    series = k.layers.Input((7, 3), name="series")
    x = k.layers.LSTM(4, return_sequences=True, name="lstm")(series)
    x = k.layers.MultiHeadAttention(2, 5, name="attention")(x, x)
    x = k.layers.TimeDistributed(k.layers.Dense(6, name="inner"), name="each")(x)
    found = flops(k.Model(series, x)).dense
    lstm, each = (sum(n for p, n in found.items() if p.startswith(q)) for q in ("lstm", "each"))
    assert lstm == 2 * 7 * (3 + 4) * 16
    assert each == 2 * 7 * 4 * 6
    assert found["attention"] == 2 * (2 * 7 * 7 * (5 + 5))
    assert found["attention/query"] == 2 * 7 * 4 * 10


def test_masked_weights_cost_nothing_effectively(keras):
    model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(5, name="dense")])
    mask = np.zeros((4, 5), bool)
    mask[0] = True
    found = flops(model, {"dense/kernel": mask})
    assert (found.total, found.effective_total) == (40, 10)


def test_a_shared_layer_counts_every_call(keras):
    inputs = keras.layers.Input((4,), name="inputs")
    shared = keras.layers.Dense(4, name="shared")
    assert flops(keras.Model(inputs, shared(shared(inputs)))).total == 2 * 2 * 16


def test_work_that_is_not_known_is_named(keras):
    class Own(keras.layers.Dense):
        pass

    model = keras.Sequential([keras.layers.Input((4,)), Own(5, name="own")])
    assert flops(model).uncounted == ("own",)
