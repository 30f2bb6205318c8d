"""What may be lost for how small a network: metrics of models and files, sensitivity, budgets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfticket import _lazy
from tfticket.compression.budget import Budget
from tfticket.compression.choices import Choices

if TYPE_CHECKING:
    from tfticket.compression.candidate import Candidate, Spread
    from tfticket.compression.compressing import compress
    from tfticket.compression.layer_by_layer import sensitivity
    from tfticket.compression.measure import Measure
    from tfticket.compression.metrics import METRICS, Metric
    from tfticket.compression.report import Sensitivity, SensitivityRow
    from tfticket.compression.result import Compressed, Price, TestValues
    from tfticket.compression.treatment import Treatment

_LATER = {
    "METRICS": "metrics",
    "Candidate": "candidate",
    "Compressed": "result",
    "Measure": "measure",
    "Metric": "metrics",
    "Price": "result",
    "Sensitivity": "report",
    "SensitivityRow": "report",
    "Spread": "candidate",
    "TestValues": "result",
    "Treatment": "treatment",
    "compress": "compressing",
    "sensitivity": "layer_by_layer",
}

__all__ = [
    "METRICS",
    "Budget",
    "Candidate",
    "Choices",
    "Compressed",
    "Measure",
    "Metric",
    "Price",
    "Sensitivity",
    "SensitivityRow",
    "Spread",
    "TestValues",
    "Treatment",
    "compress",
    "sensitivity",
]

__getattr__ = _lazy.attributes(__name__, {n: f"{__name__}.{m}" for n, m in _LATER.items()})
