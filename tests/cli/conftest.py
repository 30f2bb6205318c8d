import pytest


@pytest.fixture(autouse=True)
def as_wide_as_it_is(monkeypatch):
    """Tables are as wide as they are, whatever the terminal of whoever runs the tests."""
    monkeypatch.delenv("COLUMNS", raising=False)
