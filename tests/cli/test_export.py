"""`tfticket export` to what is not written at the end of every run."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from tfticket import supermasks
from tfticket.cli.app import app

RUN = [
    *("--model", "lenet_300_100", "--data", "digits", "--sparsity", "0.5"),
    *("--num-steps", "5", "--steps-per-execution", "1", "--controls", "none", "--export", "none"),
]


def invoke(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """A finished run without files."""
    root = tmp_path_factory.mktemp("runs") / "first"
    done = invoke("find", "lottery_ticket", *RUN, "--pruning-rate", "0.5", "--out", root)
    assert done.exit_code == 0, done.output
    return root


def test_export_to_int8_counts_zeros_before_and_after(found):
    done = invoke("export", found, "--to", "tflite", "--quantize", "int8", "--json")
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert report["path"] == str(found / "model_int8.tflite")
    assert (report["weights"], report["inputs"]) == ("int8", "given")
    assert report["zeros_after"] >= report["zeros_before"] > 0
    assert all(row["type"] == "int8" for row in report["tensors"])
    assert report["file_bytes"] < 90_000  # of 51 thousand weights


def test_quantize_of_what_is_no_tflite_file_is_refused(found):
    for arguments in (["keras", "--quantize", "int8"], ["tflite", "--quantize", "int4"]):
        done = invoke("export", found, "--to", *arguments)
        assert done.exit_code == 1
        assert "--quantize must be one of" in done.stderr


def test_export_of_trained_weights_as_seeds_is_refused(found):
    done = invoke("export", found, "--to", "seeds")
    assert done.exit_code == 1
    assert "only a supermask's ticket" in done.stderr


def test_export_to_one_archive(found, tmp_path):
    out = tmp_path / "model.zip"
    done = invoke("export", found, "--to", "savedmodel", "--out", out)
    assert done.exit_code == 0, done.output
    assert out.read_bytes().startswith(b"PK")


def test_export_to_onnx(found):
    pytest.importorskip("tf2onnx")
    pytest.importorskip("onnxruntime")
    done = invoke("export", found, "--to", "onnx")
    assert done.exit_code == 0, done.output
    assert (found / "model.onnx").exists()


def test_a_supermask_is_exported_as_seeds(tmp_path):
    done = invoke("find", "edge_popup", *RUN, "--out", tmp_path / "run")
    assert done.exit_code == 0, done.output
    done = invoke("export", tmp_path / "run", "--to", "seeds", "--json")
    assert done.exit_code == 0, done.output
    path = tmp_path / "run" / "seeds.safetensors"
    assert json.loads(done.stdout)["raw_bytes"] == path.stat().st_size
    assert supermasks.SeedTicket.load(path).masks.sparsity == pytest.approx(0.5)
