"""The thin commands over this room: `inspect`, `bench` and `advise`."""

import json

import pytest
import typer
from typer.testing import CliRunner

from tfticket.cli.advise import advise
from tfticket.cli.bench import bench
from tfticket.cli.inspect import inspect
from tfticket.export import encode
from tfticket.litert.quiet import quiet
from tfticket.tflite import flatbuffer


def invoke(command, *arguments):
    app = typer.Typer()
    app.command()(command)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def files(converted, zeroed, tmp_path):
    dense = zeroed(converted("odd"), 0.98)
    paths = [tmp_path / "dense.tflite", tmp_path / "sparse.tflite"]
    paths[0].write_bytes(dense)
    paths[1].write_bytes(encode(dense, encoding="compute")[0])
    return paths


def test_inspect_shows_weights_and_warnings(files):
    model = flatbuffer.read(files[1].read_bytes())
    tensor = next(t for t in model.subgraphs[0].tensors if t.sparsity is not None)
    tensor.shape = tensor.shape[::-1]
    files[1].write_bytes(flatbuffer.write(model))
    done = invoke(inspect, files[1])
    assert done.exit_code == 0, done.output
    assert "csr direct" in done.stdout
    assert "warning G8" in done.stdout
    plain = json.loads(invoke(inspect, files[1], "--json").stdout)
    assert [w["code"] for w in plain["warnings"]] == ["G8"]


def test_inspect_tells_what_is_no_model(tmp_path):
    path = tmp_path / "text.tflite"
    path.write_text("no model at all")
    done = invoke(inspect, path)
    assert done.exit_code == 1
    assert "must be a TFLite file" in done.stderr


def test_bench_compares_with_the_first_file(files, tmp_path):
    picture = tmp_path / "bench.png"
    done = invoke(bench, *files, "--rounds", "2", "--json", "--plot", picture)
    assert done.exit_code == 0, done.output
    plain = json.loads(done.stdout)
    assert plain["files"][0]["latency"]["speed_p50"] == 1.0
    assert plain["files"][1]["latency"]["builtin"] == {"FULLY_CONNECTED": 2}
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_bench_puts_its_dense_twin_beside_a_sparse_file(files):
    done = invoke(bench, files[1], "--rounds", "1", "--markdown")
    assert done.exit_code == 0, done.output
    rows = [line.split(" | ") for line in done.stdout.splitlines() if line.startswith("| ")]
    assert [row[0] for row in rows[:3]] == [
        *("| file", f"| dense twin of {files[1]}", f"| {files[1]}")
    ]
    assert rows[1][2] == "1.000"


def test_advise_loads_the_file_with_its_own_keras(keras, tmp_path):
    path = tmp_path / "model.keras"
    layers = keras.layers
    with quiet():
        keras.Sequential([layers.Input((64,)), layers.Dense(8, name="head")]).save(path)
    done = invoke(advise, path)
    assert done.exit_code == 0, done.output
    assert "head/kernel  64x8  Dense" in done.stdout


def test_advise_tells_what_is_no_model(tmp_path):
    path = tmp_path / "model.keras"
    path.write_text("no archive")
    done = invoke(advise, path)
    assert done.exit_code == 1
    assert "must be a .keras file" in done.stderr


def test_export_takes_a_tolerance_for_tflite_files_only(tmp_path, monkeypatch):
    from tfticket.cli.export import export
    from tfticket.experiments import artifacts

    done = invoke(export, tmp_path, "--to", "keras", "--tolerance", "0.1")
    assert done.exit_code == 1
    assert "--tolerance is of TFLite files only" in done.stderr
    given = {}
    monkeypatch.setattr(artifacts, "export_run", lambda *a, **k: given.update(k) or "done")
    done = invoke(export, tmp_path, "--to", "tflite", "--tolerance", "0.1")
    assert done.exit_code == 0, done.output
    assert given["tolerance"] == 0.1
