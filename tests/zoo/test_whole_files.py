from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from tfticket.errors import CorruptFileError
from tfticket.zoo import tfds as tfds_
from tfticket.zoo.whole_files import read_whole_file

tfds = pytest.importorskip("tensorflow_datasets")

KEYS = ("image", "label")


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """Returns what is known of 1 500 random images in a file, more than are read at a time."""
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (1_500, 4, 3, 1), np.uint8), rng.integers(0, 5, 1_500)
    features = tfds.features.FeaturesDict(
        {
            "image": tfds.features.Image(shape=(4, 3, 1), encoding_format="png"),
            "label": tfds.features.ClassLabel(num_classes=5),
            "pair": tfds.features.Tensor(shape=(2,), dtype=np.int64),
            "small": tfds.features.Scalar(dtype=np.uint8),
        }
    )
    path = tmp_path_factory.mktemp("stored") / "tiny-train.tfrecord"
    with tf.io.TFRecordWriter(str(path)) as writer:
        for x, y in zip(images, labels, strict=True):
            example = {"image": x, "label": int(y), "pair": [y, y], "small": np.uint8(y)}
            writer.write(features.serialize_example(features.encode_example(example)))
    split = SimpleNamespace(num_examples=1_500, filepaths=[path])
    kind = SimpleNamespace(value="tfrecord")
    info = SimpleNamespace(splits={"train": split}, features=features, file_format=kind)
    return info, images, labels


def but(info, **changes):
    split = SimpleNamespace(**{**vars(info.splits["train"]), **changes})
    return SimpleNamespace(**{**vars(info), "splits": {"train": split}})


def test_everything_is_read_in_order_with_its_own_types(stored):
    info, images, labels = stored
    x, y = read_whole_file(info, "train", KEYS)
    np.testing.assert_array_equal(x, images)
    np.testing.assert_array_equal(y, labels)
    assert (x.dtype, y.dtype) == (np.uint8, np.int64)


@pytest.mark.parametrize("label", ["pair", "small"])
def test_what_records_do_not_hold_as_it_is_is_left_to_the_library(label, stored):
    assert read_whole_file(stored[0], "train", ("image", label)) is None


def test_several_files_are_left_to_the_library_which_mixes_them(stored):
    info = stored[0]
    paths = info.splits["train"].filepaths
    assert read_whole_file(but(info, filepaths=paths * 2), "train", KEYS) is None


def test_other_formats_are_left_to_the_library(stored):
    info = SimpleNamespace(**{**vars(stored[0]), "file_format": SimpleNamespace(value="riegeli")})
    assert read_whole_file(info, "train", KEYS) is None


def test_examples_that_are_missing_are_noticed(stored):
    with pytest.raises(CorruptFileError, match=r"train.*1501 examples"):
        read_whole_file(but(stored[0], num_examples=1_501), "train", KEYS)


def test_a_damaged_file_is_noticed(stored, tmp_path):
    content = bytearray(stored[0].splits["train"].filepaths[0].read_bytes())
    content[len(content) // 2] ^= 1
    path = tmp_path / "damaged.tfrecord"
    path.write_bytes(content)
    with pytest.raises(CorruptFileError, match=r"damaged.tfrecord must hold the 1500 examples"):
        read_whole_file(but(stored[0], filepaths=[path]), "train", KEYS)


def test_what_was_prepared_is_read_as_the_library_reads_it(prepared):
    folder = tfds_.find_prepared("mnist", prepared("mnist"))
    builder = tfds.builder_from_directory(str(folder))
    found = read_whole_file(builder.info, "test", KEYS)
    tensors = builder.as_dataset(split="test", batch_size=-1, as_supervised=True)
    for array, tensor in zip(found, tensors, strict=True):
        np.testing.assert_array_equal(array, tensor.numpy())
        assert array.dtype == tensor.numpy().dtype
