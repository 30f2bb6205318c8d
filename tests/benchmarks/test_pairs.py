"""Fits that run in step, and the ratios of what they take."""

from __future__ import annotations

import pytest

from benchmarks.masked_step import pairs


def test_the_interval_is_that_of_the_median_of_the_ratios():
    own = [float(n) for n in range(1, 41)]
    found = pairs.ratio(own, [1.0] * 40)
    assert found == {"ratio": 20.5, "low": 14.0, "high": 28.0}


def test_fits_take_turns_every_so_many_steps_until_each_is_done():
    seen = []

    def fit(name, steps):
        def run(callback):
            for number in range(steps):
                seen.append(name)
                callback.on_train_batch_end(number)

        return run

    times = pairs.in_step({"a": fit("a", 120), "b": fit("b", 120)}, steps=40, blocks=2)
    quantum = pairs.QUANTUM
    turns = [seen[start : start + quantum] for start in range(0, len(seen), quantum)]
    assert turns == [["a"] * quantum, ["b"] * quantum] * 6
    assert {name: len(found) for name, found in times.items()} == {"a": 2, "b": 2}
    assert all(second >= 0 for found in times.values() for second in found)


def test_a_fit_that_fails_fails_them_all_and_holds_nobody_up():
    def fails(callback):
        raise ValueError("no such step")

    def goes_on(callback):
        for number in range(40):
            callback.on_train_batch_end(number)

    with pytest.raises(ValueError, match="no such step"):
        pairs.in_step({"fails": fails, "goes on": goes_on}, steps=20, blocks=1)
