"""SNIP, GraSP, Taylor and saliency: formulas, finite differences, and the right loss."""

import gc
import weakref

import numpy as np
import pytest
import tensorflow as tf

from tfticket import scores, weights
from tfticket.scores import Evidence

RNG = np.random.default_rng(0)
BATCH = (RNG.normal(size=(6, 4)), RNG.integers(0, 3, 6))
OTHER = (RNG.normal(size=(6, 4)), RNG.integers(0, 3, 6))


@pytest.fixture
def classifier(keras):
    """A float64 network with a smooth activation, for finite differences."""
    keras.utils.set_random_seed(1)
    layers = keras.layers
    x = layers.Input((4,), dtype="float64")
    hidden = layers.Dense(5, activation="tanh", dtype="float64")(x)
    return keras.Model(x, layers.Dense(3, dtype="float64")(hidden))


def crossentropy(targets, logits):
    return tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits)


def evidence(model, batch=BATCH, loss=crossentropy):
    return Evidence(weights.read(model), batch=batch, loss=loss)


def mean_loss(model, batch, temperature=1.0):
    logits = model(batch[0], training=False) / temperature
    return tf.reduce_mean(crossentropy(batch[1], logits))


def slopes(model, batch, temperature=1.0):
    """The gradient by central differences, one weight at a time."""
    found = {}
    for path, value in weights.read(model).items():
        found[path] = np.zeros_like(value)
        for index in np.ndindex(value.shape):
            sides = []
            for step in (1e-5, -1e-5):
                moved = value.copy()
                moved[index] += step
                weights.write(model, {path: moved})
                sides.append(float(mean_loss(model, batch, temperature)))
            found[path][index] = (sides[0] - sides[1]) / 2e-5
        weights.write(model, {path: value})
    return found


def test_snip_is_the_sensitivity_to_a_mask(classifier):
    """∂L/∂m at m = 1, by making each weight a little larger and smaller."""
    found = scores.get("snip")(classifier, evidence(classifier))
    expected = slopes(classifier, BATCH)
    for path, weight in weights.read(classifier).items():
        np.testing.assert_allclose(found[path], np.abs(weight * expected[path]), rtol=1e-5)


def test_several_batches_count_like_one_large_batch(classifier):
    both = tuple(np.concatenate(parts) for parts in zip(BATCH, OTHER, strict=True))
    for name in ("snip", "grasp", "saliency"):
        score = scores.get(name)
        listed = score(classifier, evidence(classifier, [BATCH, OTHER]))
        joined = score(classifier, evidence(classifier, both))
        for path in listed:
            np.testing.assert_allclose(listed[path], joined[path], rtol=1e-9)


def test_taylor_averages_squares_over_batches(classifier):
    snips = [scores.Snip()(classifier, evidence(classifier, b)) for b in (BATCH, OTHER)]
    found = scores.get("taylor")(classifier, evidence(classifier, [BATCH, OTHER]))
    for path in found:
        squares = (snips[0][path] ** 2 + snips[1][path] ** 2) / 2
        np.testing.assert_allclose(found[path], squares, rtol=1e-12)


@pytest.mark.parametrize("temperature", [1.0, 200.0])
def test_grasp_is_weight_times_hessian_times_gradient(classifier, temperature):
    """Hg is how the gradient changes along itself."""
    found = scores.Grasp(temperature)(classifier, evidence(classifier))
    start = weights.read(classifier)
    g = slopes(classifier, BATCH, temperature)
    step = 1e-3 / max(np.abs(s).max() for s in g.values())
    sides = []
    for direction in (step, -step):
        weights.write(classifier, {p: w + direction * g[p] for p, w in start.items()})
        sides.append(slopes(classifier, BATCH, temperature))
    for path, weight in start.items():
        product = weight * (sides[0][path] - sides[1][path]) / (2 * step)
        np.testing.assert_allclose(found[path], product, atol=2e-4 * np.abs(product).max())


def test_grasp_keeps_the_weights_without_which_the_gradient_would_shrink(classifier):
    """The sign: removing the highest scores must lower g·g, removing the lowest must not."""
    found = scores.Grasp(1.0)(classifier, evidence(classifier))
    start = weights.read(classifier)

    def gradient_norm(removed):
        weights.write(classifier, {p: w * (1 - 0.05 * removed[p]) for p, w in start.items()})
        with tf.GradientTape() as tape:
            value = mean_loss(classifier, BATCH)
        kernels = [v for v in classifier.trainable_variables if len(v.shape) == 2]
        kernels = [getattr(v, "value", v) if hasattr(v, "_value") else v for v in kernels]
        return sum(float(tf.reduce_sum(g**2)) for g in tape.gradient(value, kernels))

    pooled = np.sort(np.concatenate([s.ravel() for s in found.values()]))
    dense = gradient_norm({p: np.zeros_like(w) for p, w in start.items()})
    highest = gradient_norm({p: (s >= pooled[-5]) for p, s in found.items()})
    lowest = gradient_norm({p: (s <= pooled[4]) for p, s in found.items()})
    assert highest < dense < lowest


