"""What the benchmarks of this room found stays within what was aimed at."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

from benchmarks import records

BENCHMARKS = Path(records.__file__).parent
TARGETS = {0.9: (1.02, 0.90), 0.95: (1.04, 0.75), 0.98: (1.08, 0.50)}
NETWORKS = ("LeNet-300-100", "conv_431k")


def results(name):
    return records.read(BENCHMARKS / name / "results.json")


def test_every_file_is_right_on_the_emulated_arm_processor():
    found = results("emulated_arm")
    cells = [row for rows in found["cells"].values() for row in rows.values()]
    ours = [rows["ours"] for rows in found["clusters"].values()]
    assert len(cells) == 84
    assert {row["outcome"] for row in cells + ours} == {"verified"}
    assert {row["layout"] for row in cells} == {"dense", "storage", "compute"}


def test_without_the_check_of_the_graph_files_would_be_wrong_on_arm():
    found = results("emulated_arm")["clusters"]
    wrong = {name for name, rows in found.items() if rows["unchecked"]["outcome"] != "verified"}
    warned = {name for name, rows in found.items() if rows["unchecked"]["warnings"]}
    assert wrong == warned == set(found) - {"sound"}


def test_float32_files_are_near_the_bounds_and_none_is_larger_than_dense():
    found = results("file_sizes")
    for network in NETWORKS:
        for sparsity, (csr, bitmask) in TARGETS.items():
            row = found["sizes"][f"{network}, {sparsity:g}"]["float32"]
            assert row["own"] <= csr * row["csr bound"]
            assert row["own gzip"] <= bitmask * row["bitmask bound"]
        row = found["sizes"][f"{network}, 0.98"]["float32"]
        assert row["own"] <= 0.45 * row["converter"]
    for rows in found["sizes"].values():
        assert all(row["own"] <= row["dense"] + 1_000 for row in rows.values())
    assert found["rewriting"]["bytes"] > 13_000_000
    assert found["rewriting"]["seconds, slowest"] <= 1


def test_files_with_zeros_are_as_fast_as_promised():
    found = results("latency")["networks with zeros"]

    def speed(key, file):
        return found[key]["files"][file]["speed_p50"]

    assert speed("LeNet-300-100, 0.9", "1x4") >= 1.8
    assert speed("LeNet-300-100, 0.95", "1x4") >= 3
    assert speed("1024-wide MLP, 0.9", "1x4") >= 3.5
    for network in ("LeNet-300-100", "1024-wide MLP"):
        assert speed(f"{network}, 0.95", "direct") >= 1.1
        unpacked = [speed(f"{network}, {s:g}", "DENSIFY") for s in (0.8, 0.9, 0.95, 0.98)]
        assert all(0.9 <= one <= 1.1 for one in unpacked)
