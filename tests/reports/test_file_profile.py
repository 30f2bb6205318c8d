from __future__ import annotations

import importlib
import json

import numpy as np
import pytest

pytest.importorskip("ai_edge_litert")

from tfticket import export
from tfticket.reports import plot_files, profile_files
from tfticket.reports.file_plots import _distinct
from tfticket.reports.file_profile import TWIN


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A net of 64, 96 and 10 with 90 % zeros: dense, read directly in blocks, and unpacked."""
    keras = importlib.import_module("keras")
    folder = tmp_path_factory.mktemp("files")
    keras.utils.set_random_seed(0)
    layers = keras.layers
    hidden = layers.Dense(96, activation="relu", name="hidden")
    model = keras.Sequential([layers.Input((64,)), hidden, layers.Dense(10, name="head")])
    kept = np.random.default_rng(0).random((16, 96)) < 0.1
    kernel, *others = model.get_weights()
    model.set_weights([kernel * np.repeat(kept, 4, axis=0), *others])
    paths = {}
    for name, sparse in (("dense", "none"), ("direct", "compute"), ("unpacked", "storage")):
        paths[name] = folder / f"{name}.tflite"
        export.tflite(model, paths[name], sparse=sparse, num_samples=4)
    return paths, int(np.count_nonzero(model.get_weights()[0]))


@pytest.fixture(scope="module")
def profile(files):
    return profile_files(list(files[0].values()), num_rounds=2)


def test_each_file_has_its_sizes_zeros_times_and_kernels(files, profile):
    paths, num_kept = files
    dense, direct, unpacked = profile.files
    assert [f.name for f in profile.files] == [str(path) for path in paths.values()]
    assert {f.num_weights for f in profile.files} == {64 * 96 + 96 * 10}
    assert {f.num_nonzero for f in profile.files} == {num_kept + 960}
    assert {f.multiply_adds for f in profile.files} == {64 * 96 + 96 * 10}
    assert {f.effective_multiply_adds for f in profile.files} == {num_kept + 960}
    assert dense.latency.speed_p50 == 1.0
    assert dense.latency.max_abs_diff == unpacked.latency.max_abs_diff == 0.0
    assert direct.latency.max_abs_diff < 1e-5
    assert direct.latency.builtin == {"FULLY_CONNECTED": 1}
    assert unpacked.latency.file_bytes > unpacked.csr_bound_bytes
    assert dense.gzip_bytes < dense.latency.file_bytes


def test_it_is_data_and_text_and_markdown(profile):
    plain = json.loads(json.dumps(profile.to_dict()))
    assert plain["files"][1]["sparsity"] == pytest.approx(profile.files[1].sparsity)
    assert plain["files"][1]["tensors"][0]["encoding"] in ("1x4", "csr", "dense")
    assert (plain["batch_size"], plain["num_threads"], plain["num_rounds"]) == (1, 1, 2)
    for text in (str(profile), profile.markdown()):
        assert "batch 1, 1 thread, 2 rounds in turn" in text
        assert "FULLY_CONNECTED x1" in text
        assert f"{profile.files[2].latency.file_bytes:,}" in text
    assert profile.markdown().count("\n|---|") == 2


def test_a_sparse_file_comes_with_its_dense_twin(files):
    found = profile_files([files[0]["unpacked"]], num_rounds=1)
    twin, given = found.files
    assert twin.name == f"dense twin of {files[0]['unpacked']}"
    assert twin.latency.file_bytes > 2 * given.latency.file_bytes
    assert given.latency.max_abs_diff == 0.0


def test_files_with_other_outputs_are_timed_and_not_compared(files, profile, tmp_path):
    keras = importlib.import_module("keras")
    layers = keras.layers
    model = keras.Sequential([layers.Input((64,)), layers.Dense(3, name="head")])
    export.tflite(model, tmp_path / "other.tflite", num_samples=2)
    found = profile_files([files[0]["dense"], tmp_path / "other.tflite"], num_rounds=1)
    assert found.files[1].latency.max_abs_diff is None
    assert "other outputs" in str(found)


def test_the_picture_has_size_and_speed_over_sparsity(profile):
    pytest.importorskip("matplotlib")
    figure = plot_files([profile, profile])
    left, right = figure.axes
    names = [text.get_text() for text in left.get_legend().get_texts()]
    assert names == ["dense.tflite", "direct.tflite", "unpacked.tflite"]
    assert left.lines[0].get_ydata()[0] == 1.0
    assert right.get_ylabel() == "speed against the first file"
    assert "batch 1, 1 thread," in figure.get_suptitle()


def test_of_one_profile_every_file_has_bars(profile):
    pytest.importorskip("matplotlib")
    figure = plot_files(profile)
    sizes, zipped, speeds = figure.axes
    first = profile.files[0].latency.file_bytes
    expected = [f"{f.latency.file_bytes / first:.3f}" for f in profile.files]
    assert [t.get_text() for t in sizes.texts] == expected
    assert zipped.get_xlim() == sizes.get_xlim()
    assert speeds.texts[0].get_text() == "1.00"
    names = [t.get_text().splitlines()[0] for t in sizes.get_yticklabels()]
    assert names == ["dense.tflite", "direct.tflite", "unpacked.tflite"]


def test_files_of_one_name_are_told_by_their_folders():
    names = [TWIN.format(name="/runs/a/m.tflite"), "/runs/a/m.tflite", "/runs/b/m.tflite"]
    assert _distinct(names) == ["dense twin of a/m.tflite", "a/m.tflite", "b/m.tflite"]


def test_nothing_to_compare_is_refused(tmp_path):
    with pytest.raises(ValueError, match="at least one file"):
        profile_files([])
    with pytest.raises(FileNotFoundError, match="must exist"):
        profile_files([tmp_path / "missing.tflite"])
