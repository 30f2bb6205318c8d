import numpy as np
import pytest

from tfticket.weight_agnostic import Champion, Networks, tuned_weight, verdict_on
from tfticket.weight_agnostic.verdicts import ensemble_accuracy, reward_by_weight

#: One input, two outputs: x goes to the first output, the bias to the second.
DIRECT = Champion(1, 2, [1, 0], [2, 3], [])
X = np.array([[0.5], [2.0], [3.0], [-1.0]])
Y = np.array([1, 0, 0, 1])  # the first output is larger where x > 1, for positive weights


def test_rewards_are_of_each_weight():
    found = reward_by_weight(DIRECT, X, Y, np.array([-1.0, 1.0, 2.0]))
    assert found.tolist() == [0.0, 1.0, 1.0]


def test_the_best_weight_is_found_on_a_grid():
    target = np.stack([1.37 * X[:, 0], np.full(4, 1.37)], axis=1).astype(np.float32)
    found = tuned_weight(DIRECT, X, target, "minus_squared_error")
    assert found == pytest.approx(1.37, abs=0.006)


def test_a_verdict_has_every_figure():
    found = verdict_on(
        DIRECT, X, Y, reward="accuracy", shared_weights=np.array([-2.0, 1.0, 2.0]), tuned=0.3
    )
    assert found.by_weight == {"-2": 0.0, "1": 1.0, "2": 1.0}
    assert (found.best, found.tuned, found.tuned_weight) == (1.0, 1.0, 0.3)
    assert found.mean == pytest.approx(2 / 3)
    assert 0.3 < found.random < 0.7
    assert 0.4 < found.random_deviation < 0.6
    assert found.to_dict()["by_weight"]["-2"] == 0.0


def test_the_ensemble_is_of_mean_probabilities(grown):
    champion = Champion.of(grown(), 2)
    x = np.random.default_rng(0).normal(size=(200, 6))
    y = np.arange(200) % 3
    weights = np.array([-1.0, 0.5, 2.0])
    outputs = Networks(champion.genomes, weights).outputs(x)[0].astype(np.float64)
    shares = np.exp(outputs - outputs.max(axis=-1, keepdims=True))
    mean = (shares / shares.sum(axis=-1, keepdims=True)).mean(axis=0)
    expected = (mean.argmax(axis=-1) == y).mean()
    assert ensemble_accuracy(champion, x, y, weights) == pytest.approx(expected)


def test_regression_has_no_ensemble():
    found = verdict_on(
        DIRECT,
        X,
        np.zeros((4, 2), np.float32),
        reward="minus_squared_error",
        shared_weights=np.array([1.0]),
        tuned=1.0,
    )
    assert found.ensemble is None


def test_classes_in_a_column_are_refused_rather_than_compared_with_each_other():
    with pytest.raises(ValueError, match=r"whole numbers of shape .* of shape \(4, 1\)"):
        reward_by_weight(DIRECT, X, Y[:, None], np.array([1.0]))
    with pytest.raises(ValueError, match="`inputs` must be finite"):
        ensemble_accuracy(DIRECT, X * np.nan, Y, np.array([1.0]))
