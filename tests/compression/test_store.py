"""The folder of a search: for one process at a time, and never something else's."""

import json

import pytest

from tfticket.compression.store import RECORD, Store
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
