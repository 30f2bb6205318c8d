"""Files of pictures: what they may take the place of, and what is told before anything long."""

from __future__ import annotations

import sys

import pytest

from tfticket.errors import MissingDependencyError
from tfticket.reports import plots
from tfticket.reports.pictures import require_room

pytest.importorskip("matplotlib")


def test_a_picture_takes_the_place_of_a_picture_alone(tmp_path):
    figure, path = plots.new_figure((2, 2)), tmp_path / "deep" / "mine.png"
    require_room(path)
    plots.save(figure, path)
    plots.save(figure, path)
    path.write_text("dear all")
    for write in (require_room, lambda path: plots.save(figure, path)):
        with pytest.raises(FileExistsError, match=r"must be free.*mine\.png"):
            write(path)
    assert path.read_text() == "dear all"


def test_folders_in_the_way_are_told(tmp_path):
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(IsADirectoryError, match="place of a folder"):
        require_room(tmp_path / "folder.png")
    (tmp_path / "file").write_text("dear all")
    with pytest.raises(NotADirectoryError, match="must lie in a folder"):
        require_room(tmp_path / "file" / "mine.png")


@pytest.mark.parametrize("name", ["mine.jpg", "mine.svg", "mine"])
def test_other_formats_than_png_are_refused(name, tmp_path):
    for write in (require_room, lambda path: plots.save(plots.new_figure((2, 2)), path)):
        with pytest.raises(ValueError, match=rf"must end in \.png.*{name}"):
            write(tmp_path / name)
    assert [*tmp_path.iterdir()] == []


def test_no_picture_needs_no_library(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    require_room(None)
    with pytest.raises(MissingDependencyError, match="matplotlib"):
        require_room(tmp_path / "mine.png")


@pytest.mark.parametrize("command", ["bench", "collapse", "compare", "sensitivity"])
def test_commands_ask_before_they_do_anything(command, tmp_path):
    from typer.testing import CliRunner

    from tfticket.cli.app import app

    mine = tmp_path / "mine.png"
    mine.write_text("dear all")
    given = {"collapse": ("--model", "lenet_300_100")}.get(command, (str(mine),))
    data = ("--data", "nowhere.py:data") if command == "sensitivity" else ()
    done = CliRunner().invoke(app, [command, *given, *data, "--plot", str(mine)])
    assert done.exit_code == 1
    assert "the target must be free" in " ".join(done.output.split())
    assert mine.read_text() == "dear all"
