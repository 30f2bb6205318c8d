"""What the start of a search is made of, in seconds of the processor's user time.

A search of three levels of few steps runs in this process; what takes time is timed where it is
called, and what is called inside something else is not counted twice.
"""

from __future__ import annotations

import functools
import resource
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.against_open_lth.searches import BATCH

__all__ = ["parts"]

_STEPS = 14


class _Clock:
    """Times functions of modules where they are looked up, each without those inside it."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self._inside: list[float] = []

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def called(*args: Any, **options: Any) -> Any:
            before = _user()
            self._inside.append(0.0)
            try:
                return function(*args, **options)
            finally:
                took = _user() - before
                self.seconds[name].append(took - self._inside.pop())
                if self._inside:
                    self._inside[-1] += took

        return called

    def watch(self, owner: Any, attribute: str, name: str) -> None:
        setattr(owner, attribute, self.timed(name, getattr(owner, attribute)))


def parts() -> dict[str, float]:
    """Runs a search and returns its seconds by part; those of a second level are `a level`."""
    clock = _Clock()
    clock.timed("import of TensorFlow", _import_tensorflow)()
    clock.timed("imports of tfticket and what it needs", _import_tfticket)()
    _watch(clock)
    from tfticket.cli import main

    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        typed = f"--model lenet_300_100 --data mnist --batch-size {BATCH} --num-steps {_STEPS}"
        more = f"--rounds 2 --controls none --export none --out {out}"
        sys.argv = ["tfticket", "find", "lottery_ticket", *typed.split(), *more.split()]
        try:
            clock.timed("everything else", main)()
        except SystemExit as ended:
            if ended.code:
                raise
    return _named(clock.seconds)


def _named(seconds: dict[str, list[float]]) -> dict[str, float]:
    first, second, third = seconds.pop("training")
    later = (second + third) / 2
    found = {name: sum(each) for name, each in seconds.items()}
    found["tracing the training step"] = first - later
    found["training, each of three levels of few steps"] = later
    found["measuring, each of three levels"] = found.pop("measuring") / 3
    levels = sum(value for name, value in found.items() if "three levels" in name)
    start = sum(found.values()) - found["import of TensorFlow"] - levels
    found["all but the import of TensorFlow and the levels"] = start
    return {name: round(value, 2) for name, value in found.items()}


def _watch(clock: _Clock) -> None:
    from tfticket import lottery, zoo
    from tfticket.experiments import artifacts, plan, run_folder, runner
    from tfticket.recipes.run import context

    clock.watch(zoo, "load_data", "reading MNIST")
    assert plan.zoo is zoo
    clock.watch(run_folder.RunFolder, "remember", "fingerprints of data and network")
    clock.watch(context, "check_fit", "checking that network and data fit, tracing evaluation")
    clock.watch(context.Run, "train", "training")
    clock.watch(lottery, "measured", "measuring")
    clock.watch(run_folder.RunFolder, "keep_level", "keeping three levels")
    clock.watch(artifacts.plots, "plot_against_sparsity", "the figure")
    clock.watch(artifacts.plots, "save", "the figure")
    clock.watch(runner, "finish", "the report")


def _import_tensorflow() -> None:
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def _import_tfticket() -> None:
    import tfticket.cli.app
    from tfticket.cli.loading import load_tensorflow

    load_tensorflow()  # as the command does, before it imports what runs an experiment
    import tensorflow_datasets  # noqa: F401

    import tfticket.experiments.runner  # noqa: F401


def _user() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_utime
