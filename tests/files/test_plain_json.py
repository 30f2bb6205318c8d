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


@pytest.mark.parametrize(
    "text", ['{"a": 1, "a": 2}', '{"a": NaN}', "[" * 100_000, "1" * 5_000, "\ud800"]
)
def test_what_python_would_read_and_nobody_wrote_is_named(tmp_path, text):
    path = tmp_path / "file.json"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(CorruptFileError, match=r"file\.json is damaged: it is not JSON"):
        files.read_json(path)


def test_a_seal_is_over_everything_else(tmp_path):
    record = {"a": [1, 2.5, None], "b": {"c": "ü"}}
    found = json.loads(json.dumps(files.sealed(record)))
    assert files.unsealed(found, "here") == record
    assert files.unsealed(dict(reversed(found.items())), "here") == record
    for changed in ({**found, "a": [1, 2.5]}, {**found, "d": 1}, record, []):
        with pytest.raises(CorruptFileError, match="here is damaged"):
            files.unsealed(changed, "here")
