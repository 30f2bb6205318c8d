"""Kinds of layers, blocks, n:m and policies: what tfmot refuses, loses or prunes by mistake."""

import warnings

import numpy as np
import pytest

from tfticket import tfmot_bridge
from tfticket._tfmot import tfmot
from tfticket.callbacks import UpdatePruningStep
from tfticket.schedules import Constant, OneShot, Polynomial
from tfticket.tfmot_bridge import prune_low_magnitude, strip_pruning
from tfticket.weights import read_all

HALF = OneShot(0.5, begin_step=0)


def fit(model, steps=2):
    shapes = [tuple(i.shape) for i in model.inputs]
    rng = np.random.default_rng(0)
    x = [rng.random((2 * steps, *s[1:])).astype(np.float32) for s in shapes]
    y = np.zeros((2 * steps, *tuple(model.outputs[0].shape)[1:]), np.float32)
    model.compile("sgd", "mse")
    model.fit(
        x if len(x) > 1 else x[0], y, batch_size=2, verbose=0, callbacks=[UpdatePruningStep()]
    )
    return model


def sparsities(model):
    return {p: float(np.mean(w == 0)) for p, w in read_all(model).items()}


def pruned(model, schedule=HALF, **settings):
    return fit(prune_low_magnitude(model, schedule, **settings))


def dense_model(keras, inputs=8, outputs=4):
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.layers.Input((inputs,)), keras.layers.Dense(outputs, name="d")])


def test_layers_that_tfmot_does_not_know_are_pruned_or_passed_by(keras):
    layers = keras.layers
    model = keras.Sequential(
        [
            layers.Input((4, 8, 8, 1)),
            layers.Rescaling(0.5),
            layers.ConvLSTM2D(2, 3, name="conv_lstm"),
            layers.GroupNormalization(2, name="norm"),
            layers.Reshape((6, 12)),
            layers.Bidirectional(layers.LSTM(3), name="both"),
            layers.Identity(),
            layers.Dense(2, name="output"),
        ]
    )
    found = sparsities(pruned(model))
    kernels = {p: s for p, s in found.items() if p.endswith("kernel")}
    assert len(kernels) == 7
    assert set(kernels.values()) == {0.5}
    assert found["norm/gamma"] == 0


def test_attention_and_embeddings_are_pruned_as_in_tfmot(keras):
    layers = keras.layers
    given = keras.Input((6,))
    x = layers.Embedding(10, 4, name="words")(given)
    x = layers.MultiHeadAttention(2, 2, name="mha")(x, x)
    model = keras.Model(given, layers.Dense(1, name="out")(layers.Flatten()(x)))
    found = sparsities(pruned(model))
    wanted = {p for p in found if p.endswith("kernel")} | {"words/embeddings"}
    assert len(wanted) == 6
    assert {p for p, s in found.items() if s == 0.5} >= wanted


def test_a_depthwise_kernel_stays_dense_and_that_is_said(keras):
    layers = keras.layers
    model = keras.Sequential(
        [
            layers.Input((6, 6, 2)),
            layers.DepthwiseConv2D(3, name="depth"),
            layers.SeparableConv2D(4, 2, name="separable"),
        ]
    )
    made = prune_low_magnitude(model, HALF)
    left = tfmot_bridge.prunable(made).skipped
    assert "depthwise" in left["depth/kernel"] and "depthwise" in left["separable/depthwise_kernel"]
    found = sparsities(fit(made))
    assert found["separable/pointwise_kernel"] == 0.5 and found["depth/kernel"] == 0
    with pytest.warns(UserWarning, match="depthwise kernels stay dense"):
        prune_low_magnitude(layers.DepthwiseConv2D(3), HALF)


