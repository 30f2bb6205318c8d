"""Models as files: small where zeros allow it, plain, and run before they are handed over."""

from tfticket.export.advice import Advice, Way, WeightAdvice, advise
from tfticket.export.choices import Quantized
from tfticket.export.keras_file import keras_file
from tfticket.export.onnx import onnx
from tfticket.export.phone import phone_ready
from tfticket.export.quantize_aware import quantize_aware
from tfticket.export.report import Attempt, ExportReport
from tfticket.export.saved_report import SavedReport
from tfticket.export.savedmodel import savedmodel
from tfticket.export.seeds import seed_file
from tfticket.export.tflite import tflite
from tfticket.litert import Check, FileLatency, Latency, Verification, latency, verify
from tfticket.tflite import (
    Bounds,
    Hazard,
    Inspection,
    Sizes,
    TensorEncoding,
    encode,
    inspect,
    sizes,
)

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
    "Quantized",
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
