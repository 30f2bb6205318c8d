"""Processes of this machine as an executor that outlives the loss of one."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import threading
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from tfticket.errors import TicketError

__all__ = ["ProcessExecutor"]

_RETRIES = 3
#: How long what takes a worker away may take to end the whole program, as ^C does.
_PAUSE = 1.0


class ProcessExecutor(concurrent.futures.Executor):
    """Runs calls in processes; one whose process is lost is run again, up to three times.

    A `ProcessPoolExecutor` is lost as a whole with any of its processes. Here each process is a
    pool of its own, so that the others notice nothing.

    Args:
        workers: how many processes.
        prepare: called in each process first; a function that it can import, or `None`.
        on_lost: told, in a sentence, of every process that is lost and what becomes of its call.
    """

    def __init__(
        self,
        workers: int,
        prepare: Callable[[], object] | None = None,
        on_lost: Callable[[str], object] = lambda sentence: None,
    ):
        self._prepare, self._on_lost = prepare, on_lost
        self._own = threading.local()  # of each thread: its process
        self._pools: list[concurrent.futures.Executor] = []
        self._is_closing = threading.Event()
        self._threads = concurrent.futures.ThreadPoolExecutor(workers)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Has a call done by the next process that is free.

        Args:
            fn: a function that processes can import.
            args: plain data.
            kwargs: plain data.

        Returns:
            A `concurrent.futures.Future`; its error is a `TicketError` if process after process
            was lost.
        """
        return self._threads.submit(self._done, fn, args, kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Ends the processes when they have done what they are at.

        Args:
            wait: whether to wait for that.
            cancel_futures: whether calls that wait are not done any more, and lost ones not again.
        """
        if cancel_futures:
            self._is_closing.set()
        self._threads.shutdown(wait=wait, cancel_futures=cancel_futures)
        for pool in self._pools:
            pool.shutdown(wait=wait, cancel_futures=cancel_futures)

    def _done(self, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        for number in range(1 + _RETRIES):
            pool = self._pool()
            try:
                return pool.submit(fn, *args, **kwargs).result()
            except BrokenProcessPool:
                pool.shutdown()  # its process is gone for certain before another one takes over
                self._own.pool = None
                if self._is_closing.wait(_PAUSE):
                    raise
                if number < _RETRIES:
                    self._on_lost(
                        "a process was lost, killed or without memory; another one goes on from"
                        f" what it kept, retry {number + 1} of {_RETRIES}"
                    )
        raise TicketError(
            f"its process was lost {1 + _RETRIES} times, killed or without memory. What it had"
            " completed is kept: start again, with fewer `workers` if memory is short."
        )

    def _pool(self) -> concurrent.futures.Executor:
        if getattr(self._own, "pool", None) is None:
            spawning = multiprocessing.get_context("spawn")
            self._own.pool = concurrent.futures.ProcessPoolExecutor(
                1, mp_context=spawning, initializer=self._prepare
            )
            self._pools.append(self._own.pool)
        return self._own.pool
