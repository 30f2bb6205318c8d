import re

import numpy as np
import pytest

from tfticket.litert.comparison import Check, Run, Tolerance, Verification, compare, difference


def check(relative_diff=0.0, error=""):
    return Check("storage", "keras", True, 1, relative_diff, relative_diff, 1e-4, error)


def test_a_check_passes_within_its_tolerance_only():
    assert check(1e-4).passed
    assert not check(2e-4).passed
    assert not check(0.0, error="the runtime died of SIGFPE").passed
    assert not check(float("nan")).passed


def test_a_verification_gives_the_first_failure_as_reason():
    found = Verification((check(), check(0.5), check(error="timeout")))
    assert not found.passed
    assert "0.5 of the output range" in found.reason
    assert found.relative_diff == 0.5


def test_no_checks_are_no_pass():
    assert not compare([], [], tolerance=Tolerance(1.0)).passed


@pytest.mark.parametrize(
    ("found", "expected", "relative"),
    [
        ([1.0, 2.0], [1.0, 2.0], 0.0),
        ([0.0, 3.0], [0.0, 4.0], 0.25),
        ([5.0, 5.5], [5.0, 5.0], 0.1),  # the range includes 0
        ([-1.0, 1.0], [-1.0, 1.5], 0.2),
        ([np.nan, 1.0], [np.nan, 1.0], 0.0),
        ([np.nan, 1.0], [0.0, 1.0], np.inf),
        ([np.inf, 1.0], [np.inf, 1.0], 0.0),
        ([1.0, 1.0], [np.inf, 1.0], np.inf),
        ([1e-9, 0.0], [0.0, 0.0], np.inf),
        ([1.0], [1.0, 1.0], np.inf),
    ],
)
def test_differences_are_relative_to_the_output_range(found, expected, relative):
    assert difference(np.array(found), np.array(expected))[1] == pytest.approx(relative)


@pytest.mark.parametrize(
    ("found", "expected", "said"),
    [
        ([np.nan, 1.0], [0.0, 1.0], "1 of 2 values of output 'y' are not finite"),
        ([1.0, 1.0], [np.inf, 1.0], "output 'y' is finite where it should not be"),
        ([1e-9, 0.0], [0.0, 0.0], "output 'y' should be 0 everywhere and is up to 1e-09"),
        ([1.0], [1.0, 1.0], r"output 'y' has the shape \(1,\), not \(2,\)"),
    ],
)
def test_what_no_number_tells_is_told_in_words(found, expected, said):
    run = Run(True, 1, {"y": np.array(found)})
    verification = compare([run], [{"y": np.array(expected)}], tolerance=Tolerance(0.1))
    assert not verification.passed
    assert re.search(said, verification.reason) and "inf of" not in verification.reason
