import numpy as np
import pytest

from tfticket import weights
from tfticket.errors import MismatchError
from tfticket.weights import Filter, prunable_weights, read, read_all, variables


def everything(keras):
    """One model with every kind of kernel, nested and wrapped."""
    layers = keras.layers
    image = layers.Input((8, 8, 2), name="image")
    x = layers.Conv2D(4, 3, name="conv")(image)
    x = layers.DepthwiseConv2D(2, name="depthwise")(x)
    x = layers.SeparableConv2D(4, 2, name="separable")(x)
    x = layers.BatchNormalization(name="norm")(x)
    x = layers.Conv2DTranspose(3, 2, name="transposed")(x)
    x = layers.Reshape((25, 3))(x)
    x = layers.Conv1D(4, 2, name="conv1")(x)
    x = layers.Bidirectional(layers.GRU(3, return_sequences=True), name="both_ways")(x)
    x = layers.LSTM(4, return_sequences=True, name="memory")(x)
    x = layers.TimeDistributed(layers.Dense(5, name="inner"), name="each")(x)
    x = layers.MultiHeadAttention(2, 3, name="attention")(x, x)
    x = layers.EinsumDense("abc,cd->abd", (None, 4), bias_axes="d", name="einsum")(x)
    block = keras.Sequential(
        [layers.Input((24, 4)), layers.Flatten(), layers.Dense(3, name="fc")], name="block"
    )
    outer = keras.Sequential([block, layers.Dense(2, name="fc")], name="outer")
    return keras.Model(image, outer(x))


KERNELS = [
    "conv/kernel",
    "depthwise/kernel",
    "separable/depthwise_kernel",
    "separable/pointwise_kernel",
    "transposed/kernel",
    "conv1/kernel",
    "both_ways/forward_gru/gru_cell/kernel",
    "both_ways/forward_gru/gru_cell/recurrent_kernel",
    "both_ways/backward_gru/gru_cell/kernel",
    "both_ways/backward_gru/gru_cell/recurrent_kernel",
    "memory/lstm_cell/kernel",
    "memory/lstm_cell/recurrent_kernel",
    "each/inner/kernel",
    "attention/query/kernel",
    "attention/key/kernel",
    "attention/value/kernel",
    "attention/attention_output/kernel",
    "einsum/kernel",
    "outer/block/fc/kernel",
    "outer/fc/kernel",
]


def test_every_kind_of_kernel_is_found_under_the_same_path_in_both_kerases(keras):
    def numberless(path):
        return path.replace("gru_1", "gru").replace("lstm_1", "lstm")

    keras.backend.clear_session()
    assert [numberless(p) for p in prunable_weights(everything(keras)).variables] == KERNELS


def test_every_variable_has_exactly_one_path(keras):
    model = everything(keras)
    found = variables(model)
    assert len(found) == len({id(v) for v in found.values()}) == len(model.variables)


def test_what_is_not_prunable_is_reported_with_its_reason(keras):
    model = everything(keras)
    model.get_layer("conv").trainable = False
    found = prunable_weights(model, Filter(exclude="attention"))
    assert found.skipped["norm/gamma"] == "not a kernel: it is of kind 'normalization'"
    assert found.skipped["einsum/bias"] == "not a kernel: it is of kind 'bias'"
    assert found.skipped["conv/kernel"] == "frozen: its layer is not trainable"
    assert found.skipped["attention/key/kernel"] == "excluded by the caller"
    assert set(found.variables) | set(found.skipped) == set(variables(model))
    assert "frozen" in str(found)


def test_a_frozen_layer_is_prunable_when_asked_for(keras):
    model = everything(keras)
    model.trainable = False
    with pytest.raises(ValueError, match="all were skipped"):
        prunable_weights(model)
    assert len(prunable_weights(model, Filter(frozen=True)).variables) == len(KERNELS)


@pytest.mark.parametrize(
    ("include", "expected"),
    [
        ("^outer/", ["outer/block/fc/kernel", "outer/fc/kernel"]),
        (["einsum", "^conv/"], ["conv/kernel", "einsum/kernel"]),
        (lambda path: path.endswith("pointwise_kernel"), ["separable/pointwise_kernel"]),
    ],
)
def test_include_takes_a_regex_a_list_or_a_callable(keras, include, expected):
    assert list(prunable_weights(everything(keras), include).variables) == expected


