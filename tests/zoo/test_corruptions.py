import numpy as np
import pytest

from tfticket.zoo import Split, load_data
from tfticket.zoo.corruptions import (
    CORRUPTIONS,
    corrupted,
    half_data,
    random_labels,
    random_pixels,
)


@pytest.fixture
def split():
    x = np.arange(40 * 6 * 2, dtype=np.float32).reshape(40, 3, 2, 2)
    return Split(x, np.arange(40) % 4)


def test_random_labels_keep_the_inputs_and_the_sizes_of_the_classes(split):
    made = random_labels(split, seed=1)
    assert np.array_equal(made.x, split.x)
    assert sorted(made.y) == sorted(split.y)
    assert np.mean(made.y == split.y) < 0.5


def test_random_pixels_move_whole_pixels_within_each_example_by_itself(split):
    made = random_pixels(split, seed=1)
    orders = set()
    for new, old in zip(made.x.reshape(40, 6, 2), split.x.reshape(40, 6, 2), strict=True):
        places = [np.flatnonzero((old == pixel).all(1)).item() for pixel in new]
        assert sorted(places) == list(range(6))
        orders.add(tuple(places))
    assert len(orders) > 20
    assert np.array_equal(made.y, split.y)


def test_random_pixels_take_rows_of_features_too():
    split = Split(np.arange(12, dtype=np.float32).reshape(3, 4), np.zeros(3))
    assert np.array_equal(np.sort(random_pixels(split, seed=0).x), split.x)


def test_half_the_data_are_examples_in_their_order_with_their_labels(split):
    made = half_data(split, seed=1)
    assert len(made) == 20
    first = made.x[:, 0, 0, 0] / 12
    assert (np.diff(first) > 0).all()
    assert np.array_equal(made.y, split.y[first.astype(int)])


@pytest.mark.parametrize("name", sorted(CORRUPTIONS))
def test_only_training_examples_are_corrupted_and_it_is_noted_with_its_seed(name):
    true = load_data("digits")
    made, again, other = (corrupted(true, name, seed=s) for s in (1, 1, 2))
    assert made.validation is true.validation and made.test is true.test
    assert f"{name}, seed 1" in made.notes

    def equal(a, b):
        return np.array_equal(a.train.x, b.train.x) and np.array_equal(a.train.y, b.train.y)

    assert equal(made, again)
    assert not equal(made, other)
    assert not equal(made, true)


def test_an_unknown_corruption_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match="half_data"):
        corrupted(load_data("digits"), "coffee", seed=0)
