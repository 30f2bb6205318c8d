"""What callers have as data, and what becomes of it."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tfticket.zoo import Stream, as_dataset, from_arrays

X, Y = np.arange(40, dtype=np.float64).reshape(20, 2), np.arange(20) % 4


def pipeline(count=20):
    return tf.data.Dataset.from_tensor_slices((X[:count], Y[:count])).batch(5)


def sizes(data):
    return [len(split) for split in data.splits.values()]


def test_lists_of_numbers_are_arrays():
    data = as_dataset((X.tolist(), Y.tolist()))
    assert sizes(data) == [16, 2, 2]
    assert (data.num_classes, data.input_shape) == (4, (2,))
    assert sizes(as_dataset(((X.tolist(), Y.tolist()), (X[:3].tolist(), [0, 1, 2])))) == [18, 2, 3]


@pytest.mark.parametrize("several", [{"a": X, "b": X + 1}, (X, X + 1), [X, X + 1]])
def test_several_inputs_are_cut_together(several):
    data = as_dataset((several, Y))
    assert sizes(data) == [16, 2, 2]
    assert (data.task, data.input_shape) == ("classification", None)
    a, b = data.train.x.values() if isinstance(several, dict) else data.train.x
    assert np.array_equal(a + 1, b)
    assert a.dtype == np.float32


def test_several_targets_and_weights_are_kept():
    weights = np.linspace(1, 2, 20)
    data = as_dataset((X, {"class": Y, "value": weights}, weights))
    assert data.task == "regression"
    assert np.array_equal(data.test.y["value"], data.test.weights)
    assert [len(part) for part in data.train.columns] == [16, 2, 16]


def test_validation_may_be_given():
    data = as_dataset({"train": (X, Y), "validation": (X[:5], Y[:5]), "test": (X[:7], Y[:7])})
    assert sizes(data) == [20, 5, 7]
    assert sizes(as_dataset(((X, Y), (X[:5], Y[:5]), (X[:7], Y[:7])))) == [20, 5, 7]
    assert sizes(as_dataset({"train": (X, Y), "validation": (X[:5], Y[:5])})) == [18, 5, 2]
    with pytest.raises(ValueError, match="`validation_size` must be left out"):
        as_dataset({"train": (X, Y), "validation": (X, Y), "test": (X, Y)}, validation_size=3)


def test_pipelines_are_read_as_they_are():
    data = as_dataset({"train": pipeline(), "validation": pipeline(10), "test": pipeline(15)})
    assert all(isinstance(split, Stream) for split in data.splits.values())
    assert sizes(data) == [20, 10, 15]
    assert (data.task, data.num_classes, data.input_shape) == ("classification", 4, (2,))
    assert "gave the same batches" in data.notes


def test_of_two_pipelines_the_second_is_validation_and_test_and_that_is_said():
    data = as_dataset((pipeline(), pipeline(10)))
    assert data.validation is data.test
    assert "validation and test are the same examples" in data.notes


def test_arrays_beside_a_pipeline_stay_as_they_are():
    images = np.arange(20, dtype=np.uint8).reshape(10, 2)
    data = as_dataset((pipeline(), (images, np.arange(10))))
    assert data.test.x is images
    assert data.num_classes == 10


def test_a_pipeline_that_is_otherwise_each_time_is_told():
    data = as_dataset((pipeline().shuffle(4), pipeline()))
    assert "that of train gave other batches when it was read again" in data.notes


@pytest.mark.parametrize(
    ("data", "kind", "said"),
    [
        ((X[:5], Y[:5]), ValueError, "at least 10 examples .* Received: 5 examples"),
        (((X[:5], Y[:5]), (X, Y)), ValueError, "at least 10 examples"),
        ((X, Y[:5]), ValueError, r"equally many examples.* len\(x\)=20, len\(y\)=5"),
        (pipeline(), TypeError, "alone, of which no validation can be cut off"),
        ({"train": pipeline()}, TypeError, "`data` must be"),
        ({"train": (X, Y), "tests": (X, Y)}, TypeError, "`data` must be"),
        (X, TypeError, "`data` must be a `Dataset`.* Received: ndarray"),
        ((X, 3), TypeError, "`data` must be"),
    ],
)
def test_what_is_no_data_is_told(data, kind, said):
    with pytest.raises(kind, match=said):
        as_dataset(data)


def test_a_pipeline_is_split_and_scaled_already():
    with pytest.raises(ValueError, match="a pipeline is already split"):
        as_dataset((pipeline(), pipeline()), validation_size=3)


def test_targets_with_more_axes_keep_them():
    segments = np.zeros((20, 4, 4), np.int64)
    data = from_arrays((X, segments), (X, segments))
    assert data.train.y.shape == (18, 4, 4)


BROKEN = np.where(X == 4, np.inf, X)
NAN = np.where(np.arange(40).reshape(20, 2) == 7, np.nan, X)
RAGGED = np.array([np.ones(1 + i % 2) for i in range(20)], dtype=object)


def given_as_batches(x, y):
    return lambda: [(x[:5], y[:5]), (x[5:], y[5:])]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ((NAN, Y), r"train: inputs must be finite.* nan at \[3, 1\], 1 of 40"),
        ((X, BROKEN), r"train: targets must be finite.* (inf|nan) at \[2, 0\]"),
        ((X, Y, np.full(20, -np.inf)), "train: weights must be finite"),
        (({"a": X, "b": NAN}, Y), "train: inputs/b must be finite"),
        (((X, Y), (NAN, Y)), "test: inputs must be finite"),
        ((given_as_batches(NAN, Y), given_as_batches(X, Y)), "train, batch 0: inputs must be fin"),
        ((given_as_batches(X, Y), given_as_batches(NAN, Y)), "test, batch 0: inputs must be fin"),
        ((X, Y - 1), "classes that are numbered from 0 on.* Received: -1 among"),
        ((given_as_batches(X, Y - 1), given_as_batches(X, Y)), "numbered from 0 on.* of train"),
        ((RAGGED, Y), "inputs must be numbers or text, with examples of one shape"),
        ((RAGGED.tolist(), Y), "equally many examples"),
        (([[1.0] * (1 + i % 2) for i in range(20)], Y), "must be arrays, with examples of one sh"),
        (((X, Y), (X[:, :1], Y)), r"examples of one shape.*\[2\] in train, \[1\] in test"),
        (((X, Y), ({"a": X}, Y)), "the same inputs and targets in train and test"),
        ((given_as_batches(X, Y), given_as_batches(X[:, :1], Y)), "examples of one shape"),
    ],
)
def test_what_nobody_can_train_on_is_told(data, said):
    with pytest.raises(ValueError, match=said):
        as_dataset(data)


def test_text_and_missing_weights_of_the_test_are_no_fault():
    words = np.array(["a", "b"] * 10)
    assert sizes(as_dataset((words, Y))) == [16, 2, 2]
    assert sizes(as_dataset(((X, Y, Y + 1.0), (X, Y)))) == [18, 2, 20]


LABELS = np.arange(30) % 3


@pytest.mark.parametrize(
    ("given", "found", "num_classes"),
    [
        (LABELS[:, None], (np.int64, 1), 3),
        (LABELS.astype(np.uint8), (np.int64, 1), 3),
        (LABELS.astype(np.float64), (np.float32, 2), None),
        (np.linspace(0, 1, 30), (np.float32, 2), None),
        (np.eye(3)[LABELS], (np.float32, 2), None),
    ],
)
def test_targets_of_all_parts_have_one_form(given, found, num_classes):
    x = np.zeros((30, 2), np.float32)
    parts = {"train": slice(0, 20), "validation": slice(20, 25), "test": slice(25, 30)}
    data = as_dataset({part: (x[at], given[at]) for part, at in parts.items()})
    assert {(s.y.dtype.type, s.y.ndim) for s in data.splits.values()} == {found}
    assert data.num_classes == num_classes
    assert sizes(data) == [20, 5, 5]


def test_a_class_of_validation_alone_counts_and_what_is_no_class_is_refused():
    x = np.zeros((20, 2), np.float32)
    parts = {
        "train": (x, LABELS[:20]),
        "validation": (x[:2], np.array([0, 7])),
        "test": (x[:1], [1]),
    }
    assert as_dataset(parts).num_classes == 8
    for targets in (np.array([0.5, 1.0]), np.eye(3)[:2]):
        with pytest.raises(ValueError, match="whole numbers as targets of validation"):
            as_dataset({**parts, "validation": (x[:2], targets)})


@pytest.mark.parametrize("column", [False, True])
@pytest.mark.parametrize("given", [Y, Y[:, None], Y / 8.0, Y[:, None] / 8.0])
def test_targets_beside_a_pipeline_have_its_rank(given, column):
    """What Keras has traced for targets of one rank does not take another."""
    own = given.reshape((-1, 1) if column else (-1,))
    streamed = tf.data.Dataset.from_tensor_slices((X, own)).batch(5)
    data = as_dataset({"train": (X, given), "validation": streamed, "test": (X, given)})
    assert data.test.y.shape == data.train.y.shape == ((20, 1) if column else (20,))
    np.testing.assert_allclose(data.test.y.ravel(), given.ravel())


def test_parts_of_one_array_and_of_several_are_refused():
    parts = {"train": (X, Y), "validation": (X, {"a": Y, "b": Y}), "test": (X, Y)}
    with pytest.raises(ValueError, match="targets of validation as those of train are.*dict"):
        as_dataset(parts)
    with pytest.raises(ValueError, match="targets of validation, test as those of train"):
        as_dataset({**parts, "train": (X, {"a": Y, "b": Y}), "validation": (X, Y)})
