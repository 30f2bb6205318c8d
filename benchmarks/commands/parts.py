"""Where the processor's time goes in `tfticket export`, part by part, in this process."""

from __future__ import annotations

import functools
import importlib
import json
import os
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["main"]

#: Functions by what their time is called; none of them calls another one.
PARTS = {
    "reading every file of the run": "tfticket.experiments.run_folder:RunFolder.check",
    "data, settings and plan": "tfticket.experiments.plan:make_plan",
    "outputs of Keras": "tfticket.export.original:reference",
    "tracing and conversion": "tfticket.export.source:dense_tflite",
    "encoding the zeros": "tfticket.export.layouts:encode_file",
    "running files in processes of their own": "tfticket.litert.verify:run",
}
TENSORFLOW, MODULES = "TensorFlow", "modules of tfticket, tfmot and both Kerases"
REST = "everything else"


def main() -> None:
    """Exports the run of the first argument to the second; prints seconds by part, as JSON."""
    spent: dict[str, float] = {}
    start = _spent()
    with _timed(TENSORFLOW, spent):
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
        importlib.import_module("tensorflow")
    with _timed(MODULES, spent):
        artifacts = importlib.import_module("tfticket.experiments.artifacts")
        importlib.import_module("tfticket.experiments.plan")
    for part, place in PARTS.items():
        _wrap(place, part, spent)
    artifacts.export_run(sys.argv[1], "tflite", sys.argv[2])
    whole = _spent() - start
    print(json.dumps({**spent, REST: whole - sum(spent.values())}))


def _wrap(place: str, part: str, spent: dict[str, float]) -> None:
    module, _, path = place.partition(":")
    holder: Any = importlib.import_module(module)
    *outer, name = path.split(".")
    for attribute in outer:
        holder = getattr(holder, attribute)
    function: Callable[..., Any] = getattr(holder, name)

    @functools.wraps(function)
    def timed(*args: Any, **options: Any) -> Any:
        with _timed(part, spent):
            return function(*args, **options)

    setattr(holder, name, timed)


@contextmanager
def _timed(part: str, spent: dict[str, float]) -> Iterator[None]:
    start = _spent()
    yield
    spent[part] = spent.get(part, 0.0) + _spent() - start


def _spent() -> float:
    """Seconds of the processor so far, of this process and those it has waited for."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    others = resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime
