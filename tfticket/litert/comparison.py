"""How far the outputs of a file are from what they should be, and how far they may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

__all__ = [
    "Check",
    "Difference",
    "Run",
    "Tolerance",
    "Verification",
    "compare",
    "difference",
    "largest_difference",
    "rms_difference",
    "tolerance_of",
]

Outputs = Mapping[str, np.ndarray]


class Difference(NamedTuple):
    """The largest difference between outputs.

    Args:
        absolute: as a number.
        relative: divided by the range of what was expected, 0 included.
    """

    absolute: float
    relative: float


@dataclass(frozen=True)
class Tolerance:
    """What difference passes, as fractions of the range of the reference output, 0 included.

    Args:
        largest: of one number; 0 asks for equality bit for bit.
        rms: the root mean square.
    """

    largest: float
    rms: float = float("inf")


DENSIFY_TOLERANCE = Tolerance(0.0)  # bit-equal to the dense twin
DIRECT_TOLERANCE = Tolerance(1e-6)  # other kernels add the products in another order
# Against Keras, by the type of the weights.
KERAS_TOLERANCE = 1e-4  # the converter folds normalisation and fuses layers, in float32
TOLERANCES = {
    "float32": Tolerance(KERAS_TOLERANCE),
    "float16": Tolerance(1e-2, 2e-3),  # 11 bits of every weight
    "dynamic": Tolerance(0.1, 0.02),  # 8 bits of weights, and of activations call by call
    "int8": Tolerance(0.25, 0.05),  # 8 bits of weights and activations, ranges from examples
}


@dataclass(frozen=True)
class Run:
    """What one file computed under one setting.

    Args:
        has_delegates: whether the default delegates were on.
        batch_size: examples per call.
        outputs: by name, `[examples, ...]`; empty if it did not run.
        error: what went wrong, empty if it ran.
    """

    has_delegates: bool
    batch_size: int
    outputs: Outputs
    error: str = ""


@dataclass(frozen=True)
class Check:
    """One comparison of a finished file with a reference.

    Args:
        file: which file ran: `"dense"` for the dense twin, else the layout.
        reference: what it was compared with: `"keras"` or `"dense twin"`.
        has_delegates: whether the runtime's default delegates (XNNPACK) were on.
        batch_size: examples per call.
        max_abs_diff: largest absolute difference over all outputs; infinite if it did not run.
        relative_diff: the same, divided by the range of the reference output, 0 included.
        tolerance: the largest `relative_diff` that passes; 0 asks for equality bit for bit.
        error: what the runtime said, or why a difference is infinite; else empty.
        rms_diff: root mean square of all differences, divided by the same range.
        rms_tolerance: the largest `rms_diff` that passes. Of rounded activations one example in
            a hundred may be far off, near the border of two classes; the mean may not.
    """

    file: str
    reference: str
    has_delegates: bool
    batch_size: int
    max_abs_diff: float
    relative_diff: float
    tolerance: float
    error: str = ""
    rms_diff: float = 0.0
    rms_tolerance: float = float("inf")

    @property
    def passed(self) -> bool:
        """Whether the file ran and stayed within the tolerances."""
        is_near = self.relative_diff <= self.tolerance and self.rms_diff <= self.rms_tolerance
        return not self.error and is_near

    def __str__(self) -> str:
        delegates = "with" if self.has_delegates else "without"
        found = self.error or f"difference {self.relative_diff:.3g} of the output range"
        limit = f"tolerance {self.tolerance:g}"
        if self.rms_tolerance < float("inf"):
            found += "" if self.error else f", {self.rms_diff:.3g} root mean square"
            limit += f" and {self.rms_tolerance:g}"
        verdict = "ok" if self.passed else "FAILED"
        return (
            f"{self.file} against {self.reference}, {delegates} delegates, batch"
            f" {self.batch_size}: {verdict}, {found} ({limit})"
        )


@dataclass(frozen=True)
class Verification:
    """All comparisons of one file. True only if there are some and every one passed."""

    checks: tuple[Check, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether there was at least one check and none failed."""
        return bool(self.checks) and all(check.passed for check in self.checks)

    @property
    def reason(self) -> str:
        """The first failure in words; empty if all passed."""
        return next((str(check) for check in self.checks if not check.passed), "")

    @property
    def max_abs_diff(self) -> float:
        """The largest absolute difference seen."""
        return max((check.max_abs_diff for check in self.checks), default=0.0)

    @property
    def relative_diff(self) -> float:
        """The largest difference seen, as a fraction of the output range."""
        return max((check.relative_diff for check in self.checks), default=0.0)


