"""MirroredStrategy: two logical CPUs in a process of their own."""

from pathlib import Path


def test_masks_are_the_same_on_both_devices_and_as_on_one(run_script):
    run_script(Path(__file__).with_name("two_devices.py"))
