"""`predict` of a file, in the form that the model's own has."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfticket.errors import ExportError
from tfticket.export.signature import Signature
from tfticket.litert.verify import run

__all__ = ["FilePredictor"]

_BATCH_SIZE = 64
#: That one example may take before a file is given up.
_SECONDS = 60.0


@dataclass(frozen=True, eq=False)
class FilePredictor:
    """Predicts with a file as `model.predict` does, in a process of its own.

    Args:
        path: of the file.
        given: what the model takes.
        structure: what the model's `predict` returns, of any examples: one array, a list, a dict.
        names: of the outputs in the file, in flat order.
    """

    path: Path
    given: Signature
    structure: Any
    names: tuple[str, ...]

    def __call__(self, inputs: Any) -> Any:
        """Returns outputs, `[examples, ...]`, in the form that the model returns them.

        Args:
            inputs: in the form that the model takes.

        Raises:
            ExportError: if the file does not run.
        """
        import tensorflow as tf

        size = self.given.fixed_batch_size or _BATCH_SIZE
        taken = self.given.take(inputs, None)
        seconds = _SECONDS * (10 + len(next(iter(taken.values()))))
        (found,) = run(
            self.path, taken, batch_sizes=(size,), delegates=(True,), timeout_seconds=seconds
        )
        if found.error:
            raise ExportError(f"{self.path} does not run: {found.error}")
        flat = [np.asarray(found.outputs[name]) for name in self.names]
        return tf.nest.pack_sequence_as(self.structure, flat)
