"""Supermask layers: drop-in for their parents, frozen, and saved like any other layer."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
import tensorflow as tf

from tfticket import supermasks, weights
from tfticket.supermasks import EdgePopup, layers

RNG = np.random.default_rng(0)
KINDS = {
    "Dense": ((5,), {"activation": "relu", "kernel_initializer": "he_uniform"}, (3, 4)),
    "Conv1D": ((4, 3), {"padding": "causal", "dilation_rate": 2}, (2, 9, 3)),
    "Conv2D": ((4, (3, 2)), {"strides": 2, "padding": "same", "groups": 2}, (2, 6, 6, 4)),
    "Conv3D": ((2, 2), {"use_bias": False, "activation": "tanh"}, (2, 4, 4, 4, 2)),
    "DepthwiseConv2D": ((3,), {"depth_multiplier": 2, "padding": "same"}, (2, 6, 6, 3)),
    "Conv2DTranspose": ((3, 2), {"strides": 2, "bias_initializer": "ones"}, (2, 4, 4, 2)),
}

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_computes_what_its_parent_does_with_the_masked_kernel(keras, kind):
    args, options, shape = KINDS[kind]
    parent = getattr(keras.layers, kind)(*args, **options)
    layer = getattr(layers.of(keras), f"Supermask{kind}")(*args, masker=EdgePopup(0.4), **options)
    x = RNG.normal(size=shape).astype(np.float32)
    expected_shape = parent(x).shape
    assert layer(x).shape == expected_shape
    assert tuple(layer.compute_output_shape(shape)) == tuple(expected_shape)
    values = {w.name.rpartition("/")[2].replace("depthwise_", ""): w for w in layer.weights}
    kernel = np.asarray(layer.kernel) * layer.current_mask()
    parent.set_weights([kernel, *(np.asarray(v) for n, v in values.items() if "bias" in n)])
    np.testing.assert_array_equal(layer(x), parent(x))
    assert np.count_nonzero(layer.current_mask()) == round(0.4 * kernel.size)


def test_arguments_keep_their_places_and_the_kernel_its_initialiser(keras):
    dense = layers.of(keras).SupermaskDense
    layer = dense(4, "relu", False, "ones")
    layer.build((None, 3))
    assert np.asarray(layer.kernel).tolist() == np.ones((3, 4)).tolist()
    assert layer.activation is keras.activations.relu and not layer.use_bias
    default = dense(400)
    default.build((None, 200))
    assert np.std(np.asarray(default.kernel)) == pytest.approx(0.1, rel=0.02)  # √(2 / 200)
    assert default.kernel_initializer.seed is not None


def test_the_same_seed_gives_the_same_layer_in_both_kerases():
    made = []
    for keras in ("keras", "tf_keras"):
        initializer = supermasks.initializers.KaimingNormal(seed=4)
        layer = layers.of(keras).SupermaskDepthwiseConv2D(3, depthwise_initializer=initializer)
        layer.build((None, 8, 8, 2))
        made.append(np.asarray(layer.kernel))
    np.testing.assert_array_equal(*made)
    assert np.std(made[0]) > 0.2  # its fan-in is 9, not 18


def small_model(keras, masker, **compile_options):
    kinds, plain = layers.of(keras), keras.layers
    model = keras.Sequential(
        [
            plain.Input((6, 6, 2)),
            kinds.SupermaskConv2D(4, 3, masker=masker, name="conv", bias_initializer="ones"),
            kinds.SupermaskBatchNormalization(name="norm"),
            kinds.SupermaskDepthwiseConv2D(2, masker=masker, name="each"),
            plain.Flatten(name="flatten"),
            kinds.SupermaskDense(3, masker=masker, name="output"),
        ]
    )
    optimizer = keras.optimizers.SGD(0.5, momentum=0.9, weight_decay=0.01)
    model.compile(optimizer, "mse", **compile_options)
    return model


@pytest.mark.parametrize("masker", ["edge_popup", "bernoulli"])
def test_training_changes_the_scores_and_nothing_else(keras, batch, masker):
    """Weights, offsets and normalisation are bit-equal after momentum and weight decay."""
    model = small_model(keras, masker)
    model.trainable = True  # brings nothing back
    names = {w.name.rpartition("/")[2].partition(":")[0] for w in model.trainable_variables}
    assert names == {"scores"} and len(model.trainable_variables) == 3
    before = weights.read_all(model)
    model.fit(*batch, batch_size=4, epochs=2, verbose=0)
    after = weights.read_all(model)
    changed = [p for p in before if before[p].tobytes() != after[p].tobytes()]
    statistics = ["norm/moving_mean", "norm/moving_variance"]
    streams = ["conv/stream", "each/stream", "output/stream"] if masker == "bernoulli" else []
    scores = ["conv/scores", "each/scores", "output/scores"]
    assert sorted(changed) == sorted([*scores, *statistics, *streams])


def test_the_number_kept_is_exact_after_every_step(keras, batch):
    model = small_model(keras, EdgePopup(0.3), run_eagerly=True)
    for _ in range(4):
        model.train_on_batch(*batch)
        kept = [int(np.count_nonzero(m.current_mask())) for m in model.layers[:-1:2]]
        assert kept == [round(0.3 * 72), round(0.3 * 16)]


@pytest.mark.parametrize("scope", ["layer", "global"])
def test_a_keras_file_brings_everything_back(keras, batch, tmp_path, scope):
    model = small_model(keras, EdgePopup(0.25, scope=scope))
    model.layers[0].scores.assign(3 * np.asarray(model.layers[0].scores))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", compile=False)
    np.testing.assert_array_equal(loaded(batch[0]), model(batch[0]))
    values, again = weights.read_all(model), weights.read_all(loaded)
    assert all(values[p].tobytes() == again[p].tobytes() for p in values)
    total = sum(m.current_mask().size for m in loaded.layers if hasattr(m, "scores"))
    kept = sum(np.count_nonzero(m.current_mask()) for m in loaded.layers if hasattr(m, "scores"))
    if scope == "global":
        assert kept == round(0.25 * total)
        assert len({id(m.masker) for m in loaded.layers if hasattr(m, "scores")}) == 1
        assert loaded.layers[0].masker is not model.layers[0].masker


def test_a_model_loaded_twice_is_ranked_apart(keras, batch, tmp_path):
    model = small_model(keras, EdgePopup(0.25, scope="global"))
    model.save(tmp_path / "model.keras")
    path = tmp_path / "model.keras"
    first, second = (keras.models.load_model(path, compile=False) for _ in range(2))
    second.layers[0].scores.assign(100 * np.asarray(second.layers[0].scores))
    np.testing.assert_array_equal(first(batch[0]), model(batch[0]))
    masked = [m.current_mask() for m in second.layers if hasattr(m, "scores")]
    kept = [int(np.count_nonzero(m)) for m in masked]
    assert kept == [round(0.25 * sum(m.size for m in masked)), 0, 0]


def test_a_layer_torn_from_its_global_ranking_says_so(keras):
    masker = EdgePopup(0.5, scope="global")
    pair = [layers.of(keras).SupermaskDense(2, masker=masker) for _ in range(2)]
    alone = type(pair[0]).from_config(pair[0].get_config())
    with pytest.raises(ValueError, match="made or loaded together: they were 2, and 1"):
        alone(np.ones((1, 3), np.float32))


def test_a_saved_model_computes_the_same(keras, batch, tmp_path):
    model = small_model(keras, EdgePopup(0.5))
    folder = str(tmp_path / "saved")
    if keras.__name__ == "keras":
        model.export(folder, verbose=False)
        loaded = tf.saved_model.load(folder)
        found = loaded.serve(batch[0])
    else:
        model.save(folder)
        loaded = keras.models.load_model(folder)
        assert type(loaded.layers[0]) is layers.of(keras).SupermaskConv2D
        found = loaded(batch[0])
    np.testing.assert_allclose(found, model(batch[0]), atol=1e-6)


def test_mixed_precision_and_compilation_keep_the_scores_whole(keras):
    layer = layers.of(keras).SupermaskDense(30, masker=EdgePopup(0.5), dtype="mixed_float16")
    x = RNG.normal(size=(4, 200)).astype(np.float32)
    layer(x)

    @tf.function(jit_compile=True)
    def gradient():
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.cast(layer(x, training=True), tf.float32))
        return layer.masked_kernel(), tape.gradient(loss, layer.trainable_variables[0])

    kernel, found = gradient()
    assert kernel.dtype == tf.float16 and found.dtype == tf.float32
    assert np.count_nonzero(kernel) == 3_000 and np.count_nonzero(found) == 6_000


def test_quantisation_is_refused():
    layer = layers.of("keras").SupermaskDense(2)
    layer.build((None, 3))
    with pytest.raises(NotImplementedError, match="must be made plain"):
        layer.quantize("int8")


def test_an_unfollowed_schedule_is_reported(keras):
    from tfticket.schedules import Linear

    layer = layers.of(keras).SupermaskDense(2, masker=EdgePopup(Linear(0.5, end_step=9)))
    with pytest.warns(UserWarning, match="nobody follows"):
        layer(np.ones((1, 3), np.float32), training=True)


def test_the_module_of_a_keras_is_found_from_anything_of_it(keras):
    assert layers.of(keras) is layers.of(keras.__name__) is layers.of(keras.layers.Dense(1))
    module = importlib.import_module(f"tfticket.supermasks.layers.for_{keras.__name__}")
    assert layers.of(keras) is module
