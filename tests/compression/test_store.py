"""The folder of a search: for one process at a time, and never something else's."""

import json

import numpy as np
import pytest

from tfticket.compression.store import RECORD, Store, changes, identity
from tfticket.errors import CorruptFileError, TicketError


def test_two_at_a_time_are_kept_from_each_other(tmp_path):
    with Store.opened(tmp_path / "out", {"a": 1}) as store:
        store.put("networks", "first", {"metric": 0.5})
        with (
            pytest.raises(TicketError, match="another process is at work"),
            Store.opened(tmp_path / "out", {"a": 1}),
        ):
            pass
    with Store.opened(tmp_path / "out", {"a": 1}) as store:
        assert store.get("networks", "first") == {"metric": 0.5}


def test_a_folder_left_before_anything_was_measured_is_taken(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".lock").touch()
    (tmp_path / "out" / f".{RECORD}.abcd").mkdir()  # it was being written
    with Store.opened(tmp_path / "out", {}) as store:
        assert store.record == {}


def test_layers_that_were_numbered_anew_are_told_from_other_weights(keras):
    def settings(bias=0.0):
        model = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(2)])
        model.set_weights([np.eye(2), np.full(2, bias)])
        return identity(model)

    first = settings()
    assert changes(first, first) == ""
    assert changes(first, settings()).startswith("names of its weights (layers without a name")
    assert changes(first, settings(1.0)).endswith(", weights of the model")


@pytest.mark.parametrize("what", ["something else", "other settings", "another format"])
def test_what_is_not_ours_is_refused_and_left_as_it_was(tmp_path, what):
    folder = tmp_path / "out"
    if what == "something else":
        folder.mkdir()
        (folder / "letter.txt").write_text("dear all")
    else:
        with Store.opened(folder, {"a": 1, "b": 2}):
            pass
    if what == "another format":
        path = folder / RECORD
        path.write_text(json.dumps({**json.loads(path.read_text()), "format": "x"}))
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    error = CorruptFileError if what == "another format" else FileExistsError
    with pytest.raises(error), Store.opened(folder, {"a": 1, "b": 3}):
        pass
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
