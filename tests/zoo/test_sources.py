import sys

import numpy as np
import pytest

from tfticket.zoo.sources import digits, make_regression, regression


def test_digits_are_those_of_the_published_file():
    published = pytest.importorskip("sklearn.datasets").load_digits()
    source = digits()
    ours = np.concatenate([source.train.x, source.test.x])[..., 0] * 16
    key = lambda images: np.sort([image.astype(np.uint8).tobytes() for image in images])  # noqa: E731
    np.testing.assert_array_equal(key(ours), key(published.images))
    labels = np.concatenate([source.train.y, source.test.y])
    np.testing.assert_array_equal(np.bincount(labels), np.bincount(published.target))


def test_digits_need_no_scikit_learn(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    assert len(digits().train) == 1_437


def test_the_test_digits_hold_every_class():
    assert np.bincount(digits().test.y, minlength=10).min() >= 25


def test_the_regression_target_is_linear_up_to_noise():
    x, y = make_regression(400, 20, 10, noise=0.0, seed=0)
    w = np.linalg.lstsq(x.astype(np.float64), y, rcond=None)[0]
    assert np.abs(x @ w - y).max() < 1e-3
    assert np.count_nonzero(np.abs(w) > 1e-3) == 10
    assert w.min() > -1e-3
    assert w.max() < 100


def test_the_noise_has_the_deviation_asked_for():
    noisy, clean = (make_regression(4_000, 5, 3, noise=n, seed=1)[1] for n in (3.0, 0.0))
    assert abs((noisy - clean).std() - 3) < 0.1


def test_a_regression_problem_depends_on_its_seed():
    first, again, other = (make_regression(5, 4, 2, seed=s)[0] for s in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_four_fifths_of_the_regression_examples_are_to_train_on():
    source = regression()
    assert source.train.x.shape == (8_000, 1_000)
    assert source.test.y.shape == (2_000, 1)
    assert "synthetic" in source.notes
