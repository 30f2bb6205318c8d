"""`.keras` files of models with functions and classes of the user's own."""

from __future__ import annotations

import numpy as np
import pytest

from tfticket import factorization, supermasks
from tfticket.errors import ExportError
from tfticket.export import keras_file


def gate(x):
    return 2.0 * x


@pytest.fixture
def written(keras, tmp_path):
    """Writes a network with a layer in it, and returns the notes."""

    def write(layer):
        model = keras.Sequential([keras.layers.Input((4,)), layer, keras.layers.Dense(2)])
        model.compile("sgd", "mse")
        model.train_on_batch(np.zeros((1, 4)), np.zeros((1, 2)))
        report = keras_file(model, tmp_path / "model.keras")
        assert report.max_abs_diff == 0
        return report.notes

    return write


def test_nothing_is_said_of_a_file_that_anybody_can_load(keras, written):
    assert written(keras.layers.Dense(3, activation="relu")) == ()


def test_a_lambda_is_written_and_the_report_says_that_it_is_code(keras, written, tmp_path):
    (note,) = written(keras.layers.Lambda(lambda x: 2.0 * x, output_shape=(4,), name="double"))
    assert "safe_mode=False" in note
    assert "'double'" in note
    path = str(tmp_path / "model.keras")
    loaded = keras.models.load_model(path, safe_mode=False)
    assert np.shape(loaded(np.ones((1, 4), "float32"))) == (1, 2)


def test_functions_and_classes_with_names_are_to_be_given_to_keras(keras, written):
    class Own(keras.layers.Layer):
        def call(self, inputs):
            return 3.0 * inputs

    assert written(Own()) == ("loads only with custom_objects for ['Own']",)
    assert written(keras.layers.Dense(3, activation=gate)) == (
        "loads only with custom_objects for ['gate']",
    )


@pytest.mark.parametrize(
    ("package", "make"),
    [
        ("factorization", lambda k: factorization.layers.of(k).FactorizedDense(4, kernel_rank=2)),
        ("supermasks", lambda k: supermasks.layers.of(k).SupermaskDense(4)),
    ],
)
def test_layers_of_this_package_need_it(keras, written, package, make):
    assert written(make(keras)) == (f"loads only where tfticket.{package} was imported",)


def test_what_keras_cannot_read_back_is_refused_by_the_name_of_the_layer(keras, tmp_path):
    factors = {"by": 2.0}

    class Own(keras.layers.Layer):
        def __init__(self, factor, **options):
            super().__init__(**options)
            self.factor = factor

        def call(self, inputs):
            return self.factor * inputs

        def get_config(self):
            return keras.layers.Layer.get_config(self)

    model = keras.Sequential([keras.layers.Input((4,)), Own(factors["by"], name="forgetful")])
    path = tmp_path / "model.keras"
    with pytest.raises(ExportError, match="was not written: Keras cannot read back.*'forgetful'"):
        keras_file(model, path)
    assert not path.exists()
