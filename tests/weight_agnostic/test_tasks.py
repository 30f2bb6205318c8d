import numpy as np
import pytest

from tfticket.weight_agnostic import Networks, Supervised
from tfticket.weight_agnostic.tasks import accuracy, log_likelihood, minus_squared_error

OUTPUTS = np.random.default_rng(0).normal(size=(5, 3, 6, 8)).astype(np.float32) * 30
CLASSES = np.arange(8) % 3


def test_log_likelihood_is_that_of_the_right_class():
    exact = OUTPUTS.astype(np.float64)
    shares = np.exp(exact) / np.exp(exact).sum(axis=1, keepdims=True)
    found = log_likelihood(OUTPUTS.copy(), CLASSES)
    assert found.shape == (5, 6, 8)
    for e, c in enumerate(CLASSES):
        np.testing.assert_allclose(found[..., e], np.log(shares[:, c, :, e]), rtol=1e-4, atol=1e-5)


def test_accuracy_and_squared_error_are_of_each_example():
    right = OUTPUTS.argmax(axis=1) == CLASSES
    np.testing.assert_array_equal(accuracy(OUTPUTS, CLASSES), right)
    targets = np.random.default_rng(1).normal(size=(8, 3)).astype(np.float32)
    found = minus_squared_error(OUTPUTS.copy(), targets)
    np.testing.assert_allclose(
        found[2, 4, 7], -np.square(OUTPUTS[2, :, 4, 7] - targets[7]).mean(), rtol=1e-5
    )


@pytest.fixture
def task():
    x = np.random.default_rng(0).normal(size=(50, 2, 3))
    y = np.arange(50) % 3
    return Supervised(x[:40], y[:40], x[40:], y[40:], num_outputs=3, batch_size=10)


def test_a_generation_is_judged_on_examples_of_its_own(task, grown, weights):
    networks = Networks(grown(), weights)
    first = task.rewards(networks, 0)
    np.testing.assert_array_equal(first, task.rewards(networks, 0))
    assert (first != task.rewards(networks, 1)).any()


def test_validation_is_always_on_the_same_examples(task, grown, weights):
    x = np.random.default_rng(0).normal(size=(50, 2, 3)).astype(np.float32)
    networks = Networks(grown(), weights)
    outputs = networks.outputs(x[40:].reshape(10, 6))
    expected = log_likelihood(np.moveaxis(outputs, -1, 1).copy(), np.arange(40, 50) % 3)
    np.testing.assert_allclose(task.validate(networks), expected.mean(axis=-1), rtol=1e-5)


def test_a_reward_of_ones_own_will_do(grown, weights):
    def largest(outputs, targets):
        return outputs.max(axis=1) - targets

    x, y = np.ones((4, 6)), np.arange(4)
    task = Supervised(x, y, x, y, num_outputs=3, reward=largest)
    networks = Networks(grown(), weights)
    expected = networks.outputs(x).max(axis=-1).mean(axis=-1) - 1.5
    np.testing.assert_allclose(task.validate(networks), expected, rtol=1e-5)


def examples(number=4, **other):
    x, y = np.ones((number, 6), np.float32), np.arange(number) % 3
    given = {"inputs": x, "targets": y, "validation_inputs": x, "validation_targets": y}
    return {**given, "num_outputs": 3, **other}


NOT_FINITE = np.full((4, 6), np.nan)
VALUES = np.zeros((4, 3), np.float32)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"inputs": NOT_FINITE}, "`inputs` must be finite"),
        ({"validation_inputs": NOT_FINITE}, "`validation_inputs` must be finite"),
        ({"validation_inputs": np.ones((4, 5))}, "`validation_inputs` must have 6 values"),
        ({"targets": np.arange(3)}, r"`targets` must be as many.* \(4, 6\) and \(3,\)"),
        ({"inputs": np.ones((0, 6)), "targets": np.arange(0)}, "at least one"),
        ({"targets": np.arange(4.0)}, "whole numbers of shape .* Received: float64 of shape"),
        ({"targets": np.arange(4)[:, None]}, r"whole numbers of shape .* of shape \(4, 1\)"),
        ({"targets": np.arange(4)}, "below 3, for 'log_likelihood'. Received: 0 to 3"),
        ({"targets": np.arange(4) - 1}, "Received: -1 to 2"),
        ({"targets": np.eye(3)[[0, 1, 2, 0]], "reward": "accuracy"}, "whole numbers"),
        ({"reward": "minus_squared_error"}, r"finite values of shape \[examples, 3\]"),
        ({"reward": "minus_squared_error", "targets": VALUES + np.nan}, "some of them not finite"),
        ({"reward": "mse"}, "`reward` must be one of .* Received: reward='mse'"),
        ({"num_outputs": 0}, "at least 1"),
        ({"batch_size": 0}, "at least 1. Received: num_outputs=3, batch_size=0"),
    ],
)
def test_examples_that_a_reward_cannot_judge_are_refused(given, said):
    with pytest.raises(ValueError, match=said):
        Supervised(**examples(**given))
