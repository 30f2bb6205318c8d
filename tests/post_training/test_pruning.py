"""prune_after_training: whole models, calibrated layer by layer."""

import numpy as np
import pytest
import tensorflow as tf

from tfticket import Ticket, filters, prune, schedules, weights
from tfticket.post_training import prune_after_training, sparsegpt
from tfticket.tracing.products import products


def _transformer(keras, dropout=0.5):
    keras.utils.set_random_seed(0)
    inputs = keras.layers.Input((10,), dtype="int32")
    x = keras.layers.Embedding(20, 16, name="embedding")(inputs)
    for block in range(2):
        normed = keras.layers.LayerNormalization(name=f"norm_{block}")(x)
        attend = keras.layers.MultiHeadAttention(2, 8, dropout=dropout, name=f"attend_{block}")
        x = keras.layers.Add(name=f"add_{block}")([x, attend(normed, normed)])
        inner = keras.layers.Dense(32, activation="relu", name=f"up_{block}")(x)
        inner = keras.layers.Dense(16, name=f"down_{block}")(inner)
        x = keras.layers.Add(name=f"sum_{block}")([x, inner])
    return keras.Model(inputs, keras.layers.Dense(20, name="logits")(x))


def _batches(count=4):
    rng = np.random.default_rng(1)
    return [rng.integers(0, 20, (16, 10)).astype("i4") for _ in range(count)]


def _loss(model, ticket, dense, batch):
    """How far the outputs are from the dense ones, relative to these."""
    before = weights.read_all(model)
    ticket.apply(model)
    outputs = model(batch, training=False)
    weights.write(model, before)
    return float(np.square(outputs - dense).sum() / np.square(dense).sum())


@pytest.mark.parametrize("granularity", [pytest.param("weight", marks=pytest.mark.long), "2:4"])
def test_a_transformer_loses_less_than_by_magnitude(keras, granularity):
    model, batches = _transformer(keras), _batches()
    dense = np.asarray(model(batches[0], training=False))
    by = [
        _loss(model, prune_after_training(model, batches, m, granularity=granularity), dense, b)
        for m in ("sparsegpt", "wanda")
        for b in batches[:1]
    ]
    choices = {"scope": "layer", "granularity": granularity}
    magnitude = prune(model, schedule=schedules.OneShot(0.5), **choices)
    assert by[0] < min(by[1], _loss(model, magnitude, dense, batches[0]))


def test_the_ticket_is_exact_and_the_model_as_it_was(keras):
    model, batches, rows = _transformer(keras), _batches(), []
    before = weights.read_all(model)
    ticket = prune_after_training(model, batches, sparsity=0.75, on_layer=rows.append)
    assert all(np.array_equal(a, before[p]) for p, a in weights.read_all(model).items())
    counts = {p: m.size - int(m.sum()) for p, m in ticket.masks.items()}
    assert counts == {p: round(0.75 * m.size) for p, m in ticket.masks.items()}
    assert set(counts) == set(weights.read(model))
    assert [r.path for r in rows if "attend_0" in r.path or "up_0" in r.path] == [
        *(f"attend_0/{name}/kernel" for name in ("query", "key", "value")),
        "attend_0/attention_output/kernel",
        "up_0/kernel",
    ] or keras.__name__ == "tf_keras"
    assert {r.num_rows for r in rows} == {640}
    assert ticket.provenance["layers"]["up_0/kernel"]["error"] == pytest.approx(
        next(r.error for r in rows if r.path == "up_0/kernel")
    )


def test_each_layer_sees_what_the_pruned_ones_before_it_give(keras):
    """The second of two layers is SparseGPT of its own matrix over the pruned first one's rows."""
    inputs = keras.layers.Input((12,))
    hidden = keras.layers.Dense(16, activation="relu", name="first")(inputs)
    model = keras.Model(inputs, keras.layers.Dense(4, name="second")(hidden))
    images = np.random.default_rng(0).normal(size=(64, 12)).astype("f4")
    own = weights.read(model)
    ticket = prune_after_training(model, np.split(images, 4))
    first = sparsegpt(own["first/kernel"], images.T @ images, 0.5)
    given = np.maximum(images @ first.weights, 0)
    second = sparsegpt(own["second/kernel"], given.T @ given, 0.5)
    assert np.allclose(ticket.weights["first/kernel"], first.weights, atol=1e-5)
    assert np.allclose(ticket.weights["second/kernel"], second.weights, atol=1e-4)
    at_once = prune_after_training(model, np.split(images, 4), layers_at_once=2)
    dense = np.maximum(images @ own["first/kernel"], 0)
    second = sparsegpt(own["second/kernel"], dense.T @ dense, 0.5)
    assert np.allclose(at_once.weights["second/kernel"], second.weights, atol=1e-4)


def test_convolutions_and_pipelines_are_taken(keras):
    keras.utils.set_random_seed(0)
    inputs = keras.layers.Input((8, 8, 4))
    x = keras.layers.Conv2D(8, 3, activation="relu", name="conv")(inputs)
    x = keras.layers.DepthwiseConv2D(3, name="depthwise")(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, keras.layers.Dense(4, name="dense")(x))
    images = np.random.default_rng(0).normal(size=(32, 8, 8, 4)).astype("f4")
    data = tf.data.Dataset.from_tensor_slices((images, np.zeros(32))).batch(8)
    ticket = prune_after_training(model, data, sparsity=0.5)
    assert ticket.sparsity == pytest.approx(0.5, abs=0.02)  # a depthwise kernel is many matrices
    dense = np.asarray(model(images))
    magnitude = prune(model, schedule=schedules.OneShot(0.5), scope="layer")
    assert _loss(model, ticket, dense, images) < _loss(model, magnitude, dense, images)


