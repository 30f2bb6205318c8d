from __future__ import annotations

import pytest

from tfticket.strong_tickets import ApproximatedLayer, ApproximationReport


def test_means_are_over_weights_and_totals_over_layers():
    rows = (
        ApproximatedLayer("a", 10, 100, 30, 0.5, 0.01, 0.2),
        ApproximatedLayer("b", 30, 200, 50, 0.4, 0.03, 0.1),
    )
    report = ApproximationReport(6, rows)
    assert (report.num_weights, report.num_kept, report.max_error) == (300, 80, 0.2)
    assert report.mean_error == pytest.approx(0.025)
    assert report.to_dict()["layers"][1]["num_kept"] == 50
    lines = str(report).splitlines()
    assert lines[3].split() == ["all", "40", "300", "80", "2.50e-02", "2.00e-01"]
