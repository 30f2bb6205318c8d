"""What a comparison could not see is refused or said: NaN, examples all alike, constant outputs."""

import importlib

import numpy as np
import pytest

from tfticket.errors import ExportError
from tfticket.export import keras_file, phone_ready, savedmodel, tflite, verify
from tfticket.litert.evidence import require_telling, weaknesses

PHONE = importlib.import_module("tfticket.export.phone")
STRANGE = {"NaN": np.nan, "infinity": np.inf}
WRITERS = [tflite, savedmodel, keras_file]


def examples(count=4):
    return np.random.default_rng(0).normal(size=(count, 64)).astype(np.float32)


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("value", STRANGE.values(), ids=STRANGE)
def test_inputs_that_are_not_finite_are_refused(small, tmp_path, write, value):
    given = examples()
    given[2, 3] = value
    with pytest.raises(ValueError, match=r"`inputs` must be finite.*1 of 256 values"):
        write(small, tmp_path / "small.keras", inputs=given)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("given", [np.ones((4, 64)), np.zeros((1, 64)), examples(1).repeat(3, 0)])
def test_examples_that_are_all_alike_are_refused(small, tmp_path, write, given):
    with pytest.raises(ValueError, match="`inputs` must differ"):
        write(small, tmp_path / "small.keras", inputs=given)


def test_representative_data_must_tell_something_too(small, tmp_path):
    for strange in (np.full((4, 64), np.nan), np.zeros((4, 64))):
        with pytest.raises(ValueError, match="`representative_data` must"):
            tflite(
                small,
                tmp_path / "small.tflite",
                weights="int8",
                representative_data=strange,
                inputs=examples(),
            )


@pytest.mark.parametrize(
    "inputs",
    [
        {"words": np.array([["a"], ["b"]])},
        {"token": np.array([[3], [4]])},
        {"number": np.array([[0.5]])},
        {"image": np.random.default_rng(0).random((1, 3, 3)), "mask": np.ones((1, 3), bool)},
        {"image": np.random.default_rng(0).random((2, 3, 3)), "mask": np.ones((2, 3), np.int32)},
    ],
)
def test_examples_that_differ_somewhere_are_taken(inputs):
    require_telling(inputs, "inputs")


def test_integers_that_are_all_zero_are_refused():
    with pytest.raises(ValueError, match="5 examples that are all the same"):
        require_telling({"tokens": np.zeros((5, 7), np.int32)}, "inputs")


@pytest.mark.parametrize("write", WRITERS)
def test_a_model_that_gives_nan_cannot_be_compared(small, tmp_path, write):
    small.set_weights([np.full_like(w, np.nan) for w in small.get_weights()])
    with pytest.raises(ExportError, match="gives values that are not finite.*output_0"):
        write(small, tmp_path / "small.keras")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("write", WRITERS)
def test_constant_outputs_and_single_examples_are_said_to_prove_little(small, tmp_path, write):
    path = tmp_path / "small.keras"
    report = write(small, path, inputs=examples(1))
    assert any("one example only" in note for note in report.notes)
    small.set_weights([w * 0 + (w.ndim == 1) for w in small.get_weights()])
    report = write(
        small, path, inputs=examples(), **({"overwrite": True} if write != tflite else {})
    )
    assert any("the same for every example (output_0)" in note for note in report.notes)
    assert "the same for every example" in str(report)


def test_outputs_that_differ_have_no_note(small, tmp_path):
    assert weaknesses({"output_0": examples()}) == ()
    assert keras_files_note(small, tmp_path) == ()


def keras_files_note(model, folder):
    return keras_file(model, folder / "model.keras").notes


def test_verify_refuses_what_proves_nothing(tmp_path):
    given, nan = {"image": examples()}, np.full((4, 10), np.nan)
    with pytest.raises(ValueError, match="`reference` must be finite"):
        verify(tmp_path / "no.tflite", given, {"output_0": nan})
    with pytest.raises(ValueError, match="`inputs` must be finite"):
        verify(tmp_path / "no.tflite", {"image": nan}, {"output_0": examples()})


def plain(keras, weight):
    layers = keras.layers
    image = keras.Input((16, 16, 3))
    x = layers.Conv2D(4, 3, strides=2, padding="same", name="stem")(image)
    x = layers.GlobalAveragePooling2D(name="average")(x)
    model = keras.Model(image, layers.Dense(3, name="head")(x))
    model.set_weights([np.full_like(w, weight) for w in model.get_weights()])
    return model


def test_a_rewriting_of_a_model_that_gives_nan_is_refused(keras):
    with pytest.raises(ExportError, match="not finite"):
        phone_ready(plain(keras, np.nan))


def test_a_rewriting_is_checked_though_all_images_give_the_same(keras, monkeypatch):
    model = plain(keras, 0.0)
    for one in (model, phone_ready(model)):
        assert not any(weight.any() for weight in one.get_weights())
    monkeypatch.setattr(PHONE._Plan, "carry_weights", carry_without_mirror)
    with pytest.raises(ExportError, match="computes something else"):
        phone_ready(model)


def carry_without_mirror(plan):
    for old, new in plan._pairs:
        new.set_weights(old.get_weights())


def test_an_onnx_file_has_the_same_checks(small, tmp_path):
    pytest.importorskip("tf2onnx")
    from tfticket.export import onnx

    with pytest.raises(ValueError, match="`inputs` must be finite"):
        onnx(small, tmp_path / "small.onnx", inputs=np.full((2, 64), np.nan))
