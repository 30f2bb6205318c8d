import json
import os
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from tfticket.errors import ExportError
from tfticket.export import keras_file, savedmodel

READER = """
import json, sys
sys.modules["tfticket"] = None
import numpy as np, tensorflow as tf
folder, flavour, path = sys.argv[1:]
x = np.linspace(-1, 1, 128, dtype=np.float32).reshape(2, 64)
keras = __import__(flavour)
loaded = tf.saved_model.load(folder)
answers = [
    loaded.serve(x)["output_0"],
    loaded.signatures["serving_default"](image=tf.constant(x))["output_0"],
    keras.models.load_model(path)(x),
]
print(json.dumps([np.asarray(a).tolist() for a in answers]))
"""


@pytest.mark.parametrize(
    "keras", ["keras", pytest.param("tf_keras", marks=pytest.mark.long)], indirect=True
)
def test_both_formats_load_where_tfticket_is_missing(keras, small, tmp_path):
    folder, path = tmp_path / "saved_model", tmp_path / "model.keras"
    savedmodel(small, folder)
    keras_file(small, path)
    done = subprocess.run(
        [sys.executable, "-c", READER, str(folder), keras.__name__, str(path)],
        capture_output=True,
        check=True,
    )
    expected = small(np.linspace(-1, 1, 128, dtype=np.float32).reshape(2, 64))
    for answer in json.loads(done.stdout.decode().splitlines()[-1]):
        np.testing.assert_allclose(answer, np.asarray(expected), atol=1e-6)


def test_reports_say_size_and_difference(small, tmp_path):
    for report in (
        savedmodel(small, tmp_path / "saved_model", num_samples=5),
        keras_file(small, tmp_path / "model.keras", inputs=np.eye(3, 64)),
    ):
        assert report.raw_bytes > report.gzip_bytes > 1000
        assert report.relative_diff <= 1e-5
        assert json.dumps(report.to_dict())
        assert "differs by" in str(report)


def test_a_keras_file_is_plain_and_the_same_every_time(keras, small, tmp_path):
    import h5py

    small.compile("sgd", "mse")
    small.fit(np.ones((4, 64)), np.ones((4, 10)), verbose=0)
    for name in ("first.keras", "second.keras"):
        keras_file(small, tmp_path / name)
    assert (tmp_path / "first.keras").read_bytes() == (tmp_path / "second.keras").read_bytes()
    with zipfile.ZipFile(tmp_path / "first.keras") as archive:
        assert "compile_config" not in json.loads(archive.read("config.json"))
        archive.extract("model.weights.h5", tmp_path)
    with h5py.File(tmp_path / "model.weights.h5") as weights:
        assert "optimizer" not in weights
    assert small.optimizer is not None


@pytest.mark.parametrize("write", [savedmodel, keras_file])
def test_only_our_own_is_overwritten_unasked(small, tmp_path, write):
    target = tmp_path / "model.keras"
    if write is savedmodel:
        target.mkdir()
        (target / "thesis.txt").write_text("old")
    else:
        target.write_text("old")
    with pytest.raises(FileExistsError, match="overwrite=False"):
        write(small, target)
    write(small, target, overwrite=True)
    write(small, target)
    assert os.listdir(tmp_path) == ["model.keras"]
    assert not (target / "thesis.txt").exists()


@pytest.mark.parametrize("write", [savedmodel, keras_file])
def test_a_failed_export_leaves_the_old_one(small, tmp_path, write, monkeypatch):
    import importlib

    target = tmp_path / "model.keras"
    write(small, target)
    before = sorted((p, p.read_bytes()) for p in tmp_path.rglob("*") if p.is_file())
    wrong = {"output_0": np.ones((8, 10))}
    module = importlib.import_module("tfticket.export.original")
    kept = module.reference
    monkeypatch.setattr(module, "reference", lambda m, *a: wrong if m is small else kept(m, *a))
    with pytest.raises(ExportError, match="does not compute"):
        write(small, target)
    assert before == sorted((p, p.read_bytes()) for p in tmp_path.rglob("*") if p.is_file())


def test_another_suffix_is_refused(small, tmp_path):
    with pytest.raises(ValueError, match=r"must end in \.keras"):
        keras_file(small, tmp_path / "model.h5")
