"""What every score promises, whatever it computes."""

import dataclasses
import warnings

import numpy as np
import pytest

from tfticket import scores, weights
from tfticket.scores import SCORES, Evidence

RNG = np.random.default_rng(0)
BATCH = (RNG.normal(size=(4, 8, 8, 2)).astype(np.float32), np.array([0, 1, 2, 0]))


@pytest.fixture
def model(keras, networks):
    return networks.convolutional(keras)


@pytest.fixture
def evidence(keras, model):
    """Everything a score may ask for."""
    present = weights.read(model)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    noise = {p: w + RNG.normal(0, 2, w.shape).astype(w.dtype) for p, w in present.items()}
    movement = {p: n - w for (p, w), n in zip(present.items(), noise.values(), strict=True)}
    given = {"batch": BATCH, "loss": loss, "seed": 0, "movement": movement}
    return Evidence(present, rewind_points={0: noise}, **given)


@pytest.mark.parametrize("name", sorted(SCORES))
def test_every_score_keeps_the_contract(model, evidence, name):
    before = weights.read_all(model)
    untouched = {p: w.copy() for p, w in evidence.weights.items()}
    score = scores.get(name)
    found = score(model, evidence)
    assert list(found) == list(evidence.weights)
    for path, array in found.items():
        assert array.shape == evidence.weights[path].shape
        assert array.dtype in (np.float32, np.float64) and np.isfinite(array).all()
        assert np.unique(array).size > 1
    after = weights.read_all(model)
    assert all(np.array_equal(before[p], after[p]) for p in before)
    assert all(np.array_equal(untouched[p], w) for p, w in evidence.weights.items())
    declared = {n: getattr(evidence, n) for n in score.needs}
    again = score(model, evidence)
    other = scores.get(name)(model, Evidence(evidence.weights, **declared))
    assert all(np.array_equal(found[p], again[p]) for p in found)
    assert all(np.array_equal(found[p], other[p]) for p in found)


@pytest.mark.parametrize("name", sorted(SCORES))
def test_every_score_names_the_evidence_it_lacks(model, evidence, name):
    for need in scores.get(name).needs:
        empty = {} if need == "rewind_points" else None
        lacking = dataclasses.replace(evidence, **{need: empty})
        with pytest.raises(ValueError, match=rf"`evidence` must have {need}: the score"):
            scores.get(name)(model, lacking)


@pytest.mark.parametrize("name", sorted(set(SCORES) - {"random"}))
def test_every_score_sees_zeros_where_weights_are_masked(model, evidence, name):
    """Scores of weights under a mask are those of the weights with zeros in their place."""
    masks = {p: RNG.random(w.shape) < 0.7 for p, w in evidence.weights.items()}
    zeros = {p: np.where(masks[p], w, 0).astype(w.dtype) for p, w in evidence.weights.items()}
    lazily = scores.MaskedWeights(evidence.weights, masks)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", scores.NonHomogeneousWarning)
        first = scores.get(name)(model, dataclasses.replace(evidence, weights=lazily, masks=masks))
        second = scores.get(name)(model, dataclasses.replace(evidence, weights=zeros, masks=masks))
    assert all(np.array_equal(first[p][masks[p]], second[p][masks[p]]) for p in masks)
