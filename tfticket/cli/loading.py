"""TensorFlow, loaded when a command needs it and without what it says while it loads."""

from __future__ import annotations

import functools
import gc
import importlib
import importlib.abc
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["check_functions", "load_tensorflow", "quieten_tensorflow"]


def check_functions(
    path: Path, data: str, train: str | None, metric: str, *, download: bool
) -> None:
    """Makes sure, before TensorFlow is loaded, that a model, data and functions are there.

    Args:
        path: of a `.keras` file.
        data: as for `zoo.load_data`.
        train: a reference; `None` asks for nothing.
        metric: one of `compression.METRICS`.
        download: whether data may be downloaded.

    Raises:
        ValueError: if a name is unknown, or a file does not exist or is no such file.
        DataUnavailableError: if the data are not on this machine.
    """
    from tfticket import _keras, references, zoo
    from tfticket.compression import metrics

    zoo.check_data(data, download=download)
    if train is not None:
        references.check(train)
    metrics.get(metric)
    _keras.saved_by(path)


def load_tensorflow() -> None:
    """Imports TensorFlow without its greetings, which no setting of its own keeps back."""
    quieten_tensorflow()
    importlib.import_module("tensorflow")


def quieten_tensorflow() -> None:
    """Keeps TensorFlow's greetings back when it is imported, whoever does that and whenever.

    A command imports what it needs when it needs that, so that whatever is wrong with paths and
    names is told before TensorFlow is loaded. For processes of this program's own alone: what is
    there then is kept out of garbage collections for good.
    """
    if "tensorflow" not in sys.modules and not any(isinstance(f, _Quiet) for f in sys.meta_path):
        sys.meta_path.insert(0, _Quiet())


class _Quiet(importlib.abc.MetaPathFinder):
    """Finds TensorFlow where the others find it, and has it loaded in silence."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        """Returns how TensorFlow is loaded; `None` of everything else."""
        if fullname != "tensorflow":
            return None
        sys.meta_path.remove(self)
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            sys.meta_path.insert(0, self)  # who asks need not import
        if spec is not None and spec.loader is not None:
            loader: Any = spec.loader
            loader.exec_module = functools.partial(_executed, loader.exec_module)
        return spec


def _executed(execute: Callable[[Any], None], module: Any) -> None:
    from tfticket.litert.quiet import quiet

    with quiet():
        execute(module)
        # How often functions are traced is not the user's affair.
        module.get_logger().setLevel("ERROR")
    sys.meta_path[:] = [f for f in sys.meta_path if not isinstance(f, _Quiet)]
    gc.freeze()  # its modules stay as long as the command: they need not be looked through again
