"""Running `.tflite` files in processes of their own: outputs, comparisons, latencies."""

from tfticket.litert.comparison import Check, Run, Tolerance, Verification, compare
from tfticket.litert.embedding import Embedding, embed
from tfticket.litert.latency import FileLatency, Latency, latency
from tfticket.litert.verify import Baseline, Examples, run, verify

__all__ = [
    "Baseline",
    "Check",
    "Embedding",
    "Examples",
    "FileLatency",
    "Latency",
    "Run",
    "Tolerance",
    "Verification",
    "compare",
    "embed",
    "latency",
    "run",
    "verify",
]
