"""Keeps the converter's chatter out of the caller's terminal, without touching logging for good."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import warnings
from collections.abc import Iterator

__all__ = ["quiet"]

LOGGERS = ("tensorflow", "absl")


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Silences TensorFlow, Python and C++, while the block runs; errors still raise.

    Both standard streams of the process go nowhere for that time, so other threads are quiet
    too. `sys.stderr` itself stays: a logger made meanwhile would keep a closed stream for ever.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        stack.enter_context(_loggers_off())
        stack.enter_context(_descriptors_off())
        yield


@contextlib.contextmanager
def _descriptors_off() -> Iterator[None]:
    _flush()
    saved = {fd: os.dup(fd) for fd in (1, 2) if _is_open(fd)}
    sink = os.open(os.devnull, os.O_WRONLY)
    try:
        for fd in saved:
            os.dup2(sink, fd)
        yield
    finally:
        _flush()
        for fd, copy in saved.items():
            os.dup2(copy, fd)
            os.close(copy)
        os.close(sink)


@contextlib.contextmanager
def _loggers_off() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in LOGGERS]
    for logger in loggers:
        logger.addFilter(_nothing)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(_nothing)


def _nothing(record: logging.LogRecord) -> bool:
    return False


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, OSError, ValueError):
            stream.flush()


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True
