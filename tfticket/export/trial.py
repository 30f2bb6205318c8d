"""Holds every candidate file against its dense twin and against Keras, on the same inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfticket.errors import ExportError
from tfticket.export.report import Check, TensorEncoding, Verification
from tfticket.export.verify import (
    BATCH_SIZES,
    DENSIFY_TOLERANCE,
    DIRECT_TOLERANCE,
    Run,
    compare,
    run,
)

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Bench:
    """What candidates are compared with.

    Args:
        inputs: by name, `[examples, ...]`.
        keras: outputs of the Keras model, by name.
        twin: runs of the dense file, one per setting.
        twin_checks: the dense file against Keras; all passed.
        batch_sizes: examples per call.
        limits: how near Keras a file must be: the largest difference that passes and the root
            mean square, as fractions of the output range.
    """

    inputs: Arrays
    keras: Arrays
    twin: tuple[Run, ...]
    twin_checks: tuple[Check, ...]
    batch_sizes: Sequence[int]
    limits: tuple[float, float]

    @classmethod
    def of(
        cls,
        dense: bytes,
        draft: Path,
        references: tuple[Arrays, Arrays],
        fixed_batch_size: int | None,
        limits: tuple[float, float],
    ) -> Bench:
        """Runs the dense twin.

        Args:
            dense: the twin's bytes.
            draft: where the candidate will be; the twin is written beside it for the runs.
            references: inputs and outputs of the Keras model, by name.
            fixed_batch_size: the batch size the model insists on, if any.
            limits: how near Keras a file must be.

        Raises:
            ExportError: if even the dense file does not compute what Keras does.
        """
        inputs, keras = references
        batch_sizes = BATCH_SIZES if fixed_batch_size is None else (fixed_batch_size,)
        path = draft.with_name("dense_twin.tflite")
        path.write_bytes(dense)
        try:
            twin = run(path, inputs, batch_sizes=batch_sizes)
        finally:
            path.unlink()
        found = _against_keras(twin, keras, "dense", limits)
        if not found.passed:
            raise ExportError(
                "the dense TFLite file does not compute what the Keras model does, nothing was"
                f" written: {found.reason}"
            )
        return cls(inputs, keras, twin, found.checks, batch_sizes, limits)

    def check(self, path: Path, name: str, rows: Sequence[TensorEncoding]) -> Verification:
        """Runs a candidate and compares it with the twin and with Keras.

        Args:
            path: of the candidate.
            name: of its layout, for the rows of the report.
            rows: how its weights are stored: what is only unpacked must be equal bit for bit.
        """
        is_direct = any(row.reader == "direct" for row in rows)
        runs = run(path, self.inputs, batch_sizes=self.batch_sizes)
        near = compare(
            runs,
            [one.outputs for one in self.twin],
            tolerance=DIRECT_TOLERANCE if is_direct else DENSIFY_TOLERANCE,
            file=name,
            reference="dense twin",
        )
        near_keras = _against_keras(runs, self.keras, name, self.limits)
        return Verification(near.checks + near_keras.checks)


def _against_keras(
    runs: Sequence[Run], keras: Arrays, name: str, limits: tuple[float, float]
) -> Verification:
    tolerance, rms_tolerance = limits
    return compare(
        runs,
        [keras] * len(runs),
        tolerance=tolerance,
        rms_tolerance=rms_tolerance,
        file=name,
        reference="keras",
    )
