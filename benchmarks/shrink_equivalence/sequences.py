"""Small networks for sequences: attention and recurrence, for either Keras.

Each entry of `NETWORKS` takes a Keras and returns a model.
"""

from __future__ import annotations


def _classified(k, inputs, x, units=3):
    return k.Model(inputs, k.layers.Dense(units, name="logits")(x))


def encoder_block(k, x, size, heads, name, norm):
    y = k.layers.MultiHeadAttention(heads, 3, name=f"{name}_attention")(x, x)
    x = norm(f"{name}_norm_1")(k.layers.Add(name=f"{name}_add_1")([x, y]))
    y = k.layers.Dense(2 * size, "gelu", name=f"{name}_up")(x)
    y = k.layers.Dense(size, name=f"{name}_down")(y)
    return norm(f"{name}_norm_2")(k.layers.Add(name=f"{name}_add_2")([x, y]))


def attention(k):
    tokens = k.layers.Input((7, 5), name="tokens")

    def norm(name):
        return k.layers.BatchNormalization(name=name)

    x = k.layers.Dense(8, name="embed")(tokens)
    x = encoder_block(k, x, 8, 4, "one", norm)
    return _classified(k, tokens, k.layers.GlobalAveragePooling1D(name="pool")(x))


def transformer(k):
    tokens = k.layers.Input((7,), dtype="int32", name="tokens")

    def norm(name):
        return k.layers.LayerNormalization(name=name)

    x = k.layers.Embedding(20, 8, name="embed")(tokens)
    x = encoder_block(k, x, 8, 4, "one", norm)
    x = encoder_block(k, x, 8, 2, "two", norm)
    return _classified(k, tokens, x[:, 0])


def cross_attention(k):
    query = k.layers.Input((5, 4), name="query")
    memory = k.layers.Input((7, 6), name="memory")
    x = k.layers.Dense(6, "relu", name="q")(query)
    y = k.layers.Dense(8, "relu", name="m")(memory)
    layer = k.layers.MultiHeadAttention(4, 3, value_dim=2, output_shape=7, name="cross")
    x = k.layers.Dense(4, "relu", name="after")(layer(x, y))
    return _classified(k, [query, memory], k.layers.Flatten(name="flatten")(x))


def gru(k):
    tokens = k.layers.Input((9,), dtype="int32", name="tokens")
    x = k.layers.Embedding(12, 6, name="embed")(tokens)
    x = k.layers.GRU(8, return_sequences=True, name="gru_1")(x)
    x = k.layers.GRU(6, reset_after=False, name="gru_2")(x)
    return _classified(k, tokens, x)


def lstm(k):
    series = k.layers.Input((6, 3), name="series")
    x = k.layers.LSTM(8, return_sequences=True, name="lstm_1")(series)
    y = k.layers.LSTM(8, return_sequences=True, name="lstm_2")(x)
    x = k.layers.Add(name="add")([x, y])
    x = k.layers.SimpleRNN(5, name="simple")(x)
    return _classified(k, series, k.layers.Dense(4, "tanh", name="dense")(x))


def masked_steps(k):
    series = k.layers.Input((6, 3), name="series")
    x = k.layers.Masking(name="masking")(series)
    x = k.layers.LSTM(6, return_sequences=True, name="lstm")(x)
    x = k.layers.Dense(5, "tanh", name="dense")(x)
    return _classified(k, series, k.layers.GRU(4, name="gru")(x))


def bidirectional(k):
    series = k.layers.Input((6, 3), name="series")
    x = k.layers.Bidirectional(k.layers.LSTM(6, return_sequences=True), name="first")(series)
    x = k.layers.TimeDistributed(k.layers.Dense(5, "relu"), name="each")(x)
    x = k.layers.Bidirectional(k.layers.GRU(4), merge_mode="sum", name="second")(x)
    return _classified(k, series, x)


def encoder_decoder(k):
    source = k.layers.Input((6, 3), name="source")
    target = k.layers.Input((5, 3), name="target")
    _, *states = k.layers.LSTM(6, return_state=True, name="encoder")(source)
    x = k.layers.LSTM(6, return_sequences=True, name="decoder")(target, initial_state=states)
    return _classified(k, [source, target], x)


def einsum(k):
    tokens = k.layers.Input((5, 4), name="tokens")
    layer = k.layers.EinsumDense("abc,cd->abd", output_shape=(5, 6), bias_axes="d", name="e")
    x = k.layers.Activation("relu", name="relu")(layer(tokens))
    x = k.layers.EinsumDense("...c,cd->...d", output_shape=5, bias_axes="d", name="f")(x)
    x = k.layers.EinsumDense("abc,cde->abde", output_shape=(5, 2, 3), name="mixed")(x)
    return _classified(k, tokens, k.layers.Flatten(name="flatten")(x))


NETWORKS = {
    f.__name__: f
    for f in (
        attention,
        transformer,
        cross_attention,
        gru,
        lstm,
        masked_steps,
        bidirectional,
        encoder_decoder,
        einsum,
    )
}
