"""A model that several files are made of is traced and converted once; files are the same."""

import numpy as np
import pytest

from tfticket.export import Quantized, tflite
from tfticket.export.choices import Request
from tfticket.export.source import Source
from tfticket.export.tflite import tflite_of

TYPES = ("float32", "float16", "dynamic", "int8")


def counting(keras, calls):
    """A small network; `calls` grows whenever it is traced."""

    class Counting(keras.layers.Layer):
        def call(self, inputs):
            calls.append(inputs)
            return inputs * 2.0

    given = keras.Input((24,))
    hidden = keras.layers.Dense(64, activation="relu")(Counting()(given))
    return keras.Model(given, keras.layers.Dense(4)(hidden))


def asked_for(kind, examples):
    typical = examples if kind == "int8" else None
    return Request(Quantized.of(kind), "auto", typical, examples, True)


def test_files_of_all_types_are_those_of_a_model_asked_for_each(keras, tmp_path):
    keras.utils.set_random_seed(0)
    calls = []
    model = counting(keras, calls)
    examples = np.random.default_rng(0).normal(size=(32, 24)).astype("float32")
    source = Source(model, examples)
    reports = {}
    for kind in TYPES:
        reports[kind] = tflite_of(source, tmp_path / f"{kind}.tflite", asked_for(kind, examples))
        if kind == "float32":
            traced = len(calls)
    assert traced and len(calls) == traced
    for kind in TYPES:
        typical = examples if kind == "int8" else None
        options = {"weights": kind, "representative_data": typical, "inputs": examples}
        alone = tflite(model, tmp_path / "alone.tflite", overwrite=True, **options)
        assert (tmp_path / f"{kind}.tflite").read_bytes() == (
            tmp_path / "alone.tflite"
        ).read_bytes(), kind
        assert alone.verification == reports[kind].verification
    assert len(calls) > traced  # each file alone traces the model again


def test_a_source_without_examples_is_refused():
    with pytest.raises(ValueError, match="at least 1.*num_samples=0"):
        Source(None, None, 0)
