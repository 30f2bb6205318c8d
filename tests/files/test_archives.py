import os
import zipfile

import pytest

from tfticket.export import savedmodel
from tfticket.files.archives import new_archive


def fill(folder):
    (folder / "inner").mkdir()
    (folder / "inner" / "b.txt").write_text("b" * 1000)
    (folder / "a.txt").write_text("a")


def test_equal_folders_give_equal_archives(tmp_path):
    for name in ("one.zip", "two.zip"):
        with new_archive(tmp_path / name) as folder:
            fill(folder)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        assert archive.namelist() == ["a.txt", "inner/b.txt"]
        assert archive.read("inner/b.txt") == b"b" * 1000


def test_a_failure_leaves_the_old_archive(tmp_path):
    path = tmp_path / "model.zip"
    path.write_text("old")
    with pytest.raises(RuntimeError, match="half way"), new_archive(path) as folder:
        fill(folder)
        raise RuntimeError("half way")
    assert (path.read_text(), os.listdir(tmp_path)) == ("old", ["model.zip"])


def test_a_savedmodel_becomes_an_archive_by_its_name(small, tmp_path):
    import tensorflow as tf

    report = savedmodel(small, tmp_path / "model.zip")
    assert report.raw_bytes == (tmp_path / "model.zip").stat().st_size
    savedmodel(small, tmp_path / "model.zip")  # ours may be replaced
    savedmodel(small, tmp_path / "folder")
    with zipfile.ZipFile(tmp_path / "model.zip") as archive:
        archive.extractall(tmp_path / "unzipped")
    loaded = tf.saved_model.load(str(tmp_path / "unzipped"))
    assert loaded.serve(tf.ones((2, 64)))["output_0"].shape == (2, 10)
    folder = sum(f.stat().st_size for f in (tmp_path / "folder").rglob("*") if f.is_file())
    assert report.raw_bytes < 0.6 * folder  # 90 % zeros deflate well


def test_an_archive_of_somebody_else_is_not_replaced(small, tmp_path):
    with zipfile.ZipFile(tmp_path / "model.zip", "w") as archive:
        archive.writestr("a", "a")
    with pytest.raises(FileExistsError, match="must be free"):
        savedmodel(small, tmp_path / "model.zip")
