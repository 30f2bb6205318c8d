"""What may be lost for how small a network: metrics of models and files alike, and sensitivity."""

from tfticket.compression.measure import Measure
from tfticket.compression.metrics import METRICS, Metric
from tfticket.compression.report import Sensitivity, SensitivityRow
from tfticket.compression.sensitivity import sensitivity

__all__ = ["METRICS", "Measure", "Metric", "Sensitivity", "SensitivityRow", "sensitivity"]
