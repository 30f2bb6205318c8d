"""Generated graphs on an emulated processor without AVX: some now, and what hundreds have shown.

`benchmarks/generated_graphs` has them all. A machine with AVX cannot see these failures: there
every one of the files below is right.
"""

import importlib.util
import os
import shutil
import site
import sys
from pathlib import Path

import numpy as np
import pytest

from tfticket.export import inspect, tflite
from tfticket.tflite import xnnpack
from tfticket.tflite.file import File

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks" / "generated_graphs"
QEMU = "qemu-x86_64-static"
NEIGHBOURS = ("branches", "emulators", "graph_table", "graphs", "operators")
RIGHT = ("middle: residual add", "head: depth to space", "start: concatenate")
WRONG = ("middle: mul vector", "middle: batch norm after relu", "head: dense and 1x1")
FURTHER_RIGHT = (
    *("plain", "middle: leaky_relu", "middle: upsampling bilinear"),
    *("middle: gelu", "head: flatten", "middle: squeeze reshaped", "middle: max pool, 60% zeros"),
    "head: two dense",
)
FURTHER_WRONG = (
    *("middle: 1x1 groups 4", "middle: add scalar", "middle: hard_sigmoid"),
    *("middle: squeeze kept", "head: kept, 1x1, flatten", "middle: max pool"),
)


@pytest.fixture(scope="module")
def benchmark():
    """The benchmark's own `run.py`, whose neighbours it imports by their short names."""
    sys.path.insert(0, str(FOLDER))
    before = {name: sys.modules.pop(name) for name in NEIGHBOURS if name in sys.modules}
    try:
        spec = importlib.util.spec_from_file_location("generated_graphs_run", FOLDER / "run.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module
    finally:
        sys.path.remove(str(FOLDER))
        for name in NEIGHBOURS:
            sys.modules.pop(name, None)
        sys.modules.update(before)


@pytest.fixture(scope="module")
def emulator(benchmark):
    """This interpreter and its runtime on a processor without AVX."""
    if not shutil.which(QEMU):
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail(f"continuous integration must have {QEMU}: Debian's qemu-user-static")
        pytest.skip(f"needs {QEMU}, of Debian's qemu-user-static")
    return benchmark.emulators.without_avx(QEMU, os.pathsep.join(site.getsitepackages()))


@pytest.fixture(scope="module")
def chosen(benchmark):
    """Graphs by name; one of them, so to say a start, is asked for by another name below."""
    found = {graph.name: graph for graph in benchmark.graphs.all_graphs()}
    concatenate = benchmark.graphs.Graph(odd=(("start", "residual concatenate"),))
    return found | {"start: concatenate": concatenate}


@pytest.mark.parametrize(
    ("expected_right", "expected_wrong"),
    [
        pytest.param(RIGHT, WRONG, id="some"),
        pytest.param(FURTHER_RIGHT, FURTHER_WRONG, id="more", marks=pytest.mark.long),
    ],
)
def test_what_the_list_says_holds_without_avx(
    benchmark, emulator, chosen, tmp_path, expected_right, expected_wrong
):
    expected = {chosen[name].name: True for name in expected_right}
    expected |= {chosen[name].name: False for name in expected_wrong}
    wanted = [chosen[name] for name in (*expected_right, *expected_wrong)]
    rows = benchmark.measure(wanted, emulator, tmp_path)
    said = {
        g.name: benchmark.verdict(benchmark.folder_of(g, tmp_path) / "model.tflite") for g in wanted
    }
    assert [n for n in expected if str(rows[n]).startswith(("not made", "dense, too"))] == []
    assert {n: benchmark.graph_table.is_right(n, rows[n]) for n in expected} == expected
    assert {n: said[n] in benchmark.graph_table.ADMITTED for n in expected} == expected


@pytest.mark.parametrize("odd", ["grouped", "scale"])
def test_a_file_that_is_handed_over_is_right_without_avx(benchmark, emulator, tmp_path, odd):
    """Two files that passed every comparison here and were a third of the range off on phones."""
    model = _with(odd)
    inputs = np.random.default_rng(1).normal(size=(5, 32, 32, 3)).astype(np.float32)
    path = tmp_path / "file.tflite"
    report = tflite(model, path, inputs=inputs)
    assert (report.layout, inspect(path).warnings) == ("dense", ())
    assert report.tried[-1].reason.startswith("phones would be wrong (G5)")
    asked = benchmark.emulators.request(tmp_path / "run", path, {"input_0": inputs})
    (found,) = emulator.outputs([asked])
    expected = {"output_0": np.asarray(model(inputs, training=False))}
    assert benchmark.difference(found, expected) < 1e-6


def test_no_graph_that_was_wrong_anywhere_is_called_sound(benchmark):
    rows = benchmark.records.read(FOLDER / "results.json")["graphs"]
    table = benchmark.graph_table
    made = {name: row for name, row in rows.items() if not table.is_unmade(row)}
    titles = {title for row in made.values() for title in table.ran(row)}
    ran = {title: sum(title in table.ran(row) for row in made.values()) for title in titles}
    assert {title.split(",")[0] for title in titles} == {"Nehalem", "cortex-a76"}
    assert {title.split()[-1] for title in titles} >= {"2.1.0", "2.3.0"}
    assert all(count >= 300 for title, count in ran.items() if title.startswith("Nehalem"))
    assert all(count >= 60 for title, count in ran.items() if title.startswith("cortex"))
    counts = table.counts(rows)
    assert (
        sum(n for (right, word), n in counts.items() if not right and word in table.ADMITTED) == 0
    )
    right = {word: n for (is_right, word), n in counts.items() if is_right}
    admitted = sum(n for word, n in right.items() if word in table.ADMITTED)
    assert admitted >= 0.9 * sum(right.values())


def test_the_committed_table_has_what_the_list_says_today(benchmark, chosen, tmp_path):
    rows = benchmark.records.read(FOLDER / "results.json")["graphs"]
    for name in (*RIGHT[:2], *WRONG):
        path, *_ = benchmark.sparse_file(chosen[name], tmp_path / str(abs(hash(name))))
        assert benchmark.verdict(path) == rows[name]["list"], name
        assert xnnpack.cluster(File.read(path)).code in ("", "G5")


def _with(odd):
    import keras

    layers = keras.layers
    keras.utils.set_random_seed(0)
    given = layers.Input((32, 32, 3), name="input_0")
    x = layers.Conv2D(16, 3, strides=2, activation="relu")(layers.ZeroPadding2D(1)(given))
    for number in range(3):
        groups = 4 if (odd, number) == ("grouped", 1) else 1
        x = layers.DepthwiseConv2D(3, padding="same", activation="relu")(x)
        x = layers.Conv2D(32, 1, activation="relu", groups=groups)(x)
        if (odd, number) == ("scale", 0):
            x = x * np.linspace(0.5, 2, 32, dtype=np.float32)
    model = keras.Model(given, layers.Dense(10)(layers.GlobalAveragePooling2D()(x)))
    generator = np.random.default_rng(0)
    for layer in model.layers:
        values = layer.get_weights()
        if values and values[0].shape[:2] == (1, 1):
            kept = generator.random(values[0].shape) > 0.85
            layer.set_weights([values[0] * kept, *values[1:]])
    return model
