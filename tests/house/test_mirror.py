"""Tests lie where one looks for them: in a folder or a file named as what they are about."""

from __future__ import annotations

#: Folders of what goes across the rooms.
ACROSS = {"benchmarks", "house", "training_setups"}
#: Files of what goes across the rooms, or is about all of one kind.
ACROSS_FILES = {
    "backends",
    "contract",
    "loading",
    "notebooks",
    "other_keras",
    "pruned_values",
    "pruning_contract",
    "versions",
    "without_tfmot",
}


def rooms(package) -> set[str]:
    """Names of modules and packages right below `tfticket`, without a leading underscore."""
    return {s.module.split(".")[1].removeprefix("_") for s in package if "." in s.module}


def test_every_folder_of_tests_is_that_of_a_room(package, root):
    folders = {p.parent.name for p in (root / "tests").glob("*/test_*.py")}
    assert folders - rooms(package) - ACROSS == set()


def test_every_file_of_tests_beside_them_is_that_of_a_room(package, root):
    files = {p.stem.removeprefix("test_") for p in (root / "tests").glob("test_*.py")}
    assert files - rooms(package) - ACROSS_FILES == set()


def test_what_goes_across_is_there(root):
    files = {p.stem.removeprefix("test_") for p in (root / "tests").glob("test_*.py")}
    assert ACROSS_FILES - files == set()
