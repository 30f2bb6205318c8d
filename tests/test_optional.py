import pytest

from tfticket import optional
from tfticket.errors import MissingDependencyError


def test_a_library_that_is_there_is_given():
    assert optional.require("json", "json", "export", "to test").dumps([]) == "[]"


def test_one_that_is_missing_is_named_with_its_extra_and_purpose():
    with pytest.raises(MissingDependencyError, match=r"to fly.*tfticket\[wings\]"):
        optional.require("no_such_library", "no-such-library", "wings", "to fly")


def test_a_folder_of_its_name_is_not_the_library(tmp_path, monkeypatch):
    (tmp_path / "some_tracker").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MissingDependencyError, match=r"tfticket\[wings\]"):
        optional.require("some_tracker", "some-tracker", "wings", "to fly")
