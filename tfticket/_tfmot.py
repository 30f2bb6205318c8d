"""Imports tfmot without its side effects.

Importing `tensorflow_model_optimization` sets `TF_USE_LEGACY_KERAS` for the process and its
children, decides what a not yet used `tf.keras` (and `tf.compat.v1.keras`, `tf.compat.v2.keras`)
will be, and warns about distutils. Here it is shown tf_keras under these three names while it is
being imported, and everything is put back as it was, even "not decided yet".

tfmot and tf_keras may be missing, or too old for the TensorFlow there is: what asks for them then
says so, and everything of Keras 3 goes on.
"""

from __future__ import annotations

import functools
import importlib
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from tfticket.errors import MissingDependencyError

__all__ = ["tfmot", "tfmot_or_none"]

_TFMOT = "tensorflow_model_optimization"
_LEGACY_SWITCH = "TF_USE_LEGACY_KERAS"


def tfmot() -> ModuleType:
    """Returns `tensorflow_model_optimization`, imported at the first call.

    A tfmot that the program has imported itself is returned as it is, with whatever that import
    has changed.

    Raises:
        MissingDependencyError: if tfmot, or tf_keras that it prunes, cannot be imported.
    """
    found = _attempt()
    if isinstance(found, ModuleType):
        return found
    raise MissingDependencyError(
        _TFMOT,
        purpose="with `tf_keras` for what is tfmot's",
        reason=f"cannot be imported ({type(found).__name__}: {found})",
        packages="tensorflow-model-optimization tf_keras",
    ) from found


def tfmot_or_none() -> ModuleType | None:
    """Returns `tfmot()`, or `None` where it cannot be imported."""
    found = _attempt()
    return found if isinstance(found, ModuleType) else None


def _attempt() -> ModuleType | Exception:
    return sys.modules.get(_TFMOT) or _first_attempt()


@functools.cache
def _first_attempt() -> ModuleType | Exception:
    try:
        return _imported()
    except Exception as error:  # under a TensorFlow too new for it, tf_keras may raise anything
        return error


def _imported() -> ModuleType:
    with _kept_environment(), _legacy_keras_in_sight(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="distutils", category=DeprecationWarning)
        return importlib.import_module(_TFMOT)


@contextmanager
def _kept_environment() -> Iterator[None]:
    before = os.environ.get(_LEGACY_SWITCH)
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(_LEGACY_SWITCH, None)
        else:
            os.environ[_LEGACY_SWITCH] = before


@contextmanager
def _legacy_keras_in_sight() -> Iterator[None]:
    # Reading the attributes off the namespaces would make TensorFlow decide which Keras they
    # are; their dictionaries hold the undecided loaders, which go back untouched.
    import tensorflow as tf

    v1 = importlib.import_module("tf_keras.api._v1.keras")
    v2 = importlib.import_module("tf_keras.api._v2.keras")
    shown: list[tuple[Any, ModuleType]] = [(tf, v2), (tf.compat.v1, v1), (tf.compat.v2, v2)]
    before = [(namespace, vars(namespace)["keras"]) for namespace, _ in shown]
    try:
        for namespace, keras in shown:
            namespace.keras = keras
        yield
    finally:
        for namespace, keras in before:
            namespace.keras = keras
