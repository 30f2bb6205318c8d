"""What workers are told who do not find each other; how they train is in `training_setups`."""

import pytest
import tensorflow as tf

from tfticket.devices import Workers

CLUSTER = '{"cluster": {"worker": ["127.0.0.1:1"]}, "task": {"type": "worker", "index": 0}}'


@pytest.mark.parametrize("value", [None, ""])
def test_nobody_says_where_the_others_are(monkeypatch, value):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    if value is not None:
        monkeypatch.setenv("TF_CONFIG", value)
    with pytest.raises(ValueError, match="`TF_CONFIG` must be set in the environment of every wor"):
        Workers()


def test_what_is_no_json(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", "{worker}")
    with pytest.raises(ValueError, match=r"`TF_CONFIG` cannot be read: .*Received: \{worker\}"):
        Workers()


def test_tensorflow_is_at_work_already(monkeypatch):
    tf.zeros(1).numpy()
    monkeypatch.setenv("TF_CONFIG", CLUSTER)
    with pytest.raises(RuntimeError, match="start a program of its own for each"):
        Workers()
