"""Each side of a comparison in a process of its own, doing its work when asked."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable


def threads(count: int, torch: bool = False) -> None:
    """So many threads for this process' library."""
    import tensorflow as tf  # before PyTorch, whose builds for GPUs keep it from loading

    if torch:
        import torch as torch_

        torch_.set_num_threads(count)
        return
    tf.config.threading.set_intra_op_parallelism_threads(count)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def serve(work: Callable[[], object]) -> None:
    """Does the work once for every line that comes in, and answers with its times."""
    for _ in sys.stdin:
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        answer = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
        print("answer " + json.dumps(answer), flush=True)


class Worker:
    """A script started with `--serve` and these arguments."""

    def __init__(self, script: str, *arguments: str):
        command = [sys.executable, script, "--serve", *arguments]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)

    def time(self) -> dict[str, float]:
        """Has the work done once; returns its wall and CPU seconds."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line.startswith("answer "):
                return json.loads(line.removeprefix("answer "))
        raise RuntimeError(f"{self.process.args} ended without an answer")

    def stop(self) -> None:
        self.process.communicate("")


def in_turn(workers: dict[str, Worker], count: int) -> dict[str, list[dict[str, float]]]:
    """Times all workers in turn, `count + 1` times; the first is what they need to warm up."""
    timings: dict[str, list[dict[str, float]]] = {name: [] for name in workers}
    for _ in range(count + 1):
        for name, worker in workers.items():
            timings[name].append(worker.time())
    for worker in workers.values():
        worker.stop()
    return timings
