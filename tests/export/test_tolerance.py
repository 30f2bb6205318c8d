"""How far a file may be from Keras, chosen by the user, and how far it was, in the report."""

import numpy as np
import pytest

from tfticket.errors import ExportError
from tfticket.export import tflite


@pytest.mark.parametrize("verify", [0.02, 1e-9])
def test_the_difference_that_passes_can_be_chosen_and_is_printed(small, tmp_path, verify):
    path = tmp_path / "small.tflite"
    given = np.random.default_rng(0).normal(size=(32, 64))
    options = {"weights": "int8", "representative_data": given, "verify": verify}
    if verify < 1e-3:
        with pytest.raises(ExportError, match="tolerance 1e-09 and 2e-10"):
            tflite(small, path, **options)
        assert not path.exists()
        return
    report = tflite(small, path, **options)
    checks = [c for c in report.verification if c.reference == "keras"]
    assert {(c.tolerance, round(c.rms_tolerance, 9)) for c in checks} == {(0.02, 0.004)}
    worst = max(c.relative_diff for c in checks)
    assert 0 < worst <= 0.02
    assert f"differs from keras by at most {worst:.3g} of the output range (0.02" in str(report)
    assert "root mean square (0.004 passes)" in str(report)


@pytest.mark.parametrize("verify", [-0.1, float("nan"), float("inf")])
def test_a_difference_that_means_nothing_is_refused(small, tmp_path, verify):
    with pytest.raises(ValueError, match="`verify` must be True, False, or the largest difference"):
        tflite(small, tmp_path / "small.tflite", verify=verify)


def test_both_differences_of_an_encoded_file_are_printed(small, tmp_path):
    said = str(tflite(small, tmp_path / "small.tflite", num_samples=8))
    assert "differs from dense twin by at most 0 of the output range (0 passes)" in said
    assert "of the output range (0.0001 passes)" in said
