"""What a bug report needs to say of the machine and its libraries."""

from __future__ import annotations

import os
import platform
import sys
from typing import Any

from tfticket._version import __version__
from tfticket.experiments.environment import library_versions
from tfticket.zoo.tfds import find_prepared, root_folder

__all__ = ["diagnose"]

_DATA = ("mnist", "fashion_mnist", "cifar10", "cifar10_jpeg")
_BESIDE = ("ai-edge-litert", "tensorflow-datasets", "pydantic", "typer", "tf2onnx", "onnxruntime")


def diagnose() -> dict[str, Any]:
    """Returns what a bug report needs to say, by name.

    Returns:
        Plain JSON values: versions, which Keras `tf.keras` is, the backend, devices, data sets
        that are prepared here.
    """
    import keras
    import tensorflow as tf

    is_legacy = os.environ.get("TF_USE_LEGACY_KERAS", "") in ("1", "true", "True")
    return {
        "tfticket": __version__,
        "python": sys.version.partition(" ")[0],
        "system": f"{platform.system()} {platform.release()} ({platform.machine()})",
        **library_versions(_BESIDE),
        "tf.keras is": "tf_keras" if is_legacy else "Keras 3",
        "Keras backend": keras.backend.backend(),
        "CPUs": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0,
        "GPUs": [d.name for d in tf.config.list_physical_devices("GPU")],
        "TFDS_DATA_DIR": str(root_folder()),
        "data sets found": ["digits", *(n for n in _DATA if find_prepared(n) is not None)],
    }
