"""Runs that several programs train together: which folder each works in, and what all agree on."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import tensorflow as tf

from tfticket import files
from tfticket.devices import Workers
from tfticket.errors import TicketError
from tfticket.experiments.spec import Spec
from tfticket.locking import LOCK

__all__ = ["joined"]


@contextmanager
def joined(root: Path, spec: Spec, *, is_spread: bool = False) -> Iterator[Path]:
    """Yields the folder that this program works in, once all have seen the same run.

    Without `distribution` multi_worker that is `root`. With it, worker 0 works there and the others
    in copies that are thrown away: all train the same networks to the same bits, and go on where
    worker 0 stopped.

    Args:
        root: the run folder, on a file system that every worker sees.
        spec: the experiment.
        is_spread: whether an executor hands on parts of the run.

    Raises:
        ValueError: if parts are handed on besides, or `TF_CONFIG` cannot be read.
        RuntimeError: if TensorFlow is at work in this program already.
        TicketError: if workers see different runs under `root`, or one of them is lost.
    """
    if spec.common.distribution != "multi_worker":
        yield root
        return
    if is_spread:
        raise ValueError(
            "`executor` must be left out (on the command line --engine local) with `distribution`"
            " multi_worker: all workers train the same network. Received: an executor"
        )
    workers = Workers.join()
    try:
        with tempfile.TemporaryDirectory(prefix="tfticket_worker_") as copies:
            own = root if workers.index == 0 else Path(copies) / root.name
            if workers.index and root.is_dir():
                shutil.copytree(root, own, ignore=shutil.ignore_patterns(LOCK))
            if not workers.agree_on(_digest(own, spec)):
                raise TicketError(
                    f"every worker must be given the same settings, and see the same files in"
                    f" {root}: give a folder on a file system that all of them share. They do not."
                )
            yield own
    except (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError) as error:
        raise TicketError(
            f"another worker is lost. What is complete is kept in {root}; start all workers again"
            " to go on."
        ) from error


def _digest(root: Path, spec: Spec) -> str:
    """Of the settings and every file that a run goes on from."""
    found = hashlib.sha256(spec.digest.encode())
    for path in sorted(p for p in root.rglob("*") if p.is_file() and p.name != LOCK):
        found.update(f"{path.relative_to(root).as_posix()} {files.sha256_of(path)}".encode())
    return found.hexdigest()
