"""SynFlow against an independent computation, conservation, and what it must not do."""

import gc
import warnings
import weakref

import numpy as np
import pytest

from tfticket import scores, weights
from tfticket.pruning import prune
from tfticket.schedules import Exponential
from tfticket.tracing import SynapticFlow


def synflow(model, **settings):
    return scores.SynFlow(**settings)(model, scores.Evidence(weights.read(model)))


def relative_difference(found, expected):
    return max(float(np.max(np.abs(f / e - 1))) for f, e in zip(found, expected, strict=True))


@pytest.mark.parametrize("head", [None, "softmax", "sigmoid"])
def test_dense_networks_agree_with_matrix_products_whatever_their_head(keras, networks, head):
    model = networks.dense(keras, [7, 6, 5, 4], head)
    expected = networks.flow_of_dense(list(weights.read(model).values()))
    assert relative_difference(synflow(model).values(), expected) < 1e-13


def test_deep_networks_do_not_overflow(keras, networks):
    """R is about 1e48 here, beyond float32; ResNet-50 and VGG-19 are of this kind."""
    model = networks.dense(keras, [50] + [50] * 60 + [10])
    expected = networks.flow_of_dense(list(weights.read(model).values()))
    assert sum(e.sum() for e in expected) > 1e45
    assert relative_difference(synflow(model).values(), expected) < 1e-12


def test_as_much_flows_into_a_unit_as_out_of_it(keras, networks):
    first, second, output = synflow(networks.convolutional(keras)).values()
    np.testing.assert_allclose(first.sum((0, 1, 2)), second.sum((0, 1, 3)), rtol=1e-12)
    np.testing.assert_allclose(second.sum((0, 1, 2)), output.sum(1), rtol=1e-12)


def test_as_much_flows_through_every_layer(keras, networks):
    totals = [s.sum() for s in synflow(networks.convolutional(keras)).values()]
    np.testing.assert_allclose(totals, totals[0], rtol=1e-12)


def test_biases_count_with_their_absolute_value_or_not_at_all(keras, networks):
    model = networks.dense(keras, [3, 4, 2])
    plain = synflow(model)
    for layer in model.layers[1:]:
        kernel, bias = layer.get_weights()
        layer.set_weights([kernel, bias - 1])
    first, last = synflow(model).values()
    w1, w2 = (np.abs(w.astype(np.float64)) for w in weights.read(model).values())
    np.testing.assert_allclose(last, (np.ones(3) @ w1 + 1)[:, None] * w2, rtol=1e-13)
    np.testing.assert_allclose(first, w1 * w2.sum(1), rtol=1e-13)
    without = synflow(model, biases=False)
    assert all(np.array_equal(without[p], plain[p]) for p in plain)


def test_normalisation_statistics_are_taken_absolute(keras, networks):
    model = networks.convolutional(keras)
    normalisation = next(v for v in model.layers if "batch" in v.name)
    gamma, beta, mean, variance = normalisation.get_weights()
    normalisation.set_weights([-2 * gamma, beta, mean, 9 * variance])
    changed = synflow(model)
    normalisation.set_weights([2 * gamma, beta, mean, 9 * variance])
    assert all(np.array_equal(changed[p], s) for p, s in synflow(model).items())


def test_scoring_leaves_no_trace_in_the_model(keras, networks):
    model = networks.convolutional(keras, "softmax", "tanh")
    x = np.random.default_rng(0).normal(size=(4, 8, 8, 2)).astype(np.float32)
    before, said = weights.read_all(model), model.predict(x, verbose=0)
    attributes = [dict(vars(layer)) for layer in model.layers]
    with pytest.warns(scores.NonHomogeneousWarning):
        synflow(model)
    assert all(np.array_equal(before[p], v) for p, v in weights.read_all(model).items())
    assert np.array_equal(said, model.predict(x, verbose=0))
    activations = [vars(layer).get("activation") for layer in model.layers]
    assert activations == [a.get("activation") for a in attributes]
    assert [set(vars(v)) for v in model.layers] == [set(a) for a in attributes]


def test_a_model_that_was_scored_can_be_forgotten(keras, networks):
    score, model = scores.SynFlow(), networks.dense(keras, [3, 4, 2])
    score(model, scores.Evidence(weights.read(model)))
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None and len(score._flows) == 0


def test_a_hundred_rounds_trace_the_model_once(networks):
    import keras

    score, model = scores.SynFlow(), networks.convolutional(keras)
    prune(model, score=score, scope="global", schedule=Exponential(0.9), rounds=100)
    ((_, flow),) = score._flows.values()
    assert flow._measure.experimental_get_tracing_count() == 1


def test_weights_of_the_evidence_are_scored_not_those_of_the_model(keras, networks):
    model, score = networks.dense(keras, [3, 4, 2]), scores.SynFlow()
    for factor in (1, 0, 2):
        scaled = {p: factor * w for p, w in weights.read(model).items()}
        expected = networks.flow_of_dense(list(scaled.values()))
        found = score(model, scores.Evidence(scaled))
        assert all(np.allclose(f, e, 1e-13) for f, e in zip(found.values(), expected, strict=True))


def test_a_smaller_input_reaches_further_and_ranks_alike(keras, networks):
    model = networks.dense(keras, [30] + [30] * 8 + [5])
    huge = {p: w * np.float32(1e36) for p, w in weights.read(model).items()}
    with pytest.raises(ValueError, match=r"range of float64.*input_value=1e-150.*R=inf"):
        scores.SynFlow()(model, scores.Evidence(huge))
    scaled = scores.SynFlow(input_value=1e-150)(model, scores.Evidence(huge))
    for small, plain in zip(scaled.values(), synflow(model).values(), strict=True):
        np.testing.assert_allclose(small / small.max(), plain / plain.max(), rtol=1e-6)


