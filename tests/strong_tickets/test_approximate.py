from __future__ import annotations

import sys

import numpy as np
import pytest

from tfticket import strong_tickets, weights
from tfticket.strong_tickets.network import own_neurons


def effective(ticket, gadget):
    """The kernel and bias that what is left of a gadget stands for."""
    start = ticket.start_weights
    first = start[f"{gadget.first}/kernel"]
    first = first.reshape(first.shape[-2:]).astype(np.float64)
    second = start[f"{gadget.second}/kernel"].astype(np.float64)
    flat = second.reshape(-1, *second.shape[-2:])
    size, signs = gadget.candidates, []
    for sign in range(gadget.num_signs):
        columns = own_neurons(gadget)[1][:, sign * size : (sign + 1) * size]
        rows = np.arange(len(columns))[:, None]
        signs.append(np.einsum("ik,piko->pio", first[rows, columns], flat[:, columns]))
    bias = None
    if gadget.has_bias:
        bias = start[f"{gadget.first}/bias"][-size:] @ flat[gadget.tap, -size:]
    return [s.reshape(gadget.shape) for s in signs], bias


def test_what_is_left_stands_for_the_weights(target, images):
    held = weights.read_all(target)
    found = strong_tickets.approximate(target, 14, seed=3)
    gadgets = strong_tickets.gadgets(target, 14, nonnegative_inputs=False)
    for row in found.report.layers:
        signs, bias = effective(found.ticket, gadgets[row.path])
        errors = [np.abs(s - held[f"{row.path}/kernel"]).ravel() for s in signs]
        if bias is not None:
            errors.append(np.abs(bias - held[f"{row.path}/bias"]))
        errors = np.concatenate(errors)
        assert errors.mean() == pytest.approx(row.mean_error, rel=1e-3, abs=1e-9)
        assert errors.max() == pytest.approx(row.max_error, rel=1e-3, abs=1e-9)
        assert row.mean_error < 0.02 * row.largest
    assert len(effective(found.ticket, gadgets["rows"])[0]) == 2
    for path, array in weights.read_all(target).items():  # left as it is
        np.testing.assert_array_equal(array, held[path])


def test_more_candidates_bring_the_outputs_closer(target, images):
    expected = np.asarray(target(images))
    differences = []
    for candidates in (4, 10, 18):
        found = strong_tickets.approximate(target, candidates, seed=1)
        differences.append(np.abs(np.asarray(found.model(images)) - expected).mean())
    assert differences[2] < 0.02 * np.abs(expected).mean()
    assert differences[2] < 0.1 * differences[1] < 0.1 * differences[0]


def test_nothing_is_trained_and_what_is_pruned_is_zero(target, images):
    found = strong_tickets.approximate(target, 6, seed=2)
    gadgets = strong_tickets.gadgets(target, 6, nonnegative_inputs=False)
    network = strong_tickets.random_network(target, gadgets)
    left = weights.read_all(found.model)
    assert set(left) == set(found.ticket.masks)  # nothing else has weights
    for path, mask in found.ticket.masks.items():
        random = found.ticket.weights[path]
        assert len(np.unique(random)) > 0.99 * random.size
        np.testing.assert_array_equal(left[path], random * mask)
    found.ticket.apply(network)
    np.testing.assert_array_equal(network(images), found.model(images))
    assert found.report.num_weights == found.ticket.masks.num_weights
    assert found.report.num_kept == found.ticket.masks.num_kept


def test_a_candidate_that_no_sum_takes_is_pruned_too(target):
    found = strong_tickets.approximate(target, 6, seed=2)
    first = found.ticket.masks["hidden/hidden_candidates/kernel"]
    second = found.ticket.masks["hidden/hidden_sums/kernel"]
    bias = found.ticket.masks["hidden/hidden_candidates/bias"]
    np.testing.assert_array_equal(first.any(0) | bias, second.any(1))
    assert (first.sum(0) <= 1).all()  # a candidate belongs to one input
    assert not (first.any(0) & bias).any()


