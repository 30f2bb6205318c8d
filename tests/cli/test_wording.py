"""What is said to who types commands: flags, paths, and what to do."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from tfticket.cli.bench import bench
from tfticket.cli.failures import sentence_of
from tfticket.cli.recipe_commands import command_of
from tfticket.cli.shrink import shrink
from tfticket.cli.wording import flags_of, of_system, with_flags


def test_arguments_are_flags_under_the_names_they_have():
    assert flags_of(shrink)["channel_sparsity"] == "--channel-sparsity"
    assert flags_of(shrink)["overwrite"] == "--overwrite"
    assert flags_of(bench) | {"num_threads": "--threads", "paths": "PATHS"} == flags_of(bench)


def test_texts_name_flags_where_there_are_such():
    flags = {"num_steps": "--num-steps", "overwrite": "--overwrite", "path": "PATH"}
    said = with_flags("`num_steps` must be 1, or `overwrite=True`; `path` too, not `seeds`", flags)
    assert said == "--num-steps must be 1, or --overwrite; PATH too, not `seeds`"
    assert with_flags("`path` must be", {}) == "the path must be"
    assert with_flags("`keras='tf_keras'`", {"keras": "--keras"}) == "--keras tf_keras"


def test_an_argument_that_received_the_path_of_a_flag_is_that_flag():
    flags = {"path": "PATH", "out": "--out"}
    text = "`path` must end in .keras. Received: path='a.txt'"
    given = {"path": Path("runs/one"), "out": Path("a.txt")}
    assert with_flags(text, flags, given).startswith("--out must end in .keras")
    assert with_flags(text, flags, {"path": Path("a.txt"), "out": None}).startswith("PATH must")
    both = {"path": Path("a.txt"), "out": Path("a.txt")}
    assert with_flags(text, flags, both).startswith("PATH must")


def test_every_recipe_has_a_flag_for_the_download():
    from tfticket.recipes import RECIPES, find

    for name in RECIPES:
        command = command_of(name, find(name))
        assert {"--download", "--repair"} <= {o for p in command.params for o in p.opts}


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "the disk is full: make room"),
        (errno.EACCES, "you may not read or write there"),
        (errno.EROFS, "nothing can be written there"),
        (errno.EISDIR, "this is a folder where a file is meant"),
        (errno.ENOTDIR, "a part of this path is a file"),
        (errno.ENOENT, "there is no such file or folder"),
    ],
)
def test_what_the_system_refuses_is_said_with_path_and_advice(number, said):
    error = OSError(number, os.strerror(number), "/somewhere/.file.json.ab12cd34")
    assert of_system(error).startswith(f"/somewhere/file.json: {said}")
    assert "Errno" not in sentence_of(error)
    assert of_system(OSError(number, os.strerror(number))).startswith(said[0].upper() + said[1:])


def test_what_is_in_the_way_is_named(tmp_path):
    (tmp_path / "file").touch()
    os.symlink(tmp_path / "nowhere", tmp_path / "link")
    for name, said in (
        ("file", "this is a file where a folder is meant"),
        ("link", "leads nowhere"),
    ):
        with pytest.raises(FileExistsError) as raised:
            (tmp_path / name).mkdir()
        assert said in of_system(raised.value)
    assert of_system(FileExistsError("`out` must be new")) == "`out` must be new"
