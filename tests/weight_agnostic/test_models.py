import os
import subprocess
import sys

import numpy as np
import pytest

from tfticket import controls, export, weights
from tfticket.callbacks import EnforceMasks
from tfticket.weight_agnostic import ACTIVATIONS, Champion, Networks, keras_model, ticket_of


def every_activation():
    """Six inputs, each activation once on a first level, each again on a second."""
    names = list(ACTIVATIONS)
    first, second = (range(10 + k * len(names), 10 + (k + 1) * len(names)) for k in (0, 1))
    pairs = [(1 + n % 6, node) for n, node in enumerate(first)] + [(0, 10), (0, 13)]
    pairs += [*zip(first, second, strict=True), (first[2], second[7])]
    pairs += [(node, 7 + n % 3) for n, node in enumerate(second)] + [(0, 8), (4, 9)]
    sources, targets = (list(column) for column in zip(*pairs, strict=True))
    return Champion(6, 3, sources, targets, names * 2)


@pytest.fixture(params=["every", "grown", "bare"])
def champion(request, grown):
    if request.param == "every":
        return every_activation()
    return Champion.of(grown(num_generations=60 if request.param == "grown" else 0), 5)


@pytest.fixture(scope="module")
def inputs():
    return np.random.default_rng(5).normal(size=(40, 6)).astype(np.float32)


def test_the_model_computes_what_the_population_does(keras, champion, inputs):
    for weight in (-1.5, 0.7):
        model = keras_model(champion, weight, keras=keras)
        expected = Networks(champion.genomes, np.array([weight])).outputs(inputs)[0, 0]
        found = np.asarray(model(inputs))
        np.testing.assert_allclose(found, expected, rtol=2e-4, atol=2e-4)


def test_images_and_probabilities(keras, champion, inputs):
    model = keras_model(champion, 1.0, keras=keras, input_shape=(2, 3, 1), probabilities=True)
    logits = np.asarray(keras_model(champion, 1.0, keras=keras)(inputs)).astype(np.float64)
    expected = np.exp(logits - logits.max(axis=1, keepdims=True))
    found = np.asarray(model(inputs.reshape(-1, 2, 3, 1)))
    np.testing.assert_allclose(
        found, expected / expected.sum(axis=1, keepdims=True), rtol=1e-3, atol=1e-5
    )


def test_another_number_of_inputs_is_refused(keras):
    with pytest.raises(ValueError, match=r"inputs, 6. Received: input_shape=\(2, 2\)"):
        keras_model(every_activation(), 1.0, keras=keras, input_shape=(2, 2))


def test_every_connection_is_one_kept_weight(keras, champion):
    model = keras_model(champion, 0.5, keras=keras)
    ticket = ticket_of(champion, model, 0.5, round=1)
    assert ticket.masks.num_kept == champion.num_connections
    held = np.concatenate([a.ravel() for a in weights.read_all(model).values()])
    assert set(np.unique(held)) <= {0.0, 0.5}
    assert np.count_nonzero(held) == champion.num_connections
    other = controls.make("shuffle_mask", ticket, model, seed=0)
    assert other.masks.num_kept == champion.num_connections
    assert {float(v) for a in other.start_weights.values() for v in np.unique(a)} <= {0.0, 0.5}


@pytest.mark.long
def test_a_saved_model_is_loaded_without_this_package(keras, tmp_path, inputs):
    model = keras_model(every_activation(), 1.2, keras=keras)
    model.save(tmp_path / "model.keras")
    np.save(tmp_path / "x.npy", inputs)
    script = (
        f"import numpy as np, sys, {keras.__name__} as keras\n"
        f"model = keras.models.load_model(r'{tmp_path}/model.keras')\n"
        f"np.save(r'{tmp_path}/y.npy', np.asarray(model(np.load(r'{tmp_path}/x.npy'))))\n"
        "assert 'tfticket' not in sys.modules\n"
    )
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    subprocess.run([sys.executable, "-c", script], check=True, env=environment)
    np.testing.assert_allclose(
        np.load(tmp_path / "y.npy"), np.asarray(model(inputs)), rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize("name", ["every", "grown"])
def test_it_is_exported_and_the_file_computes_the_same(keras, name, grown, inputs, tmp_path):
    champion = every_activation() if name == "every" else Champion.of(grown(), 5)
    model = keras_model(champion, 0.9, keras=keras)
    report = export.tflite(model, tmp_path / "model.tflite", inputs=inputs, verify=True)
    assert all(check.relative_diff < 1e-4 for check in report.kept)


def test_connections_are_trained_and_no_others(keras, inputs):
    champion = every_activation()
    model = keras_model(champion, 0.5, keras=keras)
    ticket = ticket_of(champion, model, 0.5)
    model.compile("sgd", "mse")
    before = weights.read_all(model)
    model.fit(inputs, np.ones((40, 3)), epochs=2, verbose=0, callbacks=[EnforceMasks(ticket)])
    after = weights.read_all(model)
    for path, mask in ticket.masks_for(model).items():
        assert not after[path][~mask].any()
    assert any((after[p] != before[p]).any() for p in after)
