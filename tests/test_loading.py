"""Files of either Keras, loaded as that Keras loads them."""

import importlib

import numpy as np
import pytest

from tfticket import _keras

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
    loaded = _keras.load_model(keras, tmp_path / "model.keras")
    for one in (model, loaded):
        one.fit(x, x[:, :5], verbose=0)
    pairs = zip(loaded.get_weights(), model.get_weights(), strict=True)
    assert all(np.array_equal(a, b) for a, b in pairs)


@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
def test_older_formats_are_left_to_keras(keras, tmp_path):
    model, _ = trained(keras)
    model.save(tmp_path / "model.h5")
    loaded = _keras.load_model(keras, tmp_path / "model.h5", compile=False)
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
