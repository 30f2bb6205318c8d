"""What is asked for is read, checked, and means what it says."""

from __future__ import annotations

import pytest

from tfticket.compression import Budget, Choices
from tfticket.compression.budget import read_bytes, read_milliseconds


@pytest.mark.parametrize(
    ("given", "number"),
    [("200 kB", 200_000), ("1.5MiB", 1_572_864), ("2 GB", 2 * 10**9), ("512", 512), (77, 77)],
)
def test_sizes(given, number):
    assert read_bytes(given) == number


@pytest.mark.parametrize(("given", "number"), [("2 ms", 2), ("0.5s", 500), ("300us", 0.3), (4, 4)])
def test_times(given, number):
    assert read_milliseconds(given) == pytest.approx(number)


@pytest.mark.parametrize("given", ["", "kB", "2 ms", "-3 kB", 0, -1, float("nan")])
def test_what_is_no_size_is_told(given):
    with pytest.raises(ValueError, match="`max_bytes` must be a number of at least 1"):
        Budget(max_bytes=given)


def test_the_goal_follows_from_the_limits():
    assert Budget(max_drop=0.01).aim == "bytes"
    assert Budget(max_drop=0.01, max_bytes="1 MB").aim == "metric"
    assert Budget(max_drop=0.01, max_bytes="1 MB", goal="latency").aim == "latency"
    assert Budget(max_drop=0.01, goal="latency").cost == "latency"
    assert Budget(max_bytes=100).cost == "bytes"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "`max_drop`, `max_bytes` or `max_latency` must be given"),
        ({"max_bytes": 9, "goal": "bytes"}, "`max_drop` must be given with goal='bytes'"),
        ({"max_drop": 0.1, "goal": "metric"}, "`max_bytes` or `max_latency` must be given"),
        ({"max_drop": -1}, "max_drop"),
        ({"max_drop": 0.1, "goal": "speed"}, "goal"),
        ({"max_drop": 0.1, "batch_size": 0}, "batch_size"),
    ],
)
def test_budgets_that_mean_nothing_are_told(given, said):
    with pytest.raises(ValueError, match=said):
        Budget(**given)


@pytest.mark.parametrize(
    "given",
    [
        {"weights": ("int4",)},
        {"weights": ("int8", "int8")},
        {"allocation": "best"},
        {"max_trainings": -1},
        {"max_minutes": 0},
        {"round_to": 0},
        {"max_training": 3},
    ],
)
def test_choices_that_are_none_are_told(given):
    with pytest.raises(ValueError, match=next(iter(given))):
        Choices(**given)
