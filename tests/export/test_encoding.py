"""Anybody's TFLite file, encoded: smaller, the same, and never silently anything else."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from tfticket import export
from tfticket.cli.app import app
from tfticket.errors import CorruptFileError, ExportError


@pytest.fixture
def source(converted, zeroed, tmp_path):
    path = tmp_path / "theirs.tflite"
    path.write_bytes(zeroed(converted("lenet"), 0.9))
    return path


def test_zeros_become_smaller_and_outputs_stay_equal(source, tmp_path):
    before = source.read_bytes()
    found = export.encode_tflite(source, tmp_path / "ours.tflite")
    assert found.layout == "storage"
    assert found.file_bytes == (tmp_path / "ours.tflite").stat().st_size < 0.2 * len(before)
    assert found.source_bytes == len(before)
    assert [check.reference for check in found.verification] == ["source"] * 4
    assert all(check.max_abs_diff == 0 for check in found.verification)
    assert source.read_bytes() == before
    assert json.dumps(found.to_dict())
    assert "of the output range (0 passes)" in str(found)


def test_kernels_that_skip_zeros_may_be_asked_for(converted, zeroed, tmp_path):
    path = tmp_path / "blocks.tflite"
    path.write_bytes(zeroed(converted("lenet"), 0.9, block=4))
    found = export.encode_tflite(path, tmp_path / "ours.tflite", sparse="compute")
    assert found.layout == "compute"
    assert max(check.relative_diff for check in found.verification) <= 1e-6


def test_what_has_no_zeros_is_copied_and_says_why(converted, tmp_path):
    path = tmp_path / "dense.tflite"
    path.write_bytes(converted("lenet"))
    found = export.encode_tflite(path, tmp_path / "same.tflite")
    assert (tmp_path / "same.tflite").read_bytes() == path.read_bytes()
    assert found.layout == "dense"
    assert found.tried[0].reason.startswith("no weight is smaller encoded")


def test_a_file_that_is_sparse_already_stays_so(source, tmp_path):
    export.encode_tflite(source, tmp_path / "once.tflite")
    found = export.encode_tflite(tmp_path / "once.tflite", tmp_path / "twice.tflite")
    assert (tmp_path / "twice.tflite").read_bytes() == (tmp_path / "once.tflite").read_bytes()
    assert {row.reason for row in found.tensors} >= {"sparse already"}


def test_a_copy_that_differs_is_not_handed_over(source, tmp_path, monkeypatch):
    def wrong(dense, encoding):
        right = encode_file(dense, encoding)
        return type(right)(other.blob, right.rows)

    from tfticket.export import layouts

    encode_file = layouts.encode_file
    halved = layouts.File(source.read_bytes())
    other = encode_file(halved, "storage")
    monkeypatch.setattr(layouts, "differing_weight", lambda *_: "constant 'x' has other values")
    monkeypatch.setattr(layouts, "encode_file", wrong)
    with pytest.raises(ExportError, match="no layout passed"):
        export.encode_tflite(source, tmp_path / "ours.tflite")
    assert not (tmp_path / "ours.tflite").exists()


def test_what_cannot_be_encoded_is_told(source, tmp_path):
    with pytest.raises(ValueError, match="another path"):
        export.encode_tflite(source, source)
    with pytest.raises(ValueError, match="`sparse` must be one of"):
        export.encode_tflite(source, tmp_path / "a.tflite", sparse="small")
    with pytest.raises(FileNotFoundError):
        export.encode_tflite(tmp_path / "nothing.tflite", tmp_path / "a.tflite")
    text = tmp_path / "text.tflite"
    text.write_text("no model")
    with pytest.raises(CorruptFileError, match=r"text\.tflite"):
        export.encode_tflite(text, tmp_path / "a.tflite")
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError):
        export.encode_tflite(source, tmp_path / "notes.txt")
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_it_is_a_command(source, tmp_path):
    out = tmp_path / "ours.tflite"
    done = CliRunner().invoke(app, ["encode", str(source), "--out", str(out), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["file_bytes"] == out.stat().st_size
    shape = ["--input-shape", "1,x"]
    done = CliRunner().invoke(app, ["encode", str(source), "--out", str(out), *shape])
    assert done.exit_code == 1
    assert "whole numbers from 1 on" in done.stderr
    done = CliRunner().invoke(app, ["bench", str(out), "--input-shape", "input=1,784"])
    assert done.exit_code == 1
    assert "there is no input 'input'" in done.stderr


def test_a_file_is_inspected_without_tensorflow(source):
    code = (
        "import sys\nfrom tfticket.cli import main\n"
        f"sys.argv = ['tfticket', 'inspect', {str(source)!r}]\n"
        "try:\n    main()\nfinally:\n    assert 'tensorflow' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "FULLY_CONNECTED x3" in done.stdout, done.stderr
    assert "AssertionError" not in done.stderr
