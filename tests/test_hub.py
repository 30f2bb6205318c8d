from __future__ import annotations

import inspect
import json
import sys

import numpy as np
import pytest

from tests.hub_stand_in import StandIn
from tfticket import Masks, Ticket, hub
from tfticket.errors import CorruptFileError, MissingDependencyError


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    found = StandIn(tmp_path / "hub")
    module = type(sys)("huggingface_hub")
    module.__file__ = "huggingface_hub.py"
    module.HfApi, module.snapshot_download = found.HfApi, found.snapshot_download
    monkeypatch.setitem(sys.modules, "huggingface_hub", module)
    return found


def ticket(seed=0):
    rng = np.random.default_rng(seed)
    masks = Masks({"dense/kernel": rng.random((4, 3)) < 0.5})
    weights = {"dense/kernel": rng.random((4, 3), np.float32)}
    return Ticket(masks, weights, {"recipe": "snip", "note": "```\n# not a heading"})


def test_a_ticket_comes_back_to_the_bit(stand_in):
    sent = ticket()
    assert sent.push_to_hub("me/mine", private=True) == "https://hub/me/mine"
    assert stand_in.private == {"me/mine": True}
    found = Ticket.from_hub("me/mine")
    assert found.masks == sent.masks
    assert found.provenance == sent.provenance
    np.testing.assert_array_equal(found.weights["dense/kernel"], sent.weights["dense/kernel"])


def test_a_second_ticket_takes_the_place_of_the_first(stand_in):
    ticket(0).push_to_hub("me/mine")
    (stand_in.root / "me/mine/notes.txt").write_text("somebody's own")
    ticket(1).push_to_hub("me/mine")
    names = sorted(p.name for p in (stand_in.root / "me/mine").iterdir())
    assert names[:3] == ["README.md", "manifest.json", "notes.txt"]  # what is not ours stays
    assert len(names) == 4  # one file of tensors
    assert Ticket.from_hub("me/mine").masks == ticket(1).masks


def test_the_card_says_what_it_is_and_holds_together(stand_in):
    sent = ticket()
    sent.push_to_hub("mine")
    text = (stand_in.root / "me/mine/README.md").read_text()
    front, _, rest = text.removeprefix("---\n").partition("\n---\n")
    assert "library_name: tfticket" in front
    assert f"# mine\n\n{sent}." in rest
    assert 'tt.Ticket.from_hub("mine")' in rest
    assert rest.count("```") == 4  # whatever the provenance says
    facts = json.loads(rest.split("```json\n")[1].split("```")[0])
    assert facts == {"recipe": "snip", "note": "'''\n# not a heading"}


def test_what_was_damaged_on_its_way_is_named(stand_in):
    ticket().push_to_hub("me/mine")
    tensors = next((stand_in.root / "me/mine").glob("tensors-*"))
    tensors.write_bytes(tensors.read_bytes()[:-1] + b"x")
    with pytest.raises(CorruptFileError, match=tensors.name):
        Ticket.from_hub("me/mine")


def test_where_there_is_no_ticket_that_is_said(stand_in):
    (stand_in.root / "me/other").mkdir(parents=True)
    (stand_in.root / "me/other/config.json").write_text("{}")
    with pytest.raises(FileNotFoundError, match="manifest"):
        Ticket.from_hub("me/other")


def test_without_the_client_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(MissingDependencyError, match=r"tfticket\[hub\]"):
        hub.download("me/mine")


def test_the_stand_in_has_the_clients_arguments():
    real = pytest.importorskip("huggingface_hub", reason="huggingface_hub is not installed")
    for name in ("create_repo", "upload_folder", "upload_file", "snapshot_download"):
        theirs = getattr(real if name == "snapshot_download" else real.HfApi, name)
        ours = set(inspect.signature(getattr(StandIn, name)).parameters) - {"self"}
        assert ours <= set(inspect.signature(theirs).parameters)
    made = set(inspect.signature(StandIn.HfApi).parameters) - {"self"}
    assert made <= set(inspect.signature(real.HfApi).parameters)
    assert hasattr(real.CommitInfo, "repo_url") or "repo_url" in real.CommitInfo.__annotations__
