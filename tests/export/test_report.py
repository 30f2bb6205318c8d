import json

from tfticket.export import Check, Verification
from tfticket.export.report import differences, to_dict


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


def test_an_infinite_difference_is_text_in_json():
    plain = to_dict(Verification((check(float("inf")),)))
    assert json.loads(json.dumps(plain, allow_nan=False))["checks"][0]["relative_diff"] == "inf"


def test_the_largest_difference_of_each_reference_is_said_with_its_bound():
    near = Check("dense", "dense twin", True, 1, 0.0, 0.0, 0.0)
    far = [
        Check("dense", "keras", True, n, 0.3, d, 0.25, "", d / 4, 0.05)
        for n, d in [(1, 0.1), (3, 0.2)]
    ]
    assert differences([near, *far]) == [
        "differs from dense twin by at most 0 of the output range (0 passes)",
        "differs from keras by at most 0.2 of the output range (0.25 passes), 0.05 root mean square"
        " (0.05 passes)",
    ]
