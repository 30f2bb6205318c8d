"""Networks as people bring them, each with a batch: recurrent, attention, several inputs, …

Each entry of `NETWORKS` takes a Keras and returns `(model, inputs, targets)`.
"""

from __future__ import annotations

import numpy as np


def _floats(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def _tokens(*shape):
    return np.random.default_rng(0).integers(0, 20, shape).astype("int32")


def _classified(k, inputs, x):
    return k.Model(inputs, k.layers.Dense(3, activation="softmax", name="output")(x))


def _labels():
    return np.array([0, 2, 1, 0], "int32")


def lstm(k):
    tokens = k.layers.Input((7,), dtype="int32", name="tokens")
    x = k.layers.Embedding(20, 8, name="embedding")(tokens)
    x = k.layers.LSTM(12, return_sequences=True, name="lstm_1")(x)
    x = k.layers.LSTM(10, name="lstm_2")(x)
    return _classified(k, tokens, x), _tokens(4, 7), _labels()


def gru(k):
    series = k.layers.Input((9, 3), name="series")
    return _classified(k, series, k.layers.GRU(16, name="gru")(series)), _floats(4, 9, 3), _labels()


def bidirectional(k):
    tokens = k.layers.Input((7,), dtype="int32", name="tokens")
    x = k.layers.Embedding(20, 8, name="embedding")(tokens)
    x = k.layers.Bidirectional(k.layers.LSTM(6, name="lstm"), name="both_ways")(x)
    return _classified(k, tokens, x), _tokens(4, 7), _labels()


def time_distributed(k):
    frames = k.layers.Input((5, 8, 8, 1), name="frames")
    conv = k.layers.Conv2D(4, 3, activation="relu", name="conv")
    x = k.layers.TimeDistributed(conv, name="each_frame")(frames)
    x = k.layers.Flatten(name="flatten")(x)
    return _classified(k, frames, x), _floats(4, 5, 8, 8, 1), _labels()


def transformer(k):
    tokens = k.layers.Input((7,), dtype="int32", name="tokens")
    x = k.layers.Embedding(20, 16, name="embedding")(tokens)
    for block in ("one", "two"):
        y = k.layers.MultiHeadAttention(4, 4, name=f"{block}_attention")(x, x)
        y = k.layers.Dropout(0.1, name=f"{block}_dropout")(y)
        x = k.layers.LayerNormalization(name=f"{block}_norm_1")(x + y)
        y = k.layers.Dense(32, activation="gelu", name=f"{block}_up")(x)
        y = k.layers.Dense(16, name=f"{block}_down")(y)
        x = k.layers.LayerNormalization(name=f"{block}_norm_2")(x + y)
    x = k.layers.GlobalAveragePooling1D(name="average")(x)
    return _classified(k, tokens, x), _tokens(4, 7), _labels()


def multi_input(k):
    image = k.layers.Input((8, 8, 1), name="image")
    table = k.layers.Input((5,), name="table")
    x = k.layers.Conv2D(6, 3, activation="relu", name="conv")(image)
    x = k.layers.GlobalMaxPooling2D(name="pool")(x)
    y = k.layers.Dense(6, activation="relu", name="dense")(table)
    joined = k.layers.Concatenate(name="joined")([x, y])
    inputs = {"image": _floats(4, 8, 8, 1), "table": _floats(4, 5)}
    return _classified(k, {"image": image, "table": table}, joined), inputs, _labels()


def multi_output(k):
    table = k.layers.Input((5,), name="table")
    x = k.layers.Dense(12, activation="relu", name="shared")(table)
    kind = k.layers.Dense(3, activation="softmax", name="kind")(x)
    size = k.layers.Dense(1, name="size")(x)
    model = k.Model(table, {"kind": kind, "size": size})
    losses = {"kind": "sparse_categorical_crossentropy", "size": "mse"}
    model.compile(k.optimizers.SGD(0.1), losses)
    return model, _floats(4, 5), {"kind": _labels(), "size": _floats(4, 1)}


def with_lambda(k):
    table = k.layers.Input((6,), name="table")
    x = k.layers.Dense(8, name="dense")(table)
    x = k.layers.Lambda(lambda t: t * 2.0, name="double")(x)
    return _classified(k, table, x), _floats(4, 6), _labels()


def subclassed(k):
    class Network(k.Model):
        def __init__(self, **options):
            super().__init__(**options)
            self.hidden = k.layers.Dense(16, activation="relu", name="hidden")
            self.norm = k.layers.BatchNormalization(name="norm")
            self.final = k.layers.Dense(3, activation="softmax", name="output")

        def call(self, inputs, training=None):
            return self.final(self.norm(self.hidden(inputs), training=training))

    model, inputs = Network(name="network"), _floats(4, 6)
    model(inputs)
    return model, inputs, _labels()


def nested(k):
    inner = k.Sequential(
        [
            k.layers.Input((6,), name="inner_table"),
            k.layers.Dense(8, activation="relu", name="inner_1"),
            k.layers.Dense(8, name="inner_2"),
        ],
        name="inner",
    )
    table = k.layers.Input((6,), name="table")
    return _classified(k, table, inner(table)), _floats(4, 6), _labels()


def shared(k):
    left, right = (k.layers.Input((6,), name=n) for n in ("left", "right"))
    dense = k.layers.Dense(8, activation="relu", name="shared")
    joined = k.layers.Concatenate(name="joined")([dense(left), dense(right)])
    return _classified(k, [left, right], joined), [_floats(4, 6), _floats(4, 6)], _labels()


def preprocessing(k):
    """Layers that tfmot has no entry for, or a wrong one."""
    image = k.layers.Input((8, 8, 1), name="image")
    x = k.layers.Rescaling(1 / 255, name="rescaled")(image)
    x = k.layers.SeparableConv2D(6, 3, name="separable")(x)
    x = k.layers.GroupNormalization(groups=2, name="group_norm")(x)
    x = k.layers.UnitNormalization(name="unit_norm")(x)
    x = k.layers.GlobalAveragePooling2D(name="average")(x)
    return _classified(k, image, x), _floats(4, 8, 8, 1), _labels()


def conv_lstm(k):
    frames = k.layers.Input((3, 8, 8, 1), name="frames")
    x = k.layers.ConvLSTM2D(4, 3, name="conv_lstm")(frames)
    x = k.layers.Flatten(name="flatten")(x)
    return _classified(k, frames, x), _floats(4, 3, 8, 8, 1), _labels()


NETWORKS = {
    f.__name__: f
    for f in (
        *(lstm, gru, bidirectional, time_distributed, conv_lstm, transformer),
        *(multi_input, multi_output, with_lambda, subclassed, nested, shared, preprocessing),
    )
}