def compare(
    runs: Sequence[Run],
    references: Sequence[Outputs],
    *,
    tolerance: Tolerance,
    file: str = "file",
    reference: str = "reference",
) -> Verification:
    """Compares the outputs of a file with references, one per run.

    Args:
        runs: of the file.
        references: outputs by name, in the order of `runs`.
        tolerance: what passes.
        file: what the rows call the file.
        reference: what the rows call the references.

    Returns:
        A `Verification` with one `Check` per run.
    """
    checks = []
    for one, expected in zip(runs, references, strict=True):
        error = one.error or _mismatch(one.outputs, expected)
        worst, rms = Difference(float("inf"), float("inf")), float("inf")
        if not error:
            worst = largest_difference(one.outputs, expected)
            rms = max(rms_difference(one.outputs[name], expected[name]) for name in expected)
        checks.append(
            Check(
                file=file,
                reference=reference,
                has_delegates=one.has_delegates,
                batch_size=one.batch_size,
                max_abs_diff=worst.absolute,
                relative_diff=worst.relative,
                tolerance=tolerance.largest,
                error=error,
                rms_diff=rms,
                rms_tolerance=tolerance.rms,
            )
        )
    return Verification(tuple(checks))


def tolerance_of(weights: str, largest: float | None = None) -> Tolerance:
    """Returns how far from Keras a file may be.

    Args:
        weights: the type of the weights of the file.
        largest: the largest difference that passes instead of the usual one; the root mean
            square goes with it in proportion.

    Examples:
        >>> tolerance_of("int8")
        Tolerance(largest=0.25, rms=0.05)
        >>> tolerance_of("int8", 0.125)
        Tolerance(largest=0.125, rms=0.025)
    """
    usual = TOLERANCES[weights]
    return usual if largest is None else Tolerance(largest, usual.rms * largest / usual.largest)


def difference(found: np.ndarray, expected: np.ndarray) -> Difference:
    """Returns the largest difference of two arrays, relative to the range of `expected`.

    The range includes 0: rounding errors grow with the values, however near these lie together.
    Values that are not finite must be the same on both sides; else the difference is infinite.

    Args:
        found: one output.
        expected: what it should be; of another shape, the difference is infinite.

    Examples:
        >>> difference(np.array([0.0, 1.5]), np.array([0.0, 2.0]))
        Difference(absolute=0.5, relative=0.25)
    """
    if found.shape != expected.shape:
        return Difference(float("inf"), float("inf"))
    if np.array_equal(found, expected, equal_nan=found.dtype.kind == "f"):
        return Difference(0.0, 0.0)
    left, right = found.astype(np.float64), expected.astype(np.float64)
    same = (left == right) | (np.isnan(left) & np.isnan(right))
    if not (np.isfinite(left) & np.isfinite(right))[~same].all():
        return Difference(float("inf"), float("inf"))
    worst = float(np.abs(left[~same] - right[~same]).max())
    finite = right[np.isfinite(right)]
    spread = float(finite.max(initial=0.0) - finite.min(initial=0.0))
    return Difference(worst, worst / spread if spread else float("inf"))


def largest_difference(found: Outputs, expected: Outputs) -> Difference:
    """Returns the largest differences, absolute and relative, over all outputs.

    Args:
        found: outputs by name.
        expected: the same; at least one.
    """
    pairs = [difference(found[name], expected[name]) for name in expected]
    return Difference(max(p.absolute for p in pairs), max(p.relative for p in pairs))


def rms_difference(found: np.ndarray, expected: np.ndarray) -> float:
    """Returns the root mean square difference relative to the range of `expected`, 0 included.

    Args:
        found: one output.
        expected: what it should be.

    Examples:
        >>> rms_difference(np.array([0.0, 1.0, 2.0, 4.0]), np.array([0.0, 1.0, 2.0, 2.0]))
        0.5
    """
    largest, relative = difference(found, expected)
    if largest in (0.0, float("inf")) or relative == float("inf"):
        return relative
    left, right = found.astype(np.float64), expected.astype(np.float64)
    differences = np.subtract(left, right, out=np.zeros_like(right), where=np.isfinite(right))
    return float(np.sqrt(np.mean(differences**2)) * relative / largest)


def _mismatch(found: Outputs, expected: Outputs) -> str:
    """Says why outputs cannot be told apart by a number; empty if they can."""
    if set(found) != set(expected):
        return f"its outputs are {sorted(found)}, not {sorted(expected)}"
    reasons = (_incomparable(name, found[name], expected[name]) for name in expected)
    return next((reason for reason in reasons if reason), "")


def _incomparable(name: str, found: np.ndarray, expected: np.ndarray) -> str:
    if found.shape != expected.shape:
        return f"output {name!r} has the shape {found.shape}, not {expected.shape}"
    if difference(found, expected).relative < float("inf"):
        return ""
    strange = np.isfinite(expected) & ~np.isfinite(found)
    if strange.any():
        return (
            f"{strange.sum()} of {strange.size} values of output {name!r} are not finite, where"
            " they should be: an operation has no kernel that is right here"
        )
    if not np.isfinite(expected).all():
        return f"output {name!r} is finite where it should not be, or infinite the other way"
    return f"output {name!r} should be 0 everywhere and is up to {np.abs(found).max():.3g}"
