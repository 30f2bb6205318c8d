"""Models as files: small where zeros allow it, plain, and run before they are handed over."""

from tfticket.export.encoder import encode
from tfticket.export.inspection import Inspection, inspect
from tfticket.export.report import (
    Attempt,
    Check,
    ExportReport,
    TensorEncoding,
    Verification,
)
from tfticket.export.savedmodel import SavedReport, keras_file, savedmodel
from tfticket.export.sizes import Bounds, Sizes, sizes
from tfticket.export.tflite import tflite
from tfticket.export.verify import verify

__all__ = [
    "Attempt",
    "Bounds",
    "Check",
    "ExportReport",
    "Inspection",
    "SavedReport",
    "Sizes",
    "TensorEncoding",
    "Verification",
    "encode",
    "inspect",
    "keras_file",
    "savedmodel",
    "sizes",
    "tflite",
    "verify",
]
