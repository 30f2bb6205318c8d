import pytest

from tfticket.export import atomic


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
