"""Sources in C++ hold the file, byte for byte, and are compiled where there is a compiler."""

import re
import shutil
import subprocess

import pytest

from tfticket.tflite.c_sources import array, example, header
from tfticket.tflite.file import File

BLOB = bytes(range(256)) + b"\x00\xff"


def test_the_array_is_the_file():
    text = array("network", BLOB)
    body = text[text.index("{") : text.index("}")]
    assert bytes(int(number, 16) for number in re.findall(r"0x[0-9a-f]{2}\b", body)) == BLOB
    assert "network_len = 258;" in text


def test_a_compiler_takes_them(tmp_path):
    if not (compiler := shutil.which("g++") or shutil.which("clang++")):
        pytest.skip("needs a C++ compiler")
    (tmp_path / "network.h").write_text(header("network", BLOB))
    (tmp_path / "network.cc").write_text(array("network", BLOB))
    (tmp_path / "main.cc").write_text(
        '#include <cstdint>\n#include <cstdio>\n#include "network.h"\nint main() {\n'
        "  if (reinterpret_cast<uintptr_t>(network) % 16) return 1;\n"
        "  return fwrite(network, 1, network_len, stdout) != network_len;\n}\n"
    )
    sources = [str(tmp_path / name) for name in ("main.cc", "network.cc")]
    given = ["-std=c++17", "-Wall", "-Wextra", "-Werror", *sources, "-o", str(tmp_path / "main")]
    subprocess.run([compiler, *given], check=True, capture_output=True)
    done = subprocess.run([str(tmp_path / "main")], check=True, capture_output=True)
    assert done.stdout == BLOB


def test_the_program_adds_what_the_file_uses(converted):
    main = File(converted("lenet")).subgraphs[0]
    places = ([main.tensors[i] for i in side] for side in (main.inputs, main.outputs))
    text = example("my_net", ["AddFullyConnected"], *places, arena_bytes=2048, room="Measured.")
    assert "MicroMutableOpResolver<1>" in text and "resolver.AddFullyConnected()" in text
    assert "kArenaBytes = 2048" in text and "TfLiteStatus RunMyNet()" in text
    assert "interpreter.input(0)->data.f[0] = 0;" in text and "// float32 [1, 784]" in text