def test_weights_that_are_zero_stay_so(keras):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="one")])
    kernel = np.float32([[0, 0.5], [0, 0], [0, -0.25]])
    weights.write(model, {"one/kernel": kernel, "one/bias": np.zeros(2)})
    found = strong_tickets.approximate(model, 10)
    sums = found.ticket.masks["one/one_sums/kernel"]
    assert not sums[:, 0].any()
    nothing = weights.read_all(model)
    weights.write(model, {p: np.zeros_like(a) for p, a in nothing.items()})
    assert strong_tickets.approximate(model, 10).report.num_kept == 0


def test_it_is_the_same_in_blocks_of_any_size_and_for_any_seed_its_own(target, monkeypatch):
    whole = strong_tickets.approximate(target, 6, seed=0).ticket.masks
    other = strong_tickets.approximate(target, 6, seed=1).ticket.masks
    module = sys.modules[strong_tickets.approximate.__module__]
    monkeypatch.setattr(module, "_NUM_PRODUCTS", 1)
    again = strong_tickets.approximate(target, 6, seed=0).ticket.masks
    for path, mask in whole.items():
        np.testing.assert_array_equal(mask, again[path])
    assert not np.array_equal(whole["rows/rows_sums/kernel"], other["rows/rows_sums/kernel"])


def test_a_convolution_over_steps_and_a_causal_one_are_found_too(keras):
    layers = keras.layers
    x = np.random.default_rng(0).normal(size=(4, 9, 3)).astype(np.float32)
    for padding in ("causal", "same"):
        conv = layers.Conv1D(5, 3, padding=padding, bias_initializer="random_normal")
        model = keras.Sequential([layers.Input((9, 3)), conv, layers.ReLU()])
        expected = np.asarray(model(x))
        found = strong_tickets.approximate(model, 18)
        differences = np.abs(np.asarray(found.model(x)) - expected)
        assert np.median(differences) < 1e-4 * expected.max()
        assert differences.mean() < 0.01 * expected.max()


def test_it_is_compiled_as_the_target_is(keras, target, images):
    target.compile("sgd", "mse", metrics=["mae"])
    found = strong_tickets.approximate(target, 4)
    assert len(found.model.evaluate(images, np.zeros((5, 3)), verbose=0)) == 2
    assert str(found.report).endswith("4 candidates for each weight")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"candidates": 0}, "`candidates` must be a whole number, between 1 and 32"),
        ({"candidates": 2.5}, "`candidates` must be a whole number.*candidates=2.5"),
        ({"scale": 0.0}, "`scale` must be above 0 and finite"),
        ({"scale": float("inf")}, "`scale` must be above 0 and finite"),
        ({"seed": -1}, "`seed` must be a whole number"),
        ({"seed": "a"}, "`seed` must be a whole number"),
    ],
)
def test_settings_out_of_range_are_refused(target, given, said):
    with pytest.raises(ValueError, match=said):
        strong_tickets.approximate(target, **given)


def test_a_target_with_weights_that_are_not_finite_is_refused(target):
    path, kernel = next(iter(weights.read(target).items()))
    weights.write(target, {path: np.full_like(kernel, np.inf)})
    with pytest.raises(ValueError, match=f"must have finite weights.*{path}"):
        strong_tickets.approximate(target, 4)


def test_a_leaky_activation_and_one_that_is_a_layer_are_approximated(keras):
    """What follows it needs candidates of both signs."""
    keras.utils.set_random_seed(0)
    layers = keras.layers
    leaky = layers.ReLU(negative_slope=0.3)
    stack = [layers.Input((12,)), layers.Dense(8, activation=leaky, name="first")]
    model = keras.Sequential([*stack, layers.Dense(3, name="last")])
    x = np.random.default_rng(0).normal(size=(50, 12)).astype(np.float32)
    found = strong_tickets.approximate(model, np.int64(20))
    assert np.abs(np.asarray(found.model(x)) - np.asarray(model(x))).max() < 0.05
