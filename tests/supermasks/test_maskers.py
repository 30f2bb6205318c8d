"""Maskers: what they keep, and where gradients go, against the formulas in NumPy."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tfticket.schedules import Linear
from tfticket.supermasks import Bernoulli, EdgePopup, Signed, layers, maskers

X = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
Y = np.random.default_rng(1).normal(size=(6, 3)).astype(np.float32)


def dense(keras, masker, units=3, num_inputs=4, **options):
    made = layers.of(keras).SupermaskDense(units, masker=masker, use_bias=False, **options)
    made.build((None, num_inputs))
    return made


def write(layer, scores):
    layer.scores.assign(np.asarray(scores, np.float32).reshape(tuple(layer.scores.shape)))


def score_gradient(layer, training=True):
    """Returns the masked kernel and the gradients of a squared error for it and the scores."""
    with tf.GradientTape() as tape:
        kernel = layer.masked_kernel(training)
        loss = tf.reduce_sum((X @ kernel - Y) ** 2) / 2
    (found,) = tape.gradient(loss, layer.trainable_variables)
    return kernel.numpy(), X.T @ (X @ kernel.numpy() - Y), np.asarray(found)


def test_edge_popup_keeps_the_largest_magnitudes(keras):
    layer = dense(keras, EdgePopup(0.5), units=2, num_inputs=2)
    write(layer, [0.1, -0.4, 0.3, -0.2])
    assert layer.current_mask().tolist() == [[0, 1], [1, 0]]
    frozen = np.asarray(layer.kernel)
    np.testing.assert_array_equal(layer.masked_kernel(), frozen * [[0, 1], [1, 0]])


def test_edge_popups_gradient_goes_through_the_magnitude(keras):
    """The sign of a score matters: without it negative scores would be pushed the wrong way."""
    layer = dense(keras, EdgePopup(0.5))
    write(layer, np.linspace(-0.55, 0.6, 12)[np.random.default_rng(2).permutation(12)])
    _, upstream, found = score_gradient(layer)
    frozen, scores = np.asarray(layer.kernel), np.asarray(layer.scores)
    np.testing.assert_allclose(found, upstream * frozen * np.sign(scores), rtol=1e-5)
    assert np.count_nonzero(found) == 12  # masked weights are told too


def test_signed_masks_invert_and_their_gradient_is_the_identity(keras):
    layer = dense(keras, Signed(0.75), units=2, num_inputs=2)
    write(layer, [0.1, -0.4, 0.3, -0.2])
    assert layer.current_mask().tolist() == [[0, -1], [1, -1]]
    layer = dense(keras, Signed(0.5))
    kernel, upstream, found = score_gradient(layer)
    np.testing.assert_allclose(found, upstream * np.asarray(layer.kernel), rtol=1e-5)
    np.testing.assert_array_equal(kernel, np.asarray(layer.kernel) * layer.current_mask())


@pytest.mark.parametrize("rescale", [False, True])
def test_bernoullis_gradient_goes_through_the_sigmoid(keras, rescale):
    layer = dense(keras, Bernoulli(rescale=rescale))
    write(layer, np.linspace(-2, 2, 12))
    kernel, upstream, found = score_gradient(layer)
    frozen, p = np.asarray(layer.kernel), 1 / (1 + np.exp(-np.asarray(layer.scores)))
    scale = 12 / np.count_nonzero(kernel) if rescale else 1
    np.testing.assert_allclose(found, upstream * frozen * scale * p * (1 - p), rtol=1e-5)
    is_kept = kernel != 0
    np.testing.assert_allclose(kernel[is_kept], (frozen * scale)[is_kept], rtol=1e-6)
    assert 0 < np.count_nonzero(is_kept) < 12


def test_bernoulli_draws_anew_in_training_as_often_as_it_should(keras):
    layer = dense(keras, Bernoulli(seed=1), units=50, num_inputs=40)
    write(layer, np.full(2_000, np.log(0.2 / 0.8)))
    drawn = [np.count_nonzero(layer.masked_kernel(True)) / 2_000 for _ in range(20)]
    assert len(set(drawn)) > 10
    assert np.mean(drawn) == pytest.approx(0.2, abs=0.01)
    again = dense(keras, Bernoulli(seed=1), units=50, num_inputs=40, name=layer.name)
    write(again, np.full(2_000, np.log(0.2 / 0.8)))
    repeated = [np.count_nonzero(again.masked_kernel(True)) / 2_000 for _ in range(20)]
    assert repeated == drawn


def test_evaluation_is_rounded_unless_sampling_is_asked_for(keras):
    rounded, sampled = dense(keras, "bernoulli"), dense(keras, Bernoulli(evaluation="sampled"))
    logits = np.where(np.arange(12) % 3 == 0, 0.1, -0.1)
    for layer in (rounded, sampled):
        write(layer, logits)
    expected = np.asarray(rounded.kernel) * (logits > 0).reshape(4, 3)
    for _ in range(3):
        np.testing.assert_array_equal(rounded.masked_kernel(), expected)
    assert len({sampled.masked_kernel().numpy().tobytes() for _ in range(10)}) > 1
    assert sampled.current_mask().tolist() == rounded.current_mask().tolist()


def test_rescaling_does_not_compound(keras):
    layer = dense(keras, Bernoulli(rescale=True))
    write(layer, np.where(np.arange(12) % 3 == 0, 1.0, -1.0))
    frozen = np.asarray(layer.kernel)
    for _ in range(5):
        kernel = layer.masked_kernel(True).numpy()
        scale = np.float32(12 / np.count_nonzero(kernel))
        np.testing.assert_allclose(kernel[kernel != 0], (frozen * scale)[kernel != 0], rtol=1e-6)
        np.testing.assert_allclose(layer.masked_kernel(), frozen * layer.current_mask() * 3)
    np.testing.assert_array_equal(layer.kernel, frozen)


@pytest.mark.parametrize("density", [0.01, 0.1, 0.3, 0.5, 0.99, 1.0])
@pytest.mark.parametrize("scores", ["drawn", "all equal"])
def test_the_count_is_exact_at_any_density(density, scores):
    layer = dense("keras", EdgePopup(density), units=97, num_inputs=53)
    if scores == "all equal":
        write(layer, np.full(97 * 53, 0.5))
    assert np.count_nonzero(layer.current_mask()) == round(density * 97 * 53)


def test_a_scheduled_density_changes_without_tracing_again(keras):
    layer = dense(keras, EdgePopup(Linear(0.9, end_step=10)), units=10, num_inputs=10)
    num_traces = 0

    @tf.function
    def num_kept():
        nonlocal num_traces
        num_traces += 1
        return tf.math.count_nonzero(layer.masked_kernel())

    assert num_kept() == 100  # the schedule begins dense
    for density in (0.5, 0.335, 0.1):
        layer.set_density(density)
        assert num_kept() == round(density * 100)
        assert layer.density == density
    assert num_traces == 1


def test_layers_that_share_a_global_masker_are_ranked_together(keras):
    masker = EdgePopup(0.5, scope="global")
    first = dense(keras, masker, units=2, num_inputs=2)
    second = dense(keras, masker, units=2, num_inputs=1)
    write(first, [1, -2, 3, 0.5])
    write(second, [-9, 0.1])
    assert first.current_mask().tolist() == [[0, 1], [1, 0]]
    assert second.current_mask().tolist() == [[1, 0]]
    write(second, [0.2, 0.5])  # equal to one of the first layer, which comes first
    assert first.current_mask().tolist() == [[1, 1], [1, 0]]
    write(second, [0.2, 1.0])
    assert first.current_mask().tolist() == [[1, 1], [1, 0]]
    assert second.current_mask().tolist() == [[0, 0]]


def test_a_global_ranking_follows_scores_that_change_inside_one_graph(keras):
    masker = EdgePopup(0.5, scope="global")
    first, second = (dense(keras, masker, units=2, num_inputs=1) for _ in range(2))
    write(first, [1, 2])
    write(second, [3, 4])

    @tf.function
    def both():
        before = [layer.masked_kernel() for layer in (first, second)]
        first.scores.assign([[5.0, 6.0]])
        return before, [layer.masked_kernel() for layer in (first, second)]

    before, after = both()
    assert [int(np.count_nonzero(k)) for k in before] == [0, 2]
    assert [int(np.count_nonzero(k)) for k in after] == [2, 0]


def test_a_masker_is_got_by_name_configuration_or_object():
    assert isinstance(maskers.get("signed"), Signed)
    assert maskers.get({"name": "bernoulli", "rescale": True}).rescale is True
    again = EdgePopup.from_config(EdgePopup(Linear(0.5, end_step=3)).get_config())
    assert again.ranking.schedule == Linear(0.5, end_step=3)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: EdgePopup(0.0), "`density` must be in"),
        (lambda: EdgePopup(50), "never a percent"),
        (lambda: EdgePopup(0.5, scope="model"), "`scope` must be one of"),
        (lambda: Bernoulli(evaluation="mean"), "`evaluation` must be one of"),
        (lambda: maskers.get("edge popup"), "`masker` must be one of"),
    ],
)
def test_what_is_no_masker_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_constant_density_cannot_be_moved(keras):
    with pytest.raises(ValueError, match="must be a schedule"):
        dense(keras, EdgePopup(0.5)).set_density(0.1)
