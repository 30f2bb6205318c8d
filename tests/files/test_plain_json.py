import json

import pytest

from tfticket import files
from tfticket.errors import CorruptFileError
from tfticket.litert import Check, Verification


def test_an_infinite_difference_is_text_in_json():
    found = Check("storage", "keras", True, 1, float("inf"), float("inf"), 1e-4)
    plain = files.to_dict(Verification((found,)))
    assert json.loads(json.dumps(plain, allow_nan=False))["checks"][0]["relative_diff"] == "inf"


def test_what_was_written_is_read_back_and_what_is_no_json_is_named(tmp_path):
    path = tmp_path / "deep" / "file.json"
    files.write_json(path, {"arms": ["ticket", "control"]})
    assert files.read_json(path) == {"arms": ["ticket", "control"]}
    path.write_text("{")
    with pytest.raises(CorruptFileError, match=r"file\.json is damaged: it is not JSON"):
        files.read_json(path)
