"""Files in use, from the command line."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from tfticket.cli.app import app


def invoke(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.fixture
def path(root):
    return root / "saved_models" / "vgg_small_mnist_micro" / "model_int8.tflite"


def test_a_file_is_looked_at_and_written(path, root, tmp_path):
    done = invoke("embed", path)
    assert done.exit_code == 0 and "RAM for activations: 7,056 bytes" in done.stdout
    done = invoke("embed", path, "--out", tmp_path / "out", "--name", "vgg_small")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "out" / "vgg_small.cc").stat().st_size > path.stat().st_size
    done = invoke("embed", root / "saved_models" / "lenet_mnist_95" / "model.tflite")
    assert done.exit_code == 1 and "obstacle: DENSIFY unpacks sparse weights" in done.stdout


def test_a_program_is_printed(path):
    assert "CompiledModel" in invoke("snippet", path, "--language", "kotlin").stdout
    done = invoke("snippet", path, "--language", "rust")
    assert done.exit_code == 1 and "--language must be one of" in done.output


def test_the_commands_do_without_tensorflow(path, tmp_path):
    code = (
        "import sys\nfrom tfticket.cli.app import app\n"
        f"path, out = {str(path)!r}, {str(tmp_path / 'out')!r}\n"
        "app(['embed', path, '--out', out], standalone_mode=False)\n"
        "app(['snippet', path], standalone_mode=False)\n"
        "assert 'tensorflow' not in sys.modules and 'keras' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
