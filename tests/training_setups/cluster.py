"""Programs that TensorFlow takes for workers on several machines, on this one."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import tfticket


def _free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def run_workers(script, arguments):
    """Starts a script once for each list of arguments; returns exit codes and complaints."""
    addresses = [f"127.0.0.1:{port}" for port in _free_ports(len(arguments))]
    root = str(Path(tfticket.__file__).parents[1])
    workers = []
    for number, own in enumerate(arguments):
        task = {"type": "worker", "index": number}
        cluster = {"cluster": {"worker": addresses}, "task": task}
        settings = {"TF_CONFIG": json.dumps(cluster), "PYTHONPATH": root}
        workers.append(
            subprocess.Popen(
                [sys.executable, script, *own],
                env={**os.environ, **settings, "TF_CPP_MIN_LOG_LEVEL": "3"},
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    try:
        said = [worker.communicate(timeout=300)[1] for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
    return [worker.returncode for worker in workers], said
