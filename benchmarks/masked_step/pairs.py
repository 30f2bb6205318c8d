"""Ratios of times: medians over interleaved pairs, with the 95 % interval of each median."""

from __future__ import annotations

import math
import statistics
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["interleaved", "in_step", "ratio", "ratios", "quiet_threads", "untuned"]

QUANTUM = 20


def quiet_threads() -> None:
    """Lets TensorFlow compute on one thread, and warnings be."""
    import warnings

    import tensorflow as tf

    warnings.simplefilter("ignore")
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def untuned(batches: Any) -> Any:
    """Returns a data set without the thread that tunes it: ends of epochs would wait for it."""
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False
    return batches.with_options(options)


def interleaved(arms: Mapping[str, Callable], blocks: int) -> dict[str, list[float]]:
    """CPU seconds of every arm, block by block in turn, after one block each to warm up."""
    for work in arms.values():
        work()
    times: dict[str, list[float]] = {name: [] for name in arms}
    for _ in range(blocks):
        for name, work in arms.items():
            before = time.process_time()
            work()
            times[name].append(time.process_time() - before)
    return times


def in_step(
    fits: Mapping[str, Callable[[Any], object]], steps: int, blocks: int
) -> dict[str, list[float]]:
    """CPU seconds of so many steps of each `fit`, block by block; all of them run in step.

    A machine's speed changes from second to second. So the fits take turns every 20 steps, each in
    a thread of its own that waits while another's runs. The first block, which traces, is left out.

    Args:
        fits: by name; each makes `blocks + 1` times `steps` steps, with this callback as its last.
        steps: in a block.
        blocks: how many.
    """
    turns = _Turns(len(fits))
    callbacks = [_turn_taking(turns, place, steps, blocks) for place in range(len(fits))]
    work = zip(fits.values(), callbacks, strict=True)
    threads = [threading.Thread(target=_run, args=(f, c, turns)) for f, c in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if turns.errors:
        raise turns.errors[0]
    return {name: c.seconds[1:] for name, c in zip(fits, callbacks, strict=True)}


class _Turns:
    """Whose turn it is; those that are done are passed over."""

    def __init__(self, count: int):
        self.alive, self.place = list(range(count)), 0
        self.changed, self.errors = threading.Condition(), []

    def wait(self, place: int) -> None:
        with self.changed:
            self.changed.wait_for(lambda: self.place == place)

    def hand_over(self, place: int, *, is_done: bool = False) -> None:
        with self.changed:
            at = self.alive.index(place)
            following = self.alive[(at + 1) % len(self.alive)]
            if is_done:
                self.alive.remove(place)
            self.place = following
            self.changed.notify_all()


def _run(fit: Callable[[Any], object], callback: Any, turns: _Turns) -> None:
    turns.wait(callback.place)
    try:
        callback.began = time.process_time()
        fit(callback)
    except BaseException as error:  # raised again where all fits are waited for
        turns.errors.append(error)
    finally:
        turns.hand_over(callback.place, is_done=True)


def _turn_taking(turns: _Turns, place: int, steps: int, blocks: int) -> Any:
    from tfticket.callbacks.base import Callback

    class TakesTurns(Callback):
        """Hands over every 20 steps, and adds up what its own took."""

        def __init__(self) -> None:
            self.place, self.began, self.done = place, 0.0, 0
            self.seconds = [0.0] * (blocks + 1)

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.done += 1
            if self.done % QUANTUM:
                return
            self.seconds[(self.done - 1) // steps] += time.process_time() - self.began
            turns.hand_over(place)
            turns.wait(place)
            self.began = time.process_time()

    return TakesTurns()


def ratio(own: list[float], base: list[float]) -> dict[str, float]:
    """Median of the pairs' ratios, and its 95 % interval by order statistics."""
    pairs = sorted(a / b for a, b in zip(own, base, strict=True))
    reach = 0.98 * math.sqrt(len(pairs))
    low = max(0, math.floor(len(pairs) / 2 - reach))
    high = min(len(pairs) - 1, math.ceil(len(pairs) / 2 + reach))
    found = {"ratio": statistics.median(pairs), "low": pairs[low], "high": pairs[high]}
    return {name: round(value, 3) for name, value in found.items()}


def ratios(times: Mapping[str, list[float]], base: str) -> dict[str, dict[str, float]]:
    """The ratio of every arm but the base to the base."""
    return {name: ratio(own, times[base]) for name, own in times.items() if name != base}
