"""Batches as they come: what is read of them, and what can be promised."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import tensorflow as tf

from tfticket.determinism import deterministic
from tfticket.zoo.streams import Stream, is_pipeline

X, Y = np.arange(20, dtype=np.float64).reshape(10, 2), np.arange(10) % 3


def in_tf(shuffled=False):
    pairs = tf.data.Dataset.from_tensor_slices((X.astype(np.float32), Y))
    return (pairs.shuffle(10) if shuffled else pairs).batch(4)


class Numbered:
    """What a `PyDataset` and a `Sequence` have in common."""

    def __init__(self):
        self.num_ended = 0

    def __len__(self):
        return 3

    def __getitem__(self, number):
        if number >= len(self):
            raise IndexError
        rows = slice(4 * number, 4 * number + 4)
        return X[rows], Y[rows]

    def on_epoch_end(self):
        self.num_ended += 1


class Iterable:
    def __iter__(self):
        return iter([(X[:5], Y[:5]), (X[5:], Y[5:])])


def test_one_reading_tells_size_types_and_classes():
    for source in (in_tf(), Numbered(), in_tf):
        survey = Stream(source, name="train").survey
        assert (survey.num_batches, survey.num_examples, survey.batch_size) == (3, 10, 4)
        assert survey.num_classes == 3
        assert survey.element_spec["0"] == ("float32", (None, 2))
        assert survey.first_batches is not None


def test_shapes_that_vary_are_open():
    ragged = [(np.ones((2, 5)), np.zeros(2)), (np.ones((2, 7)), np.zeros(2))]
    survey = Stream(dict(enumerate(ragged)).values(), name="train").survey
    assert survey.element_spec["0"] == ("float32", (None, None))
    assert survey.num_classes is None


@pytest.mark.parametrize("source", [in_tf(), Numbered(), Iterable(), in_tf])
def test_a_training_meets_the_same_batches_from_any_step_on(source):
    stream = Stream(source, name="train")

    def met(start, end, origin=0):
        return [
            y.tolist() for _, y in stream.between(start, end, origin=origin).as_numpy_iterator()
        ]

    whole = met(0, 7)
    assert len(whole) == 7
    assert met(2, 7) == whole[2:]
    assert met(22, 27, origin=20) == whole[2:]


def test_numbered_batches_come_in_another_order_each_epoch_and_each_once():
    batches = Stream(Numbered(), name="train").between(0, 12, seed=1).as_numpy_iterator()
    epochs = [[int(x[0, 0]) for x, _ in itertools.islice(batches, 3)] for _ in range(4)]
    assert all(sorted(epoch) == [0, 8, 16] for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) > 1


def test_what_draws_at_random_is_restartable_as_a_function_only():
    assert not Stream(in_tf(shuffled=True), name="train").is_restartable
    with deterministic(0):
        stream = Stream(lambda: in_tf(shuffled=True), name="train")
        assert stream.is_restartable
        first, again = (list(stream.between(0, 9).as_numpy_iterator()) for _ in range(2))
    assert all(np.array_equal(a[0], b[0]) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0][0], first[3][0])  # the second epoch is another one


def test_another_training_of_a_function_draws_other_batches():
    stream = Stream(lambda: in_tf(shuffled=True), name="train")
    first, later = (next(stream.between(k, k + 1, origin=k).as_numpy_iterator()) for k in (0, 50))
    assert not np.array_equal(first[0], later[0])
    other = next(stream.between(0, 1, seed=1).as_numpy_iterator())
    assert not np.array_equal(first[0], other[0])  # so that replicates differ


def test_weights_and_several_inputs_are_kept():
    batch = ([X[:4], X[4:8]], {"a": Y[:4]}, np.ones(4))
    stream = Stream({0: batch}.values(), name="train")
    ((x, y, weights),) = stream.in_order().as_numpy_iterator()
    assert np.array_equal(x[1], X[4:8]) and np.array_equal(y["a"], Y[:4]) and weights.sum() == 4


@pytest.mark.parametrize(
    ("source", "kind", "said"),
    [
        (in_tf().repeat(), ValueError, "`train` must end"),
        ((b for b in [(X, Y)]), TypeError, "a generator can be read once only"),
        (tf.data.Dataset.from_tensor_slices((X, Y)), ValueError, "`train` must give batches"),
        (tf.data.Dataset.from_tensors(X), TypeError, "must give batches .* a ndarray of 10"),
        (in_tf().take(0), ValueError, "at least one batch"),
        ({0: (X, Y[:3])}.values(), ValueError, "as many targets as inputs"),
        (lambda: 3, TypeError, "`train` must give batches. Received: int"),
    ],
)
def test_what_is_no_pipeline_of_batches_is_refused(source, kind, said):
    with pytest.raises(kind, match=said):
        len(Stream(source, name="train"))


def test_arrays_and_lists_are_no_pipelines():
    assert not any(map(is_pipeline, (X, [X, Y], (X, Y), {"train": X}, "digits")))
    assert all(map(is_pipeline, (in_tf(), Numbered(), in_tf, Iterable())))


def test_both_kerases_have_numbered_batches(keras):
    base = getattr(keras.utils, "PyDataset", None) or keras.utils.Sequence

    class Own(Numbered, base):
        def __init__(self):
            base.__init__(self)
            Numbered.__init__(self)

    assert Stream(Own(), name="train").survey.num_examples == 10
