"""Layer collapse: how far scores can compress a model before a layer is emptied.

No training is needed: the model is pruned as it stands, to one compression after another.
"""

from tfticket.collapse.comparing import PAPER_ROUNDS, compare
from tfticket.collapse.curve import CollapseCurve, rows
from tfticket.collapse.measuring import compression_grid, compressions, critical_compression

__all__ = [
    "PAPER_ROUNDS",
    "CollapseCurve",
    "compare",
    "compression_grid",
    "compressions",
    "critical_compression",
    "rows",
]
