"""MultiWorkerMirroredStrategy: two processes that talk over the loopback."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np

import tfticket

SCRIPT = Path(__file__).with_name("two_workers.py")


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def run_workers(keras, how, folder):
    """Starts both workers; returns their exit codes and what they complained of."""
    addresses = [f"127.0.0.1:{port}" for port in free_ports(2)]
    root = str(Path(tfticket.__file__).parents[1])
    workers = []
    for number in range(2):
        task = {"type": "worker", "index": number}
        cluster = {"cluster": {"worker": addresses}, "task": task}
        settings = {"TF_CONFIG": json.dumps(cluster), "PYTHONPATH": root}
        command = [sys.executable, SCRIPT, keras, how, folder / f"{number}.npz"]
        workers.append(
            subprocess.Popen(
                command,
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


def test_masks_and_weights_are_the_same_on_both_workers(tmp_path):
    codes, said = run_workers("tf_keras", "pruned", tmp_path)
    assert codes == [0, 0], said[0][-2000:]
    first, second = (dict(np.load(tmp_path / f"{n}.npz")) for n in range(2))
    histories = [json.loads((tmp_path / f"{n}.json").read_text()) for n in range(2)]
    assert histories[0] == histories[1]
    assert [step for step, _ in histories[0]] == [2, 4, 6, 8, 10, 12]
    assert set(first) == set(second)
    for path, array in first.items():
        np.testing.assert_array_equal(array, second[path], err_msg=path)
    for path in ("hidden|kernel", "output|kernel"):
        mask = first[f"mask|{path}"]
        assert mask.sum() == mask.size // 4
        assert (first[path][~mask] == 0).all()
        assert (first[path][mask] != 0).all()


def test_keras_3_itself_fails_there_without_any_pruning(tmp_path):
    """So the README says, for Keras 3.15; should that change, this test says so."""
    codes, said = run_workers("keras", "plain", tmp_path)
    assert codes != [0, 0]
    assert "PerReplica" in said[0]
