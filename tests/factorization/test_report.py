from __future__ import annotations

from tfticket.factorization import FactorizationReport, FactorizedLayer
from tfticket.slimming import Cost


def test_it_is_a_table_and_plain_values():
    row = FactorizedLayer("hidden", 2, 10, 200, 60, 400, 120, None)
    before, after = Cost(230, 920, {"hidden": 400}), Cost(90, 360, {"hidden": 120})
    report = FactorizationReport(before, after, (row,), {"output": "too thin"})
    lines = str(report).splitlines()
    assert lines[1].split() == ["hidden", "2", "10", "200", "60", "400", "120", "–"]
    assert lines[2].split() == ["whole", "model", "230", "90", "400", "120"]
    assert lines[3] == "left whole: output: too thin"
    assert report.ranks == {"hidden": 2}
    assert report.to_dict()["before"]["num_flops"] == 400
    assert report.to_dict()["layers"][0]["full_rank"] == 10
