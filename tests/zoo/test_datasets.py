import socket
import time

import numpy as np
import pytest

from tfticket.errors import DataUnavailableError
from tfticket.zoo import DATASETS, Dataset, from_arrays, load_data


def pixels(split):
    return {x.tobytes() for x in split.x}


def test_digits_are_split_into_three():
    data = load_data("digits")
    assert [len(s) for s in (data.train, data.validation, data.test)] == [1257, 180, 360]
    assert data.input_shape == (8, 8, 1)
    assert (data.task, data.num_classes) == ("classification", 10)
    assert data.train.x.dtype == np.float32
    assert (data.train.x.min(), data.train.x.max()) == (0, 1)
    assert data.train.y.dtype == np.int64
    assert "own fixed test split" in data.notes


def test_the_seed_moves_validation_and_never_the_test():
    first, again, other = (load_data("digits", seed=s) for s in (0, 0, 1))
    np.testing.assert_array_equal(first.validation.x, again.validation.x)
    assert not np.array_equal(first.validation.x, other.validation.x)
    np.testing.assert_array_equal(first.test.x, other.test.x)
    np.testing.assert_array_equal(first.test.y, other.test.y)


@pytest.mark.parametrize("seed", [0, 1])
def test_no_example_is_in_two_splits(seed):
    data = load_data("digits", seed=seed)
    assert not pixels(data.train) & pixels(data.validation)
    assert not pixels(data.train) & pixels(data.test)
    assert not pixels(data.validation) & pixels(data.test)


def test_validation_size_is_a_count_or_a_fraction():
    assert len(load_data("digits", validation_size=7).validation) == 7
    assert len(load_data("digits", validation_size=0.5).train) == 719  # of 1 437


def test_standardized_images_have_mean_0_and_deviation_1_on_train_alone():
    data = load_data("digits", standardize=True)
    assert abs(data.train.x.mean()) < 1e-5
    assert abs(data.train.x.std() - 1) < 1e-5
    assert abs(data.test.x.mean()) > 1e-5
    assert data.train.x.dtype == np.float32


def test_regression_is_scaled_by_its_training_examples_alone():
    data = load_data("regression")
    assert [len(s) for s in (data.train, data.validation, data.test)] == [7200, 800, 2000]
    assert (data.task, data.num_classes, data.input_shape) == ("regression", None, (1000,))
    assert np.abs(data.train.x).max(axis=0) == pytest.approx(np.ones(1000))
    assert np.abs(data.train.y).max() == 1
    assert np.abs(data.test.x).max() > 1  # the maximum is not measured here
    with pytest.raises(ValueError, match="`standardize` must be False"):
        load_data("regression", standardize=True)


def test_an_unknown_name_is_answered_with_the_names():
    with pytest.raises(ValueError, match="digits.*mnist.*cifar10.*module:function.*'nmist'"):
        load_data("nmist")


@pytest.mark.parametrize("name", [n for n in DATASETS if n not in ("digits", "regression")])
def test_missing_data_fail_at_once_and_say_what_to_do(name, tmp_path):
    start = time.monotonic()
    with pytest.raises(DataUnavailableError, match="TFDS_DATA_DIR") as caught:
        load_data(name, data_dir=tmp_path)
    assert time.monotonic() - start < 2
    prepared_as = name.removesuffix("_16")  # made of the whole one when it is loaded
    assert f"tfds.load('{prepared_as}')" in str(caught.value)
    assert str(tmp_path / prepared_as) in str(caught.value)
    assert "download=True" in str(caught.value)


def test_mnist_is_split_as_in_the_paper_without_network(prepared, monkeypatch):
    for function in ("create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, function, lambda *_, **__: pytest.fail("network was asked"))
    data = load_data("mnist", data_dir=prepared("mnist"))
    assert [len(s) for s in (data.train, data.validation, data.test)] == [55_000, 5_000, 10_000]
    assert data.input_shape == (28, 28, 1)
    assert data.num_classes == 10
    assert (data.train.x.min(), data.train.x.max()) == (0, 1)
    assert data.notes == ""
    everything = np.concatenate([data.train.y, data.validation.y])
    published = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(everything).tolist() == published


def test_compressed_cifar10_says_so(prepared):
    folder = prepared("cifar10_jpeg")
    data = load_data("cifar10_jpeg", data_dir=folder, validation_size=49_000)
    assert data.input_shape == (32, 32, 3)
    assert "lossy" in data.notes
    assert len(data.train) == 1_000
    assert np.bincount(data.test.y).tolist() == [1_000] * 10


def test_the_environment_variable_names_the_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    with pytest.raises(DataUnavailableError, match=str(tmp_path)):
        load_data("mnist")


def test_arrays_make_a_data_set_by_the_same_rules():
    x = np.arange(40, dtype=np.uint8).reshape(10, 2, 2, 1)
    data = from_arrays((x, np.arange(10) % 3), (x, np.arange(10) % 3), validation_size=2)
    assert (data.num_classes, data.task, data.input_shape) == (3, "classification", (2, 2, 1))
    assert data.test.x.max() == pytest.approx(39 / 255)


def test_targets_that_are_no_integers_are_values_to_regress_on():
    x = np.ones((10, 2))
    data = from_arrays((x, np.linspace(0, 1, 10)), (x, np.linspace(0, 1, 10)))
    assert (data.task, data.num_classes, data.train.y.shape) == ("regression", None, (9, 1))


def test_labels_in_a_column_are_classes_too():
    x, y = np.ones((10, 2)), np.arange(10).reshape(10, 1)
    data = from_arrays((x, y), (x, y))
    assert (data.num_classes, data.train.y.shape) == (10, (9,))


SCRIPT = """
import numpy as np
from tfticket.zoo import Dataset, load_data

def arrays(seed):
    x = np.full((10, 2), seed, np.float32)
    return (x, np.arange(10)), (x, np.arange(10))

def whole(): return load_data("digits", seed=1)

def wrong(): return 3
"""


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(SCRIPT)
    return path


def test_a_function_of_the_user_gives_arrays(script):
    data = load_data(f"{script}:arrays", seed=5, validation_size=3)
    assert len(data.validation) == 3
    assert data.train.x[0, 0] == 5  # it was called with the seed


def test_a_function_of_the_user_gives_a_whole_data_set(script):
    data = load_data(f"{script}:whole")
    assert isinstance(data, Dataset)
    np.testing.assert_array_equal(data.validation.x, load_data("digits", seed=1).validation.x)
    with pytest.raises(ValueError, match="must be left out"):
        load_data(f"{script}:whole", validation_size=3)


def test_a_function_that_gives_anything_else_is_refused(script):
    with pytest.raises(TypeError, match="must return data. .* a `Dataset`; .* Received: int"):
        load_data(f"{script}:wrong")
