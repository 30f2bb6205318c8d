import math
import sys

import pytest

from tfticket.references import accepted, resolve


def test_a_reference_names_a_module_and_an_attribute():
    assert resolve("math:sqrt") is math.sqrt
    assert resolve("os.path:join") is __import__("os").path.join


def test_a_reference_may_name_a_file(tmp_path):
    (tmp_path / "mine.py").write_text("answer = 42")
    assert resolve(f"{tmp_path / 'mine.py'}:answer") == 42
    assert "mine" not in sys.modules


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("math", "must be `package.module:attribute`"),
        ("math:", "must be `package.module:attribute`"),
        ("math:sqrt()", "must be `package.module:attribute`"),
        ("no_such_module_here:build", "no module 'no_such_module_here'.*PYTHONPATH"),
        ("math.deeper:build", "no module 'math.deeper'"),
        ("math:no_such", "'math' has no 'no_such'; it has .*sqrt"),
        ("/no/such/file.py:build", "there is no file"),
    ],
)
def test_a_reference_that_leads_nowhere_says_where_it_ends(reference, message):
    with pytest.raises(ValueError, match=message):
        resolve(reference)


def test_what_a_module_fails_to_import_is_not_taken_for_the_module(tmp_path, monkeypatch):
    (tmp_path / "needs_more.py").write_text("import no_such_library")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_library"):
        resolve("needs_more:build")


def test_a_function_is_offered_only_what_it_has_parameters_for():
    options = {"seed": 1, "keras": "keras"}
    assert accepted(lambda seed: None, options) == {"seed": 1}
    assert accepted(lambda **anything: None, options) == options
    assert accepted(lambda: None, options) == {}
