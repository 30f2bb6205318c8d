import os
import signal
import subprocess
import sys

import pytest

from tfticket.files import atomic


def test_a_file_appears_when_the_block_is_done(tmp_path):
    path = tmp_path / "deep" / "file.txt"
    with atomic.new_file(path) as draft:
        draft.write_text("new")
        assert draft.name == "file.txt"
        assert not path.exists()
    assert path.read_text() == "new"
    assert [p.name for p in path.parent.iterdir()] == ["file.txt"]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), atomic.new_file(path) as draft:
        draft.write_text("new")
        raise RuntimeError
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["file.txt"]


def test_a_folder_takes_the_place_of_the_old_one(tmp_path):
    folder = tmp_path / "folder"
    for content in ("old", "new"):
        with atomic.new_folder(folder) as draft:
            (draft / content).write_text(content)
    assert [p.name for p in folder.iterdir()] == ["new"]
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


def test_a_failure_leaves_the_old_folder(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "old").write_text("old")
    with pytest.raises(RuntimeError), atomic.new_folder(folder) as draft:
        (draft / "new").write_text("new")
        raise RuntimeError
    assert [p.name for p in folder.iterdir()] == ["old"]
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


def test_a_killed_program_leaves_the_old_file(tmp_path):
    path = tmp_path / "small.tflite"
    path.write_bytes(b"old")
    program = (
        "import os, signal, sys; from tfticket.files import atomic\n"
        "with atomic.new_file(sys.argv[1]) as draft:\n"
        "    draft.write_bytes(b'half of the new'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    search_path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        env={**os.environ, "PYTHONPATH": search_path},
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    assert path.read_bytes() == b"old"


def test_bytes_take_the_place_of_the_old_ones_and_nothing_stays_beside(tmp_path):
    path = tmp_path / "deep" / "file.bin"
    for data in (b"old", b"new"):
        atomic.write_bytes(path, data)
        assert path.read_bytes() == data
    assert [p.name for p in path.parent.iterdir()] == ["file.bin"]


def test_what_somebody_else_wrote_is_replaced_only_if_asked(tmp_path):
    path = tmp_path / "thesis.txt"
    atomic.require_free(path, is_ours=False, overwrite=False)
    path.write_text("old")
    atomic.require_free(path, is_ours=True, overwrite=False)
    atomic.require_free(path, is_ours=False, overwrite=True)
    with pytest.raises(FileExistsError, match=r"must be free, .*thesis.txt', overwrite=False"):
        atomic.require_free(path, is_ours=False, overwrite=False)
    (tmp_path / "empty").mkdir()
    atomic.require_free(tmp_path / "empty", is_ours=False, overwrite=False)


def test_a_file_takes_the_place_of_no_folder(tmp_path):
    folder = tmp_path / "model.keras"
    folder.mkdir()
    with pytest.raises(IsADirectoryError, match=r"cannot take the place .*model.keras'"):
        atomic.require_free(folder, is_ours=False, overwrite=False, is_file=True)
    (folder / "thesis.txt").write_text("old")
    with pytest.raises(FileExistsError, match="must be free"):
        atomic.require_free(folder, is_ours=False, overwrite=False, is_file=True)
    with pytest.raises(IsADirectoryError, match=r"cannot take the place .*model.keras'"):
        atomic.require_free(folder, is_ours=False, overwrite=True, is_file=True)
    assert (folder / "thesis.txt").read_text() == "old"
