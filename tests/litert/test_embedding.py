"""A file as sources for a microcontroller: written whole, run where its runtime is there."""

import dataclasses
import json

import numpy as np
import pytest

from tfticket.errors import ExportError, MissingDependencyError
from tfticket.export import encode
from tfticket.litert import embed, embedding, on_micro

HAS_RUNTIME = on_micro.has_micro_runtime()
runs = pytest.mark.skipif(not HAS_RUNTIME, reason="needs tflite-micro, of the extra `micro`")


@pytest.fixture
def write(tmp_path):
    def written(blob):
        path = tmp_path / "file.tflite"
        path.write_bytes(blob)
        return path

    return written


@pytest.fixture
def without_runtime(monkeypatch):
    monkeypatch.setattr("tfticket.litert.embedding.has_micro_runtime", lambda: False)


@pytest.mark.usefixtures("without_runtime")
def test_sources_are_written_and_it_is_said_that_nothing_was_run(converted, write, tmp_path):
    found = embed(write(converted("lenet", "int8")), tmp_path / "out", name="lenet")
    assert found.files == ("lenet.h", "lenet.cc", "run_lenet.cc", "embedded.json")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == sorted(found.files)
    assert (found.arena_bytes, found.max_difference, found.runtime) == (None, None, "")
    assert "not run: without the Python package tflite-micro" in str(found)
    kept = json.loads((tmp_path / "out" / "embedded.json").read_text())
    assert kept["file_bytes"] == found.needs.file_bytes
    embed(write(converted("lenet")), tmp_path / "out")  # its own folder is replaced
    assert (tmp_path / "out" / "network.h").is_file()
    assert not (tmp_path / "out" / "lenet.h").exists()


@pytest.mark.usefixtures("without_runtime")
def test_what_is_not_ours_stays(converted, write, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").touch()
    with pytest.raises(FileExistsError, match="written by tfticket, or `overwrite` set"):
        embed(write(converted("lenet")), tmp_path / "out")
    assert (tmp_path / "out" / "mine.txt").exists()


def test_a_file_with_an_obstacle_is_not_written(converted, zeroed, write, tmp_path):
    blob, _ = encode(zeroed(converted("lenet"), 0.9, block=4), encoding="compute")
    with pytest.raises(ExportError, match=r"nothing was written: FULLY_CONNECTED reads a sparse"):
        embed(write(blob), tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["", "2d", "My", "a-b", "../x", "class", "float"])
def test_names_that_c_does_not_take_are_refused(converted, write, tmp_path, name):
    with pytest.raises(ValueError, match="`name` must be an identifier of C"):
        embed(write(converted("lenet")), tmp_path / "out", name=name)


def test_inputs_must_fit_and_tell_something(converted, write, tmp_path, monkeypatch):
    monkeypatch.setattr("tfticket.litert.embedding.has_micro_runtime", lambda: True)
    path = write(converted("lenet"))
    with pytest.raises(ValueError, match=r"`inputs` must be examples .*Received: \[\(4, 7\)\]"):
        embed(path, tmp_path / "out", inputs=np.zeros((4, 7)))
    with pytest.raises(ValueError, match="`inputs` must differ"):
        embed(path, tmp_path / "out", inputs=np.zeros((4, 784)))


@pytest.mark.skipif(HAS_RUNTIME, reason="the runtime is installed")
def test_without_the_runtime_its_extra_is_named(converted, write):
    with pytest.raises(MissingDependencyError, match=r"tfticket\[micro\]"):
        on_micro.run_on_micro(write(converted("lenet")), {"image": np.zeros((1, 784))}, 1)


@runs
@pytest.mark.parametrize("weights", ["float32", "int8"])
def test_the_runtime_computes_what_litert_does(converted, write, tmp_path, weights):
    found = embed(write(converted("lenet", weights)), tmp_path / "out")
    assert found.max_difference <= (1e-5 if weights == "float32" else 0.05)
    assert found.arena_bytes > found.needs.activation_bytes
    assert f"it took {found.arena_bytes} bytes" in (tmp_path / "out/run_network.cc").read_text()


@runs
def test_garbage_is_seen_where_no_obstacle_is_known(
    converted, zeroed, write, tmp_path, monkeypatch
):
    """What runs is compared, whatever the list of obstacles says."""
    blob, _ = encode(zeroed(converted("lenet"), 0.9, block=4), encoding="compute")
    blind = dataclasses.replace(embedding.micro(write(blob)), obstacles=())
    monkeypatch.setattr(embedding, "micro", lambda path: blind)
    with pytest.raises(ExportError, match=r"something else on a micro|does not run on a micro"):
        embed(write(blob), tmp_path / "out")
    assert not (tmp_path / "out").exists()
