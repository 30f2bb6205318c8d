"""Files of either Keras, loaded as that Keras loads them."""

import importlib

import numpy as np
import pytest

from tfticket import _keras, zoo

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def trained(keras):
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Input((6,)), keras.layers.Dense(5, name="hidden")]
    model = keras.Sequential([*layers, keras.layers.BatchNormalization(name="norm")])
    model.compile(keras.optimizers.Adam(0.1), keras.losses.MeanSquaredError())
    x = np.random.default_rng(0).standard_normal((8, 6)).astype(np.float32)
    model.fit(x, x[:, :5], verbose=0)
    return model, x


def test_a_model_goes_on_training_where_it_was(keras, tmp_path):
    model, x = trained(keras)
    model.save(tmp_path / "model.keras")
    loaded = _keras.load_model(keras, tmp_path / "model.keras", trust=True)
    for one in (model, loaded):
        one.fit(x, x[:, :5], verbose=0)
    pairs = zip(loaded.get_weights(), model.get_weights(), strict=True)
    assert all(np.array_equal(a, b) for a, b in pairs)


@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
def test_older_formats_are_left_to_keras(keras, tmp_path):
    model, _ = trained(keras)
    model.save(tmp_path / "model.h5")
    loaded = _keras.load_model(keras, tmp_path / "model.h5", trust=True, compile=False)
    pairs = zip(loaded.get_weights(), model.get_weights(), strict=True)
    assert all(np.array_equal(a, b) for a, b in pairs)


def test_tf_keras_itself_is_left_as_it_was(tmp_path):
    library = importlib.import_module("tf_keras.src.saving.saving_lib")
    store = library.H5IOStore
    (tmp_path / "broken.keras").write_bytes(b"no archive")
    with pytest.raises(OSError, match="signature not found"):
        _keras.load_model("tf_keras", tmp_path / "broken.keras")
    assert library.H5IOStore is store


def test_an_archive_is_read_from_memory(tmp_path):
    """tf_keras' own way takes 15 times as long for a ResNet-101, for it seeks in a zip."""
    keras = importlib.import_module("tf_keras")
    library = importlib.import_module("tf_keras.src.saving.saving_lib")
    trained(keras)[0].save(tmp_path / "model.keras")
    kinds = []

    class Watched(library.H5IOStore):
        def __init__(self, *args):
            super().__init__(*args)
            kinds.append(type(self.io_file).__name__)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(library, "H5IOStore", Watched)
        _keras.load_model("tf_keras", tmp_path / "model.keras")
    assert kinds == ["BytesIO"]


@pytest.fixture
def saved(tmp_path):
    """A file of Keras 3, and the kernel in it."""
    model, _ = trained(importlib.import_module("keras"))
    model.save(tmp_path / "model.keras")
    return tmp_path / "model.keras", model.layers[0].kernel.numpy()


def version(monkeypatch, number):
    monkeypatch.setattr("keras.__version__", number)


@pytest.mark.parametrize("old", ["3.8.0", "3.10.0"])
def test_before_keras_3_11_a_file_needs_a_word_of_trust(saved, monkeypatch, old):
    path, kernel = saved
    version(monkeypatch, old)
    build = zoo.get_model(str(path)).build
    with pytest.raises(ValueError, match=f"a file that you trust: .*model.keras', Keras {old}"):
        build(keras="keras", seed=0)
    trusted = zoo.get_model(str(path), trust=True).build(keras="keras", seed=0)
    assert np.array_equal(trusted.layers[0].kernel, kernel)


def test_a_newer_keras_needs_none(saved, monkeypatch):
    path, kernel = saved
    version(monkeypatch, "3.11.0")
    loaded = zoo.get_model(str(path)).build(keras="keras", seed=0)
    assert np.array_equal(loaded.layers[0].kernel, kernel)


def test_the_command_line_passes_the_word_on(saved, tmp_path, monkeypatch):
    from typer.testing import CliRunner

    from tfticket.cli.app import app

    version(monkeypatch, "3.10.0")
    command = ["advise", str(saved[0])]
    refused = CliRunner().invoke(app, command)
    assert refused.exit_code == 1
    assert "`tfticket --trust …`" in refused.stderr
    told = CliRunner().invoke(app, ["--trust", *command])
    assert told.exit_code == 0, told.output
    assert "hidden/kernel" in told.stdout
    assert CliRunner().invoke(app, command).exit_code == 1  # it is not remembered
