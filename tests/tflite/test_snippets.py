"""Programs that run a file: the Python one is run, the Kotlin one is read."""

import os
import subprocess
import sys

import pytest

from tfticket.tflite import snippet


@pytest.fixture
def path(converted, tmp_path):
    path = tmp_path / "my-network.tflite"
    path.write_bytes(converted("lenet"))
    return path


def test_the_python_program_runs_as_it_is(path):
    (path.parent / "use_it.py").write_text(snippet(path))
    done = subprocess.run(
        [sys.executable, "use_it.py"],
        cwd=path.parent,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "output_0 (1, 10) float32\n"


def test_the_kotlin_class_has_the_names_and_types_of_the_file(path):
    text = snippet(path, "kotlin")
    assert 'context.assets, "my-network.tflite"' in text
    assert "class MyNetwork(context: Context)" in text
    assert "fun run(input0: FloatArray): FloatArray {" in text
    assert "float32 (1, 784); returned: float32 (1, 10)" in text
    assert text.count("{") == text.count("}")


def test_other_languages_are_refused(path):
    with pytest.raises(ValueError, match=r"`language` must be one of \['kotlin', 'python'\]"):
        snippet(path, "cobol")
