"""Every writer replaces what tfticket wrote, and nothing else unless told so."""

import pytest

from tfticket import supermasks
from tfticket.export import keras_file, onnx, savedmodel, seed_file, tflite

WRITERS = {
    "tflite": (tflite, "model.tflite"),
    "savedmodel": (savedmodel, "model.zip"),
    "keras_file": (keras_file, "model.keras"),
    "onnx": (onnx, "model.onnx"),
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_model_replaces_ours_and_something_else_only_if_asked(small, tmp_path, name):
    if name == "onnx":
        pytest.importorskip("tf2onnx")
        pytest.importorskip("onnxruntime")
    write, file = WRITERS[name]
    check_that(lambda **o: write(small, tmp_path / file, num_samples=2, **o), tmp_path / file)


@pytest.mark.parametrize("name", WRITERS)
def test_a_folder_is_deleted_for_no_file(small, tmp_path, name):
    if name == "onnx":
        pytest.importorskip("tf2onnx")
        pytest.importorskip("onnxruntime")
    write, file = WRITERS[name]
    (tmp_path / file).mkdir()
    (tmp_path / file / "thesis.txt").write_text("a thesis")
    with pytest.raises(IsADirectoryError, match="cannot take the place of a folder"):
        write(small, tmp_path / file, num_samples=2, overwrite=True)
    assert (tmp_path / file / "thesis.txt").read_text() == "a thesis"


def test_a_seed_file_replaces_ours_and_something_else_only_if_asked(small, tmp_path):
    path, masker = tmp_path / "ticket.safetensors", supermasks.EdgePopup(0.5)
    drawn = supermasks.convert(small, masker=masker, initializer="signed_kaiming_constant", seed=3)
    ticket = supermasks.to_plain(drawn)[1]
    check_that(lambda **options: seed_file(ticket, path, **options), path)


def check_that(write, path):
    path.write_text("a thesis")
    with pytest.raises(FileExistsError, match="must be free, or written by tfticket, or `overwr"):
        write()
    assert path.read_text() == "a thesis"
    write(overwrite=True)
    assert path.read_bytes() != b"a thesis"
    write()