@pytest.mark.parametrize("prunable", ["cnov", Filter(exclude="cnov"), ["conv", "cnov"]])
def test_a_pattern_that_matches_nothing_is_an_error(keras, prunable):
    with pytest.raises(ValueError, match="'cnov' matches none of"):
        prunable_weights(everything(keras), prunable)


def test_biases_and_embeddings_are_prunable_only_when_asked_for(keras):
    layers = keras.layers
    model = keras.Sequential(
        [layers.Input((3,)), layers.Embedding(9, 4, name="words"), layers.Dense(2, name="fc")]
    )
    assert list(prunable_weights(model).variables) == ["fc/kernel"]
    kinds = ("kernel", "bias", "embedding")
    found = prunable_weights(model, Filter(kinds=kinds)).variables
    assert list(found) == ["words/embeddings", "fc/kernel", "fc/bias"]
    with pytest.raises(ValueError, match="`kinds` must be a tuple"):
        Filter(kinds=("kernels",))


def test_shared_layers_and_shared_weights_are_counted_once(keras):
    layers = keras.layers
    left, right = layers.Input((3,)), layers.Input((3,))
    shared = layers.Dense(4, name="shared")
    model = keras.Model([left, right], layers.Add()([shared(left), shared(right)]))
    assert list(prunable_weights(model).variables) == ["shared/kernel"]


def test_a_subclassed_model_is_walked_once_built_and_refused_before(keras):
    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.stem = keras.layers.Dense(3, name="stem")
            self.blocks = [keras.layers.Dense(3, name=f"block_{i}") for i in range(2)]

        def call(self, x):
            x = self.stem(x)
            for block in self.blocks:
                x = block(x)
            return x

    model = Net()
    with pytest.raises(ValueError, match="`model` must be built"):
        prunable_weights(model)
    model(np.zeros((1, 2), np.float32))
    assert list(prunable_weights(model).variables) == [
        "stem/kernel",
        "block_0/kernel",
        "block_1/kernel",
    ]


def test_a_custom_layer_owns_a_kernel_or_says_which_weights_are_prunable(keras):
    class Owner(keras.layers.Layer):
        def build(self, shape):
            self.kernel = self.add_weight(name="weird", shape=(shape[-1], 2))
            self.table = self.add_weight(name="table", shape=(2, 2))

        def call(self, x):
            return (x @ self.kernel) @ self.table

    class Teller(Owner):
        def get_prunable_weights(self):
            return [self.table]

    x = keras.layers.Input((3,))
    model = keras.Model(x, Teller(name="teller")(Owner(name="owner")(x)))
    found = prunable_weights(model).variables
    assert list(found) == ["owner/weird", "teller/weird", "teller/table"]


def test_reading_copies_and_writing_restores(keras):
    model = everything(keras)
    before = read_all(model)
    weights.write(model, {p: np.zeros_like(w) for p, w in read(model).items()})
    assert all((w == 0).all() for w in read(model).values())
    weights.write(model, before)
    assert all(np.array_equal(before[p], w) for p, w in read_all(model).items())


def test_writing_a_wrong_shape_changes_nothing(keras):
    model = everything(keras)
    before = read_all(model)
    with pytest.raises(MismatchError, match=r"outer/fc/kernel: \(1, 1\) for \(3, 2\)"):
        weights.write(model, {"conv/kernel": before["conv/kernel"] * 0, "outer/fc/kernel": [[1.0]]})
    assert np.array_equal(read(model)["conv/kernel"], before["conv/kernel"])


@pytest.mark.parametrize(
    ("pattern", "error"), [(3, TypeError), (["a", 3], TypeError), ("(", ValueError)]
)
def test_what_is_no_pattern_is_refused_before_any_model_is_met(pattern, error):
    with pytest.raises(error, match="`exclude` must hold regular expressions"):
        Filter(exclude=pattern)
