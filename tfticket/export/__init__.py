"""Models as files: small where zeros allow it, plain, and run before they are handed over.

Every writer, `keras_file`, `savedmodel`, `tflite` and `onnx`, takes `model`, of either Keras, and
`path`, where the file or folder appears whole or not at all, and besides:

    inputs: examples to compare on, `[examples, ...]`, an array or as many as the model has inputs,
        in its order or by name; drawn with a fixed seed if not given.
    num_samples: number of examples to compare on, at least 1.
    overwrite: whether to replace what tfticket did not write. Defaults to False. What it wrote
        itself is replaced.

and raises:

    FileExistsError: if something not ours is at `path` and `overwrite` is not set.
    IsADirectoryError: if a folder is where a file goes: none is deleted for it.
    TypeError: for a ticket, which has no layers: apply it to a model.
    ValueError: for an unbuilt model, one in tfmot's wrappers, or inputs that do not fit.
    ExportError: if the model does not convert, or what was written does not load or computes
        something else; then nothing is at `path`, or what was there before.
"""

from tfticket.export.advice import Advice, Way, WeightAdvice, advise
from tfticket.export.choices import Quantized
from tfticket.export.encoding import EncodingReport, encode_tflite
from tfticket.export.keras_file import keras_file
from tfticket.export.onnx import onnx
from tfticket.export.phone import phone_ready
from tfticket.export.quantize_aware import quantize_aware
from tfticket.export.report import Attempt, ExportReport
from tfticket.export.saved_report import SavedReport
from tfticket.export.savedmodel import savedmodel
from tfticket.export.seeds import seed_file
from tfticket.export.tflite import tflite
from tfticket.litert import (
    Check,
    Embedding,
    FileLatency,
    Latency,
    Verification,
    embed,
    latency,
    verify,
)
from tfticket.tflite import (
    Bounds,
    Hazard,
    Inspection,
    Sizes,
    TensorEncoding,
    encode,
    inspect,
    sizes,
    snippet,
)

__all__ = [
    "Advice",
    "Attempt",
    "Bounds",
    "Check",
    "Embedding",
    "EncodingReport",
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
    "embed",
    "encode",
    "encode_tflite",
    "inspect",
    "keras_file",
    "latency",
    "onnx",
    "phone_ready",
    "quantize_aware",
    "savedmodel",
    "seed_file",
    "sizes",
    "snippet",
    "tflite",
    "verify",
]