def test_not_a_number_is_an_error(keras, networks):
    model = networks.dense(keras, [3, 4, 2])
    broken = {p: w * np.float32("nan") for p, w in weights.read(model).items()}
    with pytest.raises(ValueError, match="Check its weights for NaN"):
        scores.SynFlow()(model, scores.Evidence(broken))


def test_a_model_that_lets_nothing_through_is_an_error(keras, networks):
    model = networks.convolutional(keras)
    normalisation = next(v for v in model.layers if "batch" in v.name)
    gamma, beta, mean, variance = normalisation.get_weights()
    normalisation.set_weights([gamma, beta, mean + 1e9, variance])
    with pytest.raises(ValueError, match="must let something through"):
        synflow(model)
    assert sum(s.sum() for s in synflow(model, biases=False).values()) > 0


def test_a_network_cut_by_its_mask_scores_zero_without_complaint(keras, networks):
    model = networks.dense(keras, [3, 4, 2])
    cut = weights.read(model)
    cut[next(iter(cut))][:] = 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = scores.SynFlow()(model, scores.Evidence(cut))
    assert all((s == 0).all() for s in found.values())


def test_the_input_value_must_be_positive():
    with pytest.raises(ValueError, match="`input_value` must be positive"):
        scores.SynFlow(input_value=0.0)


def traced(monkeypatch):
    """A list with an entry for every flow that is traced."""
    made = []
    own = SynapticFlow.__init__
    monkeypatch.setattr(
        SynapticFlow, "__init__", lambda self, *a, **k: made.append(1) or own(self, *a, **k)
    )
    return made


def search(model):
    return prune(model, score="synflow", scope="global", schedule=Exponential(0.5), rounds=2)


def test_a_second_search_on_the_same_model_traces_nothing_again(keras, networks, monkeypatch):
    model, made = networks.convolutional(keras), traced(monkeypatch)
    first, second = search(model), search(model)
    assert first.masks == second.masks
    assert len(made) == 1


def test_a_model_that_would_be_traced_otherwise_is_traced_again(keras, networks, monkeypatch):
    layers, made = keras.layers, traced(monkeypatch)
    normalized = layers.Normalization(name="normalized")
    normalized.adapt(np.array([[1.0, 2.0], [3.0, 5.0]]))
    dense = layers.Dense(4, activation="relu", name="hidden")
    model = keras.Sequential([layers.Input((2,)), normalized, dense, layers.Dense(3, name="out")])
    with pytest.warns(scores.NonHomogeneousWarning):
        synflow(model)
    normalized.adapt(np.array([[1.0, 2.0], [3.0, 9.0]]))
    with pytest.warns(scores.NonHomogeneousWarning):
        synflow(model)
    assert len(made) == 2
    dense.activation = keras.activations.linear
    with pytest.warns(scores.NonHomogeneousWarning):
        synflow(model)
    assert len(made) == 3


class Own:
    """What a layer of one's own computes, of whatever Keras."""

    def call(self, inputs):
        return inputs * self.factor


def double(x):
    return 2 * x


@pytest.mark.parametrize("kind", ["layer", "function", "Lambda"])
def test_what_keras_does_not_know_is_traced_in_every_search(keras, monkeypatch, kind):
    layers, made = keras.layers, traced(monkeypatch)
    own = type("Own", (Own, layers.Layer), {"factor": 1.0})()
    own = {"layer": own, "function": layers.Activation(double), "Lambda": layers.Lambda(double)}
    model = keras.Sequential([layers.Input((2,)), own[kind], layers.Dense(3, name="out")])
    synflow(model)
    if kind == "layer":
        own[kind].factor = np.array([1.0, 3.0], np.float32)
    found = synflow(model)["out/kernel"]
    assert len(made) == 2
    factors = {"layer": [1, 3], "function": [2, 2], "Lambda": [2, 2]}
    expected = np.abs(weights.read(model)["out/kernel"]) * np.array(factors[kind])[:, None]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_a_weight_that_is_shared_by_hand_meanwhile_is_seen(monkeypatch):
    keras = pytest.importorskip("tf_keras")  # Keras 3 does not let it be
    layers, made = keras.layers, traced(monkeypatch)
    inner, out = (layers.Dense(3, name=name) for name in ("inner", "out"))
    model = keras.Sequential([layers.Input((3,)), inner, out])
    synflow(model)
    out.bias = inner.bias
    assert set(synflow(model)) == {"inner/kernel", "out/kernel"}
    assert len(made) == 2


def test_each_search_says_what_lets_nothing_through(keras):
    inputs = keras.Input((3,))
    hidden = keras.layers.Dense(4, use_bias=False, name="hidden")(inputs)
    outputs = [keras.layers.Dense(2, use_bias=False, name=n)(hidden) for n in ("a", "b")]
    model = keras.Model(inputs, outputs)
    synflow(model)
    changed = {p: w * (p != "b/kernel") for p, w in weights.read(model).items()}
    with pytest.warns(scores.NonHomogeneousWarning, match="nothing flows.*b/kernel"):
        scores.SynFlow()(model, scores.Evidence(changed))


def test_a_model_that_does_not_list_its_layers_is_traced_in_every_search(
    keras, networks, monkeypatch
):
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(3, name="out")

        def call(self, inputs):
            return self.dense(inputs)

    model, made = Own(), traced(monkeypatch)
    model(np.ones((1, 4), np.float32))
    evidence = scores.Evidence(weights.read(model), batch=(np.ones((2, 4), np.float32), None))
    for count in (1, 2):
        scores.SynFlow()(model, evidence)
        assert len(made) == count
