"""Wanda: weights times the norms of what they are multiplied with."""

import numpy as np
import pytest

from tfticket import prune, schedules, scores, weights


def _model(keras):
    keras.utils.set_random_seed(0)
    inputs = keras.layers.Input((6, 6, 2))
    x = keras.layers.Conv2D(4, 3, padding="same", activation="relu", name="conv")(inputs)
    x = keras.layers.Flatten()(x)
    return keras.Model(inputs, keras.layers.Dense(3, name="dense")(x))


def _batches():
    rng = np.random.default_rng(0)
    return [(rng.normal(size=(5, 6, 6, 2)).astype("f4"), None) for _ in range(3)]


def test_the_score_is_its_formula_over_all_batches(keras):
    model, batches = _model(keras), _batches()
    own = weights.read(model)
    found = scores.get("wanda")(model, scores.Evidence(own, batch=batches))
    images = np.concatenate([x for x, _ in batches])
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    squares = np.zeros((3, 3, 2))
    for i in range(3):
        for j in range(3):
            squares[i, j] = np.square(padded[:, i : i + 6, j : j + 6]).sum((0, 1, 2))
    expected = np.abs(own["conv/kernel"]) * np.sqrt(squares)[..., None]
    assert np.allclose(found["conv/kernel"], expected, rtol=1e-5)
    inner = keras.Model(model.input, model.layers[-2].output)(images).numpy()
    norms = np.linalg.norm(inner, axis=0)[:, None]
    assert np.allclose(found["dense/kernel"], np.abs(own["dense/kernel"]) * norms, rtol=1e-5)


def test_the_weights_of_the_evidence_count(keras):
    model, batches = _model(keras), _batches()
    own = weights.read(model)
    halved = {**own, "conv/kernel": own["conv/kernel"] * 0}
    found = scores.get("wanda")(model, scores.Evidence(halved, batch=batches))
    assert not found["conv/kernel"].any()
    assert np.ptp(found["dense/kernel"] / np.abs(own["dense/kernel"]), axis=1).max() < 1e-5
    assert np.array_equal(weights.read(model)["conv/kernel"], own["conv/kernel"])


def test_it_is_ranked_within_each_output(keras):
    model = _model(keras)
    ticket = prune(
        model,
        score="wanda",
        scope="output",
        schedule=schedules.OneShot(0.5),
        evidence=scores.Evidence({}, batch=_batches()),
    )
    assert (ticket.masks["conv/kernel"].sum((0, 1, 2)) == 9).all()
    assert (ticket.masks["dense/kernel"].sum(0) == 72).all()


def test_what_has_no_inputs_to_see_is_named(keras):
    inputs = keras.layers.Input((4, 3))
    model = keras.Model(inputs, keras.layers.GRU(2, name="gru")(inputs))
    evidence = scores.Evidence(weights.read(model), batch=(np.ones((1, 4, 3), "f4"), None))
    with pytest.raises(ValueError, match=r"`prunable` must name kernels.*gru.*exclude"):
        scores.get("wanda")(model, evidence)


def test_layers_that_are_never_called_are_named(keras):
    class Idle(keras.Model):
        def __init__(self):
            super().__init__()
            self.used, self.idle = keras.layers.Dense(2), keras.layers.Dense(2, name="idle")
            self.idle.build((None, 3))

        def call(self, inputs):
            return self.used(inputs)

    model = Idle()
    model(np.ones((1, 3), "f4"))
    evidence = scores.Evidence(weights.read(model), batch=(np.ones((1, 3), "f4"), None))
    with pytest.raises(ValueError, match="did not call those of.*idle"):
        scores.get("wanda")(model, evidence)
