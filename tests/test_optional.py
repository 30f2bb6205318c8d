import pytest

from tfticket import optional
from tfticket.errors import MissingDependencyError


def test_a_library_that_is_there_is_given():
    assert optional.require("json", "json", "export", "to test").dumps([]) == "[]"


def test_one_that_is_missing_is_named_with_its_extra_and_purpose():
    with pytest.raises(MissingDependencyError, match=r"to fly.*tfticket\[wings\]"):
        optional.require("no_such_library", "no-such-library", "wings", "to fly")
