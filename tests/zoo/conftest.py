"""Where prepared data lie, for the tests that read some."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tfticket.zoo import tfds

_BESIDE = Path(__file__).parents[3] / "shared" / "data" / "tfds"


@pytest.fixture(scope="session")
def prepared():
    """Gives the folder of a prepared data set's parent, or skips.

    In continuous integration a folder of prepared data that lacks the data set is a failure.
    """

    def folder_with(name: str) -> Path:
        folder = Path(os.environ.get("TFDS_DATA_DIR") or _BESIDE)
        if tfds.find_prepared(name, folder) is not None:
            return folder
        if os.environ.get("CI") == "true" and folder.is_dir():
            pytest.fail(f"{folder} exists but holds no prepared {name!r}")
        return pytest.skip(f"needs {name!r} prepared for tensorflow-datasets: set TFDS_DATA_DIR")

    return folder_with