def test_grasp_differentiates_twice_through_convolutions_normalisation_and_recurrence(
    keras, networks
):
    images = (RNG.normal(size=(3, 8, 8, 2)).astype("f"), np.array([0, 1, 2]))
    layers = keras.layers
    x = layers.Input((5, 2))
    recurrent = keras.Model(
        x, layers.Dense(3)(layers.GRU(3)(layers.LSTM(3, return_sequences=True)(x)))
    )
    sequences = (RNG.normal(size=(3, 5, 2)).astype("f"), np.array([0, 1, 2]))
    cases = [(networks.convolutional(keras, activation="tanh"), images), (recurrent, sequences)]
    for model, batch in cases:
        found = scores.Grasp(1.0)(model, evidence(model, batch))
        assert all(np.isfinite(s).all() and s.any() for s in found.values())


def test_saliency_is_the_weight_times_its_effect_on_any_objective(classifier):
    def objective(model, seen):
        return 3 * tf.reduce_sum(model(seen.batch[0])[:, 0])

    first, last = weights.read(classifier)
    found = scores.Saliency(objective, signed=True)(
        classifier, Evidence(weights.read(classifier), batch=BATCH)
    )
    w1, w2 = weights.read(classifier).values()
    hidden = np.tanh(BATCH[0] @ w1)
    expected = np.zeros_like(w2)
    expected[:, 0] = 3 * hidden.sum(0) * w2[:, 0]
    np.testing.assert_allclose(found[last], expected, rtol=1e-12)
    absolute = scores.Saliency(objective)(
        classifier, Evidence(weights.read(classifier), batch=BATCH)
    )
    assert np.array_equal(absolute[first], np.abs(found[first])) and (found[first] < 0).any()


def test_saliency_of_the_loss_is_snip(classifier):
    seen = evidence(classifier)
    saliency = scores.Saliency()(classifier, seen)
    assert all(np.array_equal(saliency[p], s) for p, s in scores.Snip()(classifier, seen).items())


def test_an_objective_without_gradient_is_an_error(classifier):
    for objective in (lambda model, _: 1.0, lambda model, _: tf.constant(2.0)):
        with pytest.raises(ValueError, match="it has no gradient"):
            scores.Saliency(objective)(classifier, Evidence(weights.read(classifier)))


@pytest.mark.parametrize("name", ["snip", "grasp", "taylor", "saliency"])
def test_a_loss_for_the_other_kind_of_output_is_an_error(keras, networks, name):
    softmax, logits = networks.dense(keras, [4, 5, 3], "softmax"), networks.dense(keras, [4, 5, 3])
    x = BATCH[0].astype("f"), BATCH[1]
    for_logits = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    with pytest.raises(ValueError, match="output 0 is probabilities, the loss is for logits"):
        scores.get(name)(softmax, evidence(softmax, x, for_logits))
    with pytest.raises(ValueError, match="output 0 is logits, the loss is for probabilities"):
        scores.get(name)(logits, evidence(logits, x, "sparse_categorical_crossentropy"))


def test_the_temperature_divides_logits_only(keras, networks):
    model = networks.dense(keras, [4, 5, 3], "softmax")
    seen = evidence(model, (BATCH[0].astype("f"), BATCH[1]), "sparse_categorical_crossentropy")
    assert scores.get("snip")(model, seen)
    with pytest.raises(ValueError, match="`model` must give logits"):
        scores.get("grasp")(model, seen)
    with pytest.raises(ValueError, match="`temperature` must be positive"):
        scores.Grasp(0)


def test_models_of_several_inputs_and_outputs_are_differentiated(keras):
    layers = keras.layers
    a, b = layers.Input((2,), name="a"), layers.Input((3,), name="b")
    x = layers.Concatenate()([a, b])
    outputs = {"y": layers.Dense(2)(x), "z": layers.Dense(1, activation="sigmoid")(x)}
    model = keras.Model({"a": a, "b": b}, outputs)
    inputs = {"a": np.ones((4, 2), "f"), "b": np.ones((4, 3), "f")}
    targets = {"y": np.zeros(4, "i"), "z": np.ones((4, 1), "f")}
    made = keras.losses
    loss = {"y": made.SparseCategoricalCrossentropy(from_logits=True), "z": "binary_crossentropy"}
    found = scores.get("snip")(model, evidence(model, (inputs, targets), loss))
    assert all((s > 0).any() for s in found.values())
    loss["z"] = made.BinaryCrossentropy(from_logits=True)
    with pytest.raises(ValueError, match="output 1 is probabilities"):
        scores.get("snip")(model, evidence(model, (inputs, targets), loss))


def test_the_model_is_restored_even_if_the_loss_fails(classifier):
    def failing(targets, outputs):
        raise RuntimeError("no loss today")

    before = weights.read_all(classifier)
    doubled = {p: 2 * w for p, w in weights.read(classifier).items()}
    with pytest.raises(RuntimeError, match="no loss today"):
        scores.get("snip")(classifier, Evidence(doubled, batch=BATCH, loss=failing))
    assert all(np.array_equal(before[p], v) for p, v in weights.read_all(classifier).items())


def test_weights_of_the_evidence_are_scored_not_those_of_the_model(classifier):
    moved = {p: w + 0.1 for p, w in weights.read(classifier).items()}
    seen = Evidence(moved, batch=BATCH, loss=crossentropy)
    found = scores.get("snip")(classifier, seen)
    weights.write(classifier, moved)
    there = scores.get("snip")(classifier, seen)
    assert all(np.array_equal(found[p], there[p]) for p in found)


def test_a_model_that_was_scored_can_be_forgotten(keras, networks):
    score, model = scores.Snip(), networks.dense(keras, [4, 5, 3])
    score(model, evidence(model, (BATCH[0].astype("f"), BATCH[1])))
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None
