"""Maskers under which weights are trained too, against the same formulas in NumPy."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tfticket import supermasks, weights
from tfticket.callbacks import AnnealTemperature
from tfticket.masks import Masks
from tfticket.supermasks import ContinuousSparsification, SoftThreshold, layers

RNG = np.random.default_rng(0)
X = RNG.normal(size=(16, 6)).astype(np.float32)
Y = RNG.normal(size=(16, 2)).astype(np.float32)
MASKERS = {
    "continuous_sparsification": ContinuousSparsification(initial_score=0.1, mask_penalty=0.02),
    "soft_threshold": SoftThreshold(initial_score=-1.5),
}


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class SoftMask:
    """w · σ(βs), with 0.02 Σ σ(βs) in the loss."""

    @staticmethod
    def forward(w, s, beta):
        return w * sigmoid(beta * s), 0.02 * sigmoid(beta * s).sum()

    @staticmethod
    def backward(g, w, s, beta):
        m = sigmoid(beta * s)
        return g * m, (g * w + 0.02) * beta * m * (1 - m)

    @staticmethod
    def mask(w, s):
        return s > 0


class Threshold:
    """sign(w) max(|w| - σ(s), 0), with 0.05 s² / 2 in the loss: weight decay of 0.05."""

    @staticmethod
    def forward(w, s, beta):
        return np.sign(w) * np.maximum(np.abs(w) - sigmoid(s), 0), 0.05 * s**2 / 2

    @staticmethod
    def backward(g, w, s, beta):
        kept = np.abs(w) > sigmoid(s)
        slope = sigmoid(s) * (1 - sigmoid(s))
        return g * kept, -(g * np.sign(w) * kept).sum() * slope + 0.05 * s

    @staticmethod
    def mask(w, s):
        return np.abs(w) > sigmoid(s)


FORMULAS = {"continuous_sparsification": SoftMask, "soft_threshold": Threshold}


def numpy_steps(formulas, kernels, scores, num_steps):
    """Returns the losses of SGD with momentum; everything (float64) is updated in place."""
    losses, trained = [], [*kernels, *scores]
    velocity = [np.zeros_like(v) for v in trained]
    for step in range(num_steps):
        beta = 200 ** (step / num_steps)
        pairs = [formulas.forward(w, s, beta) for w, s in zip(kernels, scores, strict=True)]
        (first, a), (second, b) = pairs
        hidden = np.maximum(X @ first, 0)
        error = hidden @ second - Y
        losses.append(np.mean(error**2) + a + b)
        upstream = 2 * error / error.size
        gradients = [X.T @ (upstream @ second.T * (hidden > 0)), hidden.T @ upstream]
        both = [
            formulas.backward(g, w, s, beta)
            for g, w, s in zip(gradients, kernels, scores, strict=True)
        ]
        flat = [*(w for w, _ in both), *(s for _, s in both)]
        for variable, v, g in zip(trained, velocity, flat, strict=True):
            v *= 0.9
            v -= 0.1 * g
            variable += v
    return losses


def make_model(keras, name, **compile_options):
    make = keras.layers
    hidden = make.Dense(8, activation="relu", use_bias=False, name="hidden")
    output = make.Dense(2, use_bias=False, name="output")
    plain = keras.Sequential([make.Input((6,)), hidden, output])
    penalty = keras.regularizers.L2(0.05 / 2) if name == "soft_threshold" else None
    model = supermasks.convert(plain, masker=MASKERS[name], scores_regularizer=penalty)
    rng = np.random.default_rng(1)
    for layer in model.layers:
        layer.kernel.assign(rng.normal(size=layer.kernel.shape) / 2)
        layer.scores.assign(np.asarray(layer.scores) + rng.normal(size=layer.scores.shape) / 20)
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), "mse", **compile_options)
    return model


def fit(model, name, num_steps=5):
    """Trains on the same batch in each of some epochs; returns the losses."""
    moved = [AnnealTemperature()] if name == "continuous_sparsification" else []
    options = {"batch_size": 16, "epochs": num_steps, "shuffle": False, "verbose": 0}
    return model.fit(X, Y, callbacks=moved, **options).history["loss"]


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("name", MASKERS)
def test_losses_weights_scores_and_masks_are_those_of_the_formulas(keras, name, jit_compile):
    model, formulas = make_model(keras, name, jit_compile=jit_compile), FORMULAS[name]
    kernels = [np.asarray(layer.kernel, np.float64) for layer in model.layers]
    scores = [np.asarray(layer.scores, np.float64) for layer in model.layers]
    expected = numpy_steps(formulas, kernels, scores, 5)
    np.testing.assert_allclose(fit(model, name), expected, rtol=1e-4)
    for layer, w, s in zip(model.layers, kernels, scores, strict=True):
        np.testing.assert_allclose(layer.kernel, w, rtol=1e-3, atol=1e-5)
        np.testing.assert_allclose(layer.scores, s, rtol=1e-3, atol=1e-5)
        mask = layer.current_mask()
        np.testing.assert_array_equal(mask, formulas.mask(w, s))
        assert 0 < mask.mean() < 1


@pytest.mark.parametrize("name", MASKERS)
def test_gradients_reach_weights_and_scores(keras, name):
    layer, formulas = make_model(keras, name).layers[0], FORMULAS[name]
    upstream = RNG.normal(size=(6, 8)).astype(np.float32)
    with tf.GradientTape() as tape:
        masked = layer.masked_kernel() if name == "soft_threshold" else _soft(layer, 3.0)
        loss = tf.reduce_sum(masked * upstream)
    found = tape.gradient(loss, layer.trainable_variables)
    w, s = np.asarray(layer.kernel, np.float64), np.asarray(layer.scores, np.float64)
    np.testing.assert_allclose(masked, formulas.forward(w, s, 3.0)[0], atol=1e-6)
    by_weight, by_score = formulas.backward(upstream, w, s, 3.0)
    decay = 0.02 * 3 * sigmoid(3 * s) * (1 - sigmoid(3 * s))  # what the penalties add
    decay = 0.05 * s if name == "soft_threshold" else decay
    np.testing.assert_allclose(found[0], by_weight, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found[1], by_score - decay, rtol=1e-4, atol=1e-5)


def _soft(layer, temperature):
    layer.set_temperature(temperature)
    return layer.masked_kernel(training=True)


@pytest.mark.parametrize("name", MASKERS)
def test_the_plain_model_computes_the_same_and_the_ticket_has_the_trained_weights(keras, name):
    model = make_model(keras, name)
    fit(model, name)
    plain, ticket = supermasks.to_plain(model)
    np.testing.assert_array_equal(plain(X), model(X, training=False))
    assert {type(layer) for layer in plain.layers} == {keras.layers.Dense}
    for layer in model.layers:
        path, kernel = f"{layer.name}/kernel", np.asarray(layer.kernel)
        np.testing.assert_array_equal(ticket.masks[path], layer.current_mask())
        is_kept = ticket.masks[path]
        np.testing.assert_array_equal(ticket.weights[path][~is_kept], kernel[~is_kept])
        shrunk = sigmoid(np.asarray(layer.scores)) if name == "soft_threshold" else 0
        magnitudes = np.abs(ticket.weights[path][is_kept])
        np.testing.assert_allclose(magnitudes, np.abs(kernel[is_kept]) - shrunk, atol=1e-6)


@pytest.mark.parametrize("name", MASKERS)
def test_a_keras_file_brings_everything_back(keras, name, tmp_path):
    model = make_model(keras, name)
    fit(model, name)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    values, again = weights.read_all(model), weights.read_all(loaded)
    assert all(values[p].tobytes() == again[p].tobytes() for p in values)
    assert repr(loaded.layers[0].masker) == repr(model.layers[0].masker)
    assert loaded.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)


@pytest.mark.parametrize("name", MASKERS)
def test_under_mixed_precision_masks_are_made_in_full_precision(keras, name):
    layer = layers.of(keras).SupermaskDense(30, masker=MASKERS[name], dtype="mixed_float16")
    x = RNG.normal(size=(4, 20)).astype(np.float32)
    layer(x)
    layer.kernel.assign(np.where(np.arange(600) % 2, 0.18243, 0.1824).reshape(20, 30))
    model = keras.Sequential([keras.layers.Input((20,)), layer])
    if name == "continuous_sparsification":
        layer.set_temperature(1.0)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.cast(model(x, training=True), tf.float32))
    assert [g.dtype for g in tape.gradient(loss, layer.trainable_variables)] == ["float32"] * 3
    assert layer.masked_kernel().dtype == tf.float16
    plain, ticket = supermasks.to_plain(model)
    np.testing.assert_array_equal(plain(x), model(x))
    # float16 would not tell the weights on either side of the threshold apart.
    assert ticket.masks.density == (0.5 if name == "soft_threshold" else 1.0)


@pytest.mark.parametrize("name", MASKERS)
def test_only_what_was_trainable_is_masked_and_all_trains_on(keras, make_network, batch, name):
    network = make_network()
    network.get_layer("each").trainable = False
    model = supermasks.convert(network, masker=MASKERS[name])
    own = {p.rpartition("/")[2] for p in weights.variables(model)}
    assert own >= {"kernel", "bias", "gamma", "scores"}
    plain, ticket = supermasks.to_plain(model)
    np.testing.assert_array_equal(plain(batch[0]), model(batch[0]))
    assert set(ticket.masks) == {"conv/kernel", "inner/up/kernel", "output/kernel"}
    assert type(model.get_layer("each")) is keras.layers.DepthwiseConv2D
    num_scores = 3
    assert len(model.trainable_variables) == len(network.trainable_variables) + num_scores


def test_a_kernel_without_a_mask_is_named(keras):
    make = keras.layers
    rows = keras.Sequential(
        [make.Input((5, 3)), make.LayerNormalization(), make.LSTM(4, name="lstm"), make.Dense(2)]
    )
    with pytest.warns(UserWarning, match="they stay without a mask: {'lstm': 'LSTM'}"):
        model = supermasks.convert(rows, masker="soft_threshold")
    assert model.get_layer("lstm").trainable


def test_rescaled_masks_start_from_the_network_itself(keras):
    masker = ContinuousSparsification(initial_score=-0.2, rescale=True)
    layer = layers.of(keras).SupermaskDense(3, masker=masker)
    layer.build((None, 4))
    np.testing.assert_allclose(_soft(layer, 1.0), layer.kernel, rtol=1e-6)
    layer.scores.assign(np.arange(12).reshape(4, 3) - 5.5)
    kept = np.asarray(layer.kernel) * (np.asarray(layer.scores) > 0)
    np.testing.assert_allclose(layer.masked_kernel(), kept / sigmoid(-0.2), rtol=1e-6)


def test_soft_evaluation_computes_as_in_training(keras):
    masker = ContinuousSparsification(evaluation="soft")
    layer = layers.of(keras).SupermaskDense(3, masker=masker)
    layer.build((None, 4))
    np.testing.assert_array_equal(layer.masked_kernel(), np.asarray(layer.kernel) / 2)


def test_a_next_round_starts_from_what_was_kept(keras):
    model = make_model(keras, "continuous_sparsification")
    first, second = model.layers
    first.scores.assign(np.where(np.arange(48).reshape(6, 8) % 2, 0.004, -0.03))
    first.set_temperature(200.0)
    kernel = np.asarray(first.kernel)
    supermasks.next_round(model)
    expected = np.where(np.arange(48).reshape(6, 8) % 2, 0.1, -6.0)
    np.testing.assert_allclose(first.scores, expected, rtol=1e-6)
    assert first.temperature == second.temperature == 1.0
    np.testing.assert_array_equal(first.kernel, kernel)
    with pytest.raises(ValueError, match="must have layers with a temperature"):
        supermasks.next_round(make_model(keras, "soft_threshold"))


def test_training_starts_from_a_given_mask_where_scores_can_have_one(keras):
    model = make_model(keras, "continuous_sparsification")
    shapes = {f"{m.name}/kernel": tuple(m.kernel.shape) for m in model.layers}
    wanted = Masks({p: RNG.random(shape) < 0.3 for p, shape in shapes.items()})
    supermasks.start_from(model, wanted)
    assert supermasks.to_plain(model)[1].masks == wanted
    with pytest.raises(ValueError, match="follows from the magnitudes"):
        supermasks.start_from(make_model(keras, "soft_threshold"), wanted)


@pytest.mark.parametrize("name", MASKERS)
def test_trained_weights_are_no_seeds(keras, name):
    plain = make_model(keras, name)
    with pytest.raises(ValueError, match=f"{name} trains it"):
        supermasks.SeedTicket.of(plain)


def test_a_temperature_that_nobody_raises_is_reported(keras):
    layer = layers.of(keras).SupermaskDense(2, masker="continuous_sparsification")
    with pytest.warns(UserWarning, match="raised by nobody: pass `callbacks.AnnealTemperature"):
        layer(np.ones((1, 3), np.float32), training=True)
    with pytest.raises(ValueError, match="`temperature` must be above 0"):
        layer.set_temperature(0.0)
    other = layers.of(keras).SupermaskDense(2)
    other.build((None, 3))
    with pytest.raises(ValueError, match="must have a temperature"):
        other.set_temperature(2.0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ContinuousSparsification(initial_score=np.nan), "`initial_score` must be a fin"),
        (lambda: ContinuousSparsification(mask_penalty=-1), "`mask_penalty` must be at least 0"),
        (lambda: ContinuousSparsification(final_temperature=1), "`final_temperature` must be abo"),
        (lambda: ContinuousSparsification(evaluation="hard"), "`evaluation` must be one of"),
        (lambda: SoftThreshold(initial_score=-np.inf), "`initial_score` must be a finite"),
    ],
)
def test_settings_out_of_range_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
