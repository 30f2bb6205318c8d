"""A dozen cells of `benchmarks/export_matrix` in one runtime, and what the whole of it found."""

import importlib.util
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks" / "export_matrix"
CELLS = [
    ("keras", "Dense", "float32", "elementwise 80 %", "verified", "csr densify"),
    ("keras", "Dense", "float32", "1x16 80 %", "verified", "1x4 direct"),
    ("tf_keras", "Dense", "float32", "elementwise 98 %", "verified", "csr direct"),
    ("keras", "Dense", "float16", "1x4 80 %", "verified", "csr densify"),
    ("tf_keras", "Dense", "int8", "1x16 80 %", "dense", "G3, G4"),
    ("keras", "Dense", "dynamic", "elementwise 98 %", "dense", "G3, G4"),
    ("keras", "Conv 3x3", "float32", "elementwise 80 %", "verified", "csr densify"),
    ("keras", "Conv 1x1", "float16", "elementwise 98 %", "verified", "csr densify"),
    ("tf_keras", "depthwise", "float32", "elementwise 98 %", "verified", "csr densify"),
    ("keras", "transposed", "float16", "elementwise 80 %", "dense", "G7"),
    ("tf_keras", "Conv1D", "int8", "elementwise 98 %", "dense", "G3, G4"),
    ("keras", "LSTM", "float32", "elementwise 80 %", "refused", "TensorListReserve"),
    ("tf_keras", "LSTM unrolled", "float32", "1x4 80 %", "verified", "1x4 direct"),
]


@pytest.fixture(scope="module")
def matrix():
    """The benchmark's own `run.py`, whose neighbours it imports by their short names."""
    sys.path.insert(0, str(FOLDER))
    names = ("cells", "table")
    before = {name: sys.modules.pop(name) for name in names if name in sys.modules}
    try:
        spec = importlib.util.spec_from_file_location("export_matrix_run", FOLDER / "run.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module
    finally:
        sys.path.remove(str(FOLDER))
        for name in names:
            sys.modules.pop(name, None)
        sys.modules.update(before)


@pytest.mark.parametrize(("flavour", "kind", "weights", "mask", "outcome", "words"), CELLS)
def test_a_cell(matrix, tmp_path, flavour, kind, weights, mask, outcome, words):
    keras = importlib.import_module(flavour)
    row = matrix.exported(keras, kind, weights, mask, tmp_path / "cell.tflite")
    assert row["outcome"] == outcome
    assert words in f"{row.get('encodings')} {row['reason']}"
    assert row.get("given_up", []) == []
    assert row.get("warnings", []) == []
    before, after = row.get("zeros", (0, 0))
    assert after >= before


def test_no_committed_cell_is_wrong(matrix):
    found = matrix.records.read(FOLDER / "results.json")
    rows = [row for rows in found.values() for row in rows.values()]
    assert {row["outcome"] for row in rows} <= {"verified", "dense", "refused"}
    assert all(row["reason"] for row in rows if row["outcome"] != "verified")
    assert not any(row.get("warnings") for row in rows)
