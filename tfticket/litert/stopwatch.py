"""Times TFLite files in turn; `latency` calls `main` in a process of its own.

Files are timed in rounds, each file once per round, because a shared machine gets slower and
faster in the meantime: within a round the figures can be compared.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from tfticket.litert.feeding import fill, resize
from tfticket.litert.subprocess_runner import CURRENT
from tfticket.litert.worker import save_arrays

__all__ = ["kernels", "main"]

BLOCK_SECONDS = 0.004  # of one timing: long against the clock, short against the scheduler
MAX_CALLS = 5000
WARM_UP_CALLS = 3


def main(request_path: str) -> None:
    """Times files as `latency.latency` asked for and leaves `answer.json` beside the request.

    Args:
        request_path: a JSON file: `models`, `batch_size`, `num_threads`, `num_rounds`,
            `input_shapes`.
    """
    request = json.loads(Path(request_path).read_text())
    folder, files = Path(request_path).parent, []
    for path in (request["models"][0], *request["models"]):  # the first also loads the libraries
        (folder / CURRENT).write_text(path)
        files.append(_File(path, request))
    files = files[1:]
    for number in range(request["num_rounds"]):
        for place in range(len(files)):
            files[(place + number) % len(files)].time()
    for number, file in enumerate(files):
        save_arrays(folder / f"{number}.npz", file.outputs)
    (folder / "answer.json").write_text(json.dumps([file.answer() for file in files]))


class _File:
    """One file, loaded and warm."""

    def __init__(self, path: str, request: Mapping[str, Any]):
        from ai_edge_litert.interpreter import Interpreter

        before = psutil.Process().memory_info().rss
        start = time.perf_counter()
        self._interpreter = Interpreter(model_path=path, num_threads=request["num_threads"])
        resize(self._interpreter, request["batch_size"], request["input_shapes"])
        fill(self._interpreter, seed=0)  # values do not matter for the time
        self._load_seconds = time.perf_counter() - start
        self._times: list[float] = []
        once = min(self._call(1) for _ in range(WARM_UP_CALLS))
        self._memory_bytes = max(psutil.Process().memory_info().rss - before, 0)
        self.outputs = {
            str(i): self._interpreter.get_tensor(detail["index"])
            for i, detail in enumerate(self._interpreter.get_output_details())
        }
        self._num_calls = int(np.clip(BLOCK_SECONDS / max(once, 1e-7), 1, MAX_CALLS))

    def time(self) -> None:
        """Adds one timing: the mean of a few calls in a row."""
        self._times.append(self._call(self._num_calls) / self._num_calls)

    def answer(self) -> dict[str, Any]:
        """Returns what was measured, as values that JSON can hold."""
        inside, own = kernels(self._interpreter._get_ops_details())
        return {
            "seconds": self._times,
            "load_seconds": self._load_seconds,
            "memory_bytes": self._memory_bytes,
            "delegated": inside,
            "builtin": own,
        }

    def _call(self, num_calls: int) -> float:
        start = time.perf_counter()
        for _ in range(num_calls):
            self._interpreter.invoke()
        return time.perf_counter() - start


def kernels(operators: Sequence[Mapping[str, Any]]) -> tuple[dict[str, int], dict[str, int]]:
    """Counts the operators that a delegate took and those that the runtime's own kernels run.

    Args:
        operators: of the interpreter, delegates last, each with name, inputs and outputs.

    Returns:
        Two counts by operator name: inside delegates, and outside.
    """
    named = [(o["op_name"], _places(o["inputs"]), _places(o["outputs"])) for o in operators]
    makers = {
        place: i for i, (name, _, outs) in enumerate(named) for place in outs if _is_own(name)
    }
    taken: set[int] = set()
    for name, inputs, outputs in named:
        waiting = [] if _is_own(name) else list(outputs)
        while waiting:
            maker = makers.get(waiting.pop())
            if maker is not None and maker not in taken:
                taken.add(maker)
                waiting += [place for place in named[maker][1] if place not in inputs]
    inside = Counter(named[i][0] for i in taken)
    own = Counter(n for i, (n, _, _) in enumerate(named) if _is_own(n) and i not in taken)
    return dict(sorted(inside.items())), dict(sorted(own.items()))


def _is_own(name: str) -> bool:
    return name != "DELEGATE"


def _places(vector: Any) -> list[int]:
    return [int(place) for place in vector if place >= 0]
