import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest

from tfticket.errors import DataUnavailableError, MissingDependencyError
from tfticket.zoo import tfds


def prepare(root, *parts):
    folder = root.joinpath(*parts)
    folder.mkdir(parents=True)
    (folder / "dataset_info.json").write_text("{}")
    return folder


def test_the_newest_version_is_found_by_number(tmp_path):
    prepare(tmp_path, "mnist", "3.0.1")
    newest = prepare(tmp_path, "mnist", "3.0.10")
    (tmp_path / "mnist" / "4.0.0").mkdir()  # unfinished: no dataset_info.json
    prepare(tmp_path, "mnist", "5.0.0.incomplete_x")
    assert tfds.find_prepared("mnist", tmp_path) == newest


def test_a_version_may_be_asked_for(tmp_path):
    old = prepare(tmp_path, "mnist", "1.0.0")
    prepare(tmp_path, "mnist", "2.0.0")
    assert tfds.find_prepared("mnist:1.0.0", tmp_path) == old
    assert tfds.find_prepared("mnist:1.5.0", tmp_path) is None


def test_the_only_prepared_config_is_meant(tmp_path):
    only = prepare(tmp_path, "imagenette", "160px-v2", "1.0.0")
    assert tfds.find_prepared("imagenette", tmp_path) == only
    assert tfds.find_prepared("imagenette/160px-v2", tmp_path) == only
    prepare(tmp_path, "imagenette", "320px-v2", "1.0.0")
    with pytest.raises(ValueError, match="160px-v2.*320px-v2.*name='imagenette'"):
        tfds.find_prepared("imagenette", tmp_path)


def test_a_malformed_name_is_refused(tmp_path):
    with pytest.raises(ValueError, match="must have a name of tensorflow-datasets"):
        tfds.find_prepared("a b", tmp_path)


def test_the_folder_is_the_argument_then_the_variable_then_the_default(monkeypatch, tmp_path):
    monkeypatch.setenv("TFDS_DATA_DIR", "/from/variable")
    assert tfds.root_folder(tmp_path) == tmp_path
    assert str(tfds.root_folder()) == "/from/variable"
    monkeypatch.delenv("TFDS_DATA_DIR")
    assert tfds.root_folder().name == "tensorflow_datasets"


@pytest.mark.parametrize("library", ["tensorflow_datasets", "importlib_resources"])
def test_a_missing_library_is_named_with_the_extra_that_has_it(library, monkeypatch, tmp_path):
    prepare(tmp_path, "mnist", "3.0.1")
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingDependencyError, match=rf"`{library}`.*tfticket\[data\]"):
        tfds.read_prepared("mnist", tmp_path)


def test_missing_data_are_reported_before_the_library_is_imported(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    with pytest.raises(DataUnavailableError):
        tfds.read_prepared("mnist", tmp_path)


def test_a_download_without_network_fails_in_seconds(monkeypatch, tmp_path):
    pytest.importorskip("tensorflow_datasets")
    monkeypatch.setattr(tfds, "_HOSTS", ("https://127.0.0.1:9",))
    start = time.monotonic()
    with pytest.raises(DataUnavailableError, match="there is no network.*TFDS_DATA_DIR"):
        tfds.read_prepared("mnist", tmp_path, download=True)
    assert time.monotonic() - start < 10


def test_a_download_that_nobody_knows_is_refused(tmp_path):
    pytest.importorskip("tensorflow_datasets")
    with pytest.raises(DataUnavailableError, match="no recipe to download 'cifar10_jpeg'"):
        tfds.read_prepared("cifar10_jpeg", tmp_path, download=True)


def test_a_download_that_breaks_off_is_reported(monkeypatch, tmp_path):
    def broken():
        raise ConnectionError("reset")

    fake = SimpleNamespace(
        builder=lambda name, data_dir: SimpleNamespace(download_and_prepare=broken),
        core=SimpleNamespace(DatasetNotFoundError=KeyError),
    )
    monkeypatch.setattr(tfds, "_import_tfds", lambda: fake)
    monkeypatch.setattr(tfds, "_answers", lambda host: True)
    with pytest.raises(DataUnavailableError, match="the download of 'mnist' failed: reset"):
        tfds.read_prepared("mnist", tmp_path, download=True)


def split(count):
    return SimpleNamespace(num_examples=count, filepaths=["first", "second"])


def info(**changes):
    features = {
        "image": SimpleNamespace(shape=(2, 2, 1)),
        "label": SimpleNamespace(shape=(), num_classes=3),
    }
    sizes = {"train": split(6), "test": split(2)}
    base = {"name": "tiny", "supervised_keys": ("image", "label"), "features": features}
    return SimpleNamespace(**{**base, "splits": sizes, **changes})


class Tensor:
    def __init__(self, array):
        self.array = array

    def numpy(self):
        return self.array


def builder(of):
    def as_dataset(split, **_):
        count = of.splits[split].num_examples
        return Tensor(np.full((count, 2, 2, 1), count, np.uint8)), Tensor(np.arange(count))

    return SimpleNamespace(info=of, as_dataset=as_dataset)


LIBRARY = SimpleNamespace(ReadConfig=lambda **_: None)


def test_train_and_test_are_read_as_published():
    source = tfds._source(LIBRARY, builder(info()))
    assert (len(source.train), len(source.test), source.num_classes) == (6, 2, 3)
    assert source.validation_size == 0.1


def test_the_published_validation_is_the_test_where_there_is_no_other():
    sizes = {"train": split(6), "validation": split(3)}
    source = tfds._source(LIBRARY, builder(info(splits=sizes)))
    assert len(source.test) == 3
    assert "no test split" in source.notes


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"supervised_keys": None}, "pairs of input and label"),
        ({"splits": {"train": SimpleNamespace(num_examples=6)}}, "must have a `train` split"),
        ({"features": {"image": SimpleNamespace(shape=(None, 2, 1))}}, "must all have one shape"),
    ],
)
def test_data_that_do_not_stack_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        tfds._source(LIBRARY, builder(info(**changes)))