def test_a_subclassed_model_is_pruned_and_stripped(keras):
    class Own(keras.Model):
        def __init__(self, **options):
            super().__init__(**options)
            self.inner = keras.layers.Dense(4, name="inner")

        def call(self, x):
            return self.inner(x)

        def get_config(self):
            return {}

        @classmethod
        def from_config(cls, config):
            return cls()

    model = Own()
    model(np.ones((2, 4), np.float32))
    made = prune_low_magnitude(model, HALF)
    made(np.ones((2, 4), np.float32))
    made.compile("sgd", "mse")
    made.fit(np.ones((4, 4)), np.ones((4, 4)), verbose=0, callbacks=[UpdatePruningStep()])
    assert sparsities(made)["inner/kernel"] == 0.5
    assert sparsities(model)["inner/kernel"] == 0


def test_a_nested_model_is_pruned_inside(keras):
    inner = dense_model(keras)
    outer = keras.Sequential([keras.layers.Input((8,)), inner, keras.layers.Dense(2, name="out")])
    found = sparsities(pruned(outer))
    assert sorted(s for p, s in found.items() if p.endswith("kernel")) == [0.5, 0.5]
    assert sparsities(inner)["d/kernel"] == 0


def test_what_a_layer_declares_prunable_is_pruned(keras):
    class Own(keras.layers.Layer):
        def build(self, shape):
            self.table = self.add_weight(shape=(shape[-1], 2), name="table")

        def call(self, x):
            return x @ self.table

        def get_prunable_weights(self):
            return [self.table]

    model = keras.Sequential([keras.layers.Input((4,)), Own(name="own")])
    assert sparsities(pruned(model))["own/table"] == 0.5


def test_a_vector_that_a_layer_declares_is_pruned_too(keras):
    class Own(keras.layers.Dense):
        def get_prunable_weights(self):
            return [self.kernel, self.bias]

    own = Own(6, bias_initializer="uniform", name="own")
    model = pruned(keras.Sequential([keras.layers.Input((4,)), own]))
    assert np.count_nonzero(model.get_layer("own").get_weights()[1]) == 3


def test_a_layer_of_ones_own_that_declares_nothing_is_not_passed_over_silently(keras):
    class Own(keras.layers.Layer):
        def build(self, shape):
            self.table = self.add_weight(shape=(shape[-1], 2), name="table")

        def call(self, x):
            return x @ self.table

    own = Own(name="own")
    model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(4), own])
    with pytest.warns(UserWarning, match=r"\['own/table'\](.|\n)*get_prunable_weights"):
        prune_low_magnitude(model, HALF)
    with pytest.raises(ValueError, match=r"\['table'\](.|\n)*get_prunable_weights"):
        prune_low_magnitude(own, HALF)


@pytest.mark.parametrize(("pooling", "kept"), [("AVG", 0), ("MAX", 1)])
def test_blocks_are_pooled_by_average_or_maximum(keras, pooling, kept):
    model = dense_model(keras, 4, 1)
    kernel = np.array([[2], [2], [3], [0.1]], np.float32)
    model.layers[-1].set_weights([kernel, np.zeros(1)])
    made = prune_low_magnitude(model, HALF, block_size=(2, 1), block_pooling_type=pooling)
    made.compile("sgd", "mse")
    callback = UpdatePruningStep()
    made.fit(np.zeros((1, 4)), np.zeros((1, 1)), verbose=0, callbacks=[callback])
    blocks = callback.masks["d/kernel"].reshape(2, 2)
    assert blocks.all(axis=1).tolist() == [kept == 0, kept == 1]


def test_a_block_wider_than_the_matrix_and_blocks_at_the_edge_work(keras):
    made = pruned(dense_model(keras, 10, 3), block_size=(4, 8))
    columns = (read_all(made)["d/kernel"] != 0).any(axis=1)
    assert columns[:4].all() in (True, False)
    for start, end in ((0, 4), (4, 8), (8, 10)):
        assert len(set(columns[start:end].tolist())) == 1
    assert not columns.all()


def test_blocks_of_convolutions_lie_along_inputs_and_outputs(keras):
    model = keras.Sequential(
        [keras.layers.Input((5, 5, 4)), keras.layers.Conv2D(4, 3, name="conv")]
    )
    kernel = read_all(pruned(model, block_size=(2, 2)))["conv/kernel"] == 0
    blocks = kernel.reshape(9, 2, 2, 2, 2).swapaxes(2, 3).reshape(-1, 4)
    assert (blocks.all(axis=1) | ~blocks.any(axis=1)).all()
    assert kernel.mean() == 0.5


