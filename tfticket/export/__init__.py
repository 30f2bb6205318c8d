"""Models as files: small where zeros allow it, plain, and run before they are handed over."""

from tfticket.export.advice import Advice, Way, WeightAdvice, advise
from tfticket.export.encoder import encode
from tfticket.export.hazards import Hazard
from tfticket.export.inspection import Inspection, inspect
from tfticket.export.latency import FileLatency, Latency, latency
from tfticket.export.onnx import onnx
from tfticket.export.phone import phone_ready
from tfticket.export.quantize_aware import quantize_aware
from tfticket.export.report import (
    Attempt,
    Check,
    ExportReport,
    TensorEncoding,
    Verification,
)
from tfticket.export.savedmodel import SavedReport, keras_file, savedmodel
from tfticket.export.seeds import seed_file
from tfticket.export.sizes import Bounds, Sizes, sizes
from tfticket.export.tflite import tflite
from tfticket.export.verify import verify

__all__ = [
    "Advice",
    "Attempt",
    "Bounds",
    "Check",
    "ExportReport",
    "FileLatency",
    "Hazard",
    "Inspection",
    "Latency",
    "SavedReport",
    "Sizes",
    "TensorEncoding",
    "Verification",
    "Way",
    "WeightAdvice",
    "advise",
    "encode",
    "inspect",
    "keras_file",
    "latency",
    "onnx",
    "phone_ready",
    "quantize_aware",
    "savedmodel",
    "seed_file",
    "sizes",
    "tflite",
    "verify",
]
