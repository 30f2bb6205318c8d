"""Runs over several devices: two logical CPUs in a process of their own."""

from pathlib import Path

import pytest

from tfticket.experiments.runner import run
from tfticket.experiments.spec import Spec


@pytest.mark.long
def test_a_run_on_two_devices_holds_its_masks_and_goes_on(run_script):
    run_script(Path(__file__).with_name("distributed_runs.py"))


def test_what_keras_3_cannot_do_is_told_first(tmp_path):
    spec = Spec(
        model="lenet_300_100", data="digits", distribution="mirrored", steps_per_execution=5
    )
    with pytest.raises(ValueError, match=r"^`steps_per_execution` must be left out with `distri"):
        run(spec, tmp_path)