def test_m_by_n_follows_the_schedule_and_ends_exactly(keras):
    schedule = Polynomial(0.5, begin_step=0, end_step=4, frequency=1)
    made = prune_low_magnitude(dense_model(keras), schedule, sparsity_m_by_n=(2, 4))
    groups = read_all(fit(made, 4))["d/kernel"].T.reshape(-1, 4)
    assert ((groups == 0).sum(axis=1) == 2).all()


def test_m_by_n_decides_on_the_sparsity_whatever_the_schedule_says(keras):
    made = pruned(dense_model(keras), Constant(0.8, begin_step=0), sparsity_m_by_n=(1, 4))
    assert ((read_all(made)["d/kernel"].T.reshape(-1, 4) == 0).sum(axis=1) == 1).all()


def test_a_last_group_of_m_by_n_counts_what_it_lacks_as_masked(keras):
    made = pruned(dense_model(keras, 7, 3), sparsity_m_by_n=(2, 4))
    zeros = read_all(made)["d/kernel"] == 0
    assert (zeros[:4].sum(axis=0) == 2).all()
    assert (zeros[4:].sum(axis=0) == 1).all()


@pytest.mark.parametrize(
    "settings",
    [
        {"block_size": (2,)},
        {"block_size": (0, 1)},
        {"block_pooling_type": "MIN"},
        {"sparsity_m_by_n": (4, 2)},
        {"sparsity_m_by_n": 2},
        {"sparsity_m_by_n": (2, 4), "block_size": (2, 2)},
    ],
)
def test_settings_out_of_range_are_refused(keras, settings):
    with pytest.raises(ValueError, match="`(block|sparsity)_"):
        prune_low_magnitude(keras.layers.Dense(2), **settings)


def pointwise_model(keras):
    layers = keras.layers
    given = keras.Input((8, 8, 3))
    x = layers.ZeroPadding2D(1)(given)
    x = layers.Conv2D(4, 3, strides=2, padding="valid", name="first")(x)
    x = layers.Conv2D(4, 1, name="pointwise")(x)
    return keras.Model(given, layers.GlobalAveragePooling2D()(x))


@pytest.mark.filterwarnings("ignore:PruneForLatencyOnXNNPack")
def test_tfmots_policy_for_xnnpack_is_followed(keras):
    policy = tfmot().sparsity.keras.PruneForLatencyOnXNNPack()
    found = sparsities(pruned(pointwise_model(keras), pruning_policy=policy))
    assert found["pointwise/kernel"] == 0.5 and found["first/kernel"] == 0


def test_any_object_that_allows_pruning_is_a_policy(keras):
    class Policy:
        def allow_pruning(self, layer):
            return layer.name == "first"

    found = sparsities(pruned(pointwise_model(keras), pruning_policy=Policy()))
    assert found["pointwise/kernel"] == 0 and found["first/kernel"] == 0.5
    with pytest.raises(TypeError, match="allow_pruning"):
        prune_low_magnitude(dense_model(keras), HALF, pruning_policy="all")


def test_a_policy_that_leaves_nothing_is_told_of(keras):
    class Nothing:
        def allow_pruning(self, layer):
            return False

    with pytest.warns(UserWarning, match="every weight is left out"):
        prune_low_magnitude(dense_model(keras), HALF, pruning_policy=Nothing())


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras' own
def test_a_recurrent_model_can_be_saved_after_pruning(keras, tmp_path):
    model = keras.Sequential([keras.layers.Input((3, 4)), keras.layers.LSTM(5, name="lstm")])
    stripped = strip_pruning(pruned(model))
    stripped.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert sparsities(loaded)["lstm/lstm_cell/kernel"] == 0.5


def test_the_shape_of_a_first_layers_inputs_is_kept(keras):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras 3 would have an Input instead
        first = prune_low_magnitude(keras.layers.Dense(3, input_shape=(4,)), HALF)
    assert keras.Sequential([first]).built
