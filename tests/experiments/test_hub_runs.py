from __future__ import annotations

import shutil

import pytest

import tfticket as tt
from tests.experiments.test_runner import contents
from tests.test_hub import stand_in  # noqa: F401 (a fixture)
from tfticket.errors import CorruptFileError
from tfticket.experiments.hub_runs import pull, push
from tfticket.experiments.runner import run
from tfticket.experiments.spec import Spec


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    root = tmp_path_factory.mktemp("run")
    spec = Spec(
        model="lenet_300_100",
        data="digits",
        recipe="snip",
        sparsity=0.5,
        num_steps=4,
        steps_per_execution=1,
        controls=(),
        export=(),
    )
    run(spec, root)
    return root


def test_a_run_comes_back_whole(whole, stand_in, tmp_path):  # noqa: F811
    assert push(whole, "mine") == "https://hub/me/mine"
    assert not (stand_in.root / "me/mine/.lock").exists()
    assert not (whole / "README.md").exists()
    found = pull("me/mine", tmp_path / "found")
    without_card = {n: b for n, b in contents(found).items() if n != "README.md"}
    assert without_card == contents(whole)
    assert tt.open_run(found).chosen == tt.open_run(whole).chosen
    text = (found / "README.md").read_text()
    assert '"recipe": "snip"' in text
    assert "test accuracy" in text
    assert str(whole) not in text  # where it lay is nobody's business


def test_a_ticket_of_a_run_may_go_alone(whole, stand_in, tmp_path):  # noqa: F811
    push(whole / "ticket", "me/ticket")
    found = tt.Ticket.load(pull("me/ticket", tmp_path / "found"))
    assert found.masks == tt.Ticket.load(whole / "ticket").masks


def test_damage_is_named_on_either_side(whole, stand_in, tmp_path):  # noqa: F811
    damaged = shutil.copytree(whole, tmp_path / "damaged")
    (damaged / "replicate_0/level_00/trained.safetensors").write_bytes(b"x")
    with pytest.raises(CorruptFileError, match=r"trained\.safetensors"):
        push(damaged, "me/mine")
    push(whole, "me/mine")
    (stand_in.root / "me/mine/replicate_0/level_00/trained.safetensors").write_bytes(b"x")
    with pytest.raises(CorruptFileError, match=r"trained\.safetensors.*into another folder"):
        pull("me/mine", tmp_path / "found")


def test_a_repository_of_something_else_is_named(stand_in, tmp_path):  # noqa: F811
    (stand_in.root / "me/poems").mkdir(parents=True)
    (stand_in.root / "me/poems/README.md").touch()
    with pytest.raises(FileNotFoundError, match="`repo_id` must be .*: me/poems has neither"):
        pull("me/poems", tmp_path / "found")


def test_folders_are_not_written_over(stand_in, tmp_path):  # noqa: F811
    (tmp_path / "mine").touch()
    with pytest.raises(FileExistsError, match=r"^`out` must be new or empty\."):
        pull("me/mine", tmp_path)
    with pytest.raises(FileNotFoundError, match="^`path` must be the folder of a ticket or a run"):
        push(tmp_path, "me/mine")