def test_mixed_precision_and_shared_layers(keras):
    inputs = keras.layers.Input((8,))
    shared = keras.layers.Dense(8, activation="relu", name="shared", dtype="mixed_bfloat16")
    model = keras.Model(inputs, shared(shared(inputs)))
    batches, rows = [np.random.default_rng(0).normal(size=(16, 8)).astype("f4")], []
    ticket = prune_after_training(model, batches, on_layer=rows.append)
    assert rows[0].num_rows == 32  # both calls
    assert ticket.weights["shared/kernel"].dtype == np.float32


def test_the_ticket_is_saved_and_loaded(keras, tmp_path):
    model = _transformer(keras)
    ticket = prune_after_training(model, _batches(1), granularity="2:4")
    ticket.save(tmp_path / "ticket.npz")
    loaded = Ticket.load(tmp_path / "ticket.npz")
    assert loaded.provenance["granularity"] == {"name": "n_by_m", "n": 2, "m": 4}
    assert np.array_equal(loaded.masks["logits/kernel"], ticket.masks["logits/kernel"])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"method": "obs"}, r"`method` must be one of \['sparsegpt', 'wanda'\]"),
        ({"sparsity": 50}, "fraction in"),
        ({"granularity": "4x1"}, "`granularity` must be 'weight' or n:m"),
        ({"granularity": "1:3"}, "'attend_0/query/kernel' sums over 16 inputs"),
        ({"layers_at_once": 0}, "`layers_at_once` must be an integer of at least 1"),
        ({"prunable": filters.Filter(kinds=("kernel", "embedding"))}, "embedding"),
    ],
)
def test_what_does_not_fit_is_told_before_anything_is_pruned(keras, settings, message):
    model = _transformer(keras)
    with pytest.raises(ValueError, match=message):
        prune_after_training(model, _batches(1), **settings)


def test_batches_that_are_gone_after_one_pass_are_refused(keras):
    model = _transformer(keras)
    with pytest.raises(ValueError, match="`batches` must be something that can be gone through"):
        prune_after_training(model, iter(_batches(1)))


def test_an_error_leaves_the_model_as_it_was(keras):
    model, batches = _transformer(keras), _batches(2)
    before = weights.read_all(model)

    def stop(row):
        raise KeyError(row.path)

    with pytest.raises(KeyError):
        prune_after_training(model, batches, on_layer=stop)
    found, _ = products(model, weights.read(model))
    assert all("call" not in vars(p.layer) for p in found.values())
    assert all(np.array_equal(a, before[p]) for p, a in weights.read_all(model).items())


def _depthwise(keras):
    keras.utils.set_random_seed(0)
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((8, 8, 3)),
            layers.Conv2D(4, 3, padding="same", name="first"),
            layers.DepthwiseConv2D(3, padding="same", name="depthwise"),
            layers.Conv2D(6, 1, groups=2, name="grouped"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, name="logits"),
        ]
    )


@pytest.mark.parametrize("sparsity", [0.5, 0.95])
@pytest.mark.parametrize("method", ["wanda", "sparsegpt"])
def test_kernels_of_groups_have_the_sparsity_too(keras, method, sparsity):
    x = np.random.default_rng(0).normal(size=(8, 8, 8, 3)).astype("f4")
    model = _depthwise(keras)
    masks = prune_after_training(model, [x], method, sparsity=sparsity).masks
    counts = {p: int(m.sum()) for p, m in masks.items()}
    assert counts == {p: round((1 - sparsity) * m.size) for p, m in masks.items()}


@pytest.mark.parametrize("method", ["wanda", "sparsegpt"])
def test_what_nothing_comes_to_is_said_and_pruned_by_magnitude(keras, method):
    keras.utils.set_random_seed(0)
    layers = keras.layers
    dead = layers.Dense(5, activation="relu", name="dead")
    model = keras.Sequential([layers.Input((4,)), dead, layers.Dense(3, name="behind")])
    dead.set_weights([np.zeros((4, 5), "f4"), -np.ones(5, "f4")])
    kernel = weights.read(model)["behind/kernel"]
    with pytest.warns(UserWarning, match="nothing but 0 comes to 'behind/kernel'"):
        ticket = prune_after_training(model, [np.ones((6, 4), "f4")], method, sparsity=0.4)
    mask = ticket.masks["behind/kernel"]
    assert mask.sum() == 9
    if method == "sparsegpt":
        assert np.abs(kernel[mask]).min() > np.abs(kernel[~mask]).max()


def test_a_weight_that_is_no_number_is_refused(keras):
    model = _transformer(keras)
    kernel = model.get_layer("logits").kernel
    kernel.assign(np.full(kernel.shape, np.nan))
    with pytest.raises(ValueError, match="`model` must have finite weights"):
        prune_after_training(model, _batches(1), "wanda")


@pytest.mark.parametrize(
    ("batches", "settings", "error", "message"),
    [
        ([], {}, ValueError, "`batches` must have at least one"),
        (None, {}, TypeError, "`batches` must be what the model is called with.*NoneType"),
        (1, {"method": "wanda", "damping": 0.1}, TypeError, "'wanda', which has none.*damping"),
        (1, {"dampening": 0.1}, TypeError, r"block_size.*Received: \['dampening'\]"),
        (1, {"layers_at_once": 2.5}, ValueError, "`layers_at_once` must be an integer"),
    ],
)
def test_wrong_arguments_are_told(keras, batches, settings, error, message):
    given = _batches(batches) if isinstance(batches, int) else batches
    with pytest.raises(error, match=message):
        prune_after_training(_transformer(keras), given, **settings)
