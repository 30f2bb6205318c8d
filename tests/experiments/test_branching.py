"""Controls that are asked for after a run, from any of its levels on."""

from __future__ import annotations

import shutil

import pytest

from tests.experiments.test_runner import contents
from tfticket import trust
from tfticket.errors import CorruptFileError
from tfticket.experiments.branching import branch
from tfticket.experiments.runner import run
from tfticket.experiments.spec import Spec
from tfticket.tickets import Ticket

OWN = """
import dataclasses

def negated(ticket, drawn, seed):
    return dataclasses.replace(ticket, weights={p: -w for p, w in ticket.weights.items()})
"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Two levels without a control; not to be written to."""
    root = tmp_path_factory.mktemp("branching") / "run"
    settings = {"pruning_rate": 0.5, "rounds": 2, "num_steps": 4, "controls": (), "export": ()}
    run(Spec(model="lenet_300_100", data="digits", **settings), root)
    return root


@pytest.fixture
def finished(whole, tmp_path):
    """Two levels without a control, of a test's own."""
    return shutil.copytree(whole, tmp_path / "run")


def test_a_control_starts_from_the_levels_that_are_named(finished):
    before = contents(finished)
    outcome = branch(finished, ["shuffle_mask"], [2, 1])
    arms = [(r.round, r.arm) for r in outcome.results]
    assert arms[:3] == [(0, "dense"), (1, "ticket"), (2, "ticket")]
    assert arms[3:] == [(1, "shuffle_mask"), (2, "shuffle_mask")]
    after = contents(finished)
    assert all(after[n] == before[n] for n in before if n.startswith("replicate_"))


def test_an_ablation_of_ones_own_is_a_control(finished, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(OWN)
    outcome = branch(finished, [f"{file}:negated"])
    assert outcome.results[-1].arm == f"{file}:negated"
    (folder,) = (finished / "controls/replicate_0/level_02").glob("*negated-*")
    level = Ticket.load(finished / "replicate_0/level_02/ticket")
    made = Ticket.load(folder / "ticket")
    assert made.masks == level.masks
    path = next(iter(level.masks))
    assert (made.weights[path] == -level.weights[path]).all()
    alike = file.parent.with_name(f"{file.parent.name}_{file.name}")  # but for a separator
    alike.write_text(OWN)
    token = trust.trusting.set(True)
    arms = {r.arm for r in branch(finished, [f"{alike}:negated"]).results}
    trust.trusting.reset(token)
    assert {f"{file}:negated", f"{alike}:negated"} < arms
    with pytest.raises(ValueError, match="must be a folder that you trust: it names code"):
        branch(finished, ["reshuffle"])  # its settings name the user's file by now
    token = trust.trusting.set(True)
    assert branch(finished, ["reshuffle"]).results[-1].round == 2
    trust.trusting.reset(token)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("def broken(ticket): return 3", "must return a Ticket over the same weights"),
        ("def broken(network): return network", "must need no other parameters than ticket"),
        ("def broken(ticket): return {}['key']", "key"),
    ],
)
def test_a_control_that_cannot_be_made_leaves_the_run_as_it_was(finished, tmp_path, body, said):
    file = tmp_path / "wrong.py"
    file.write_text(body)
    before = contents(finished)
    with pytest.raises((TypeError, KeyError), match=said):
        branch(finished, [f"{file}:broken"])
    assert contents(finished) == before


def test_controls_outlive_the_record_of_what_was_asked_for(tmp_path):
    settings = {"pruning_rate": 0.5, "rounds": 1, "num_steps": 1, "controls": (), "export": ()}
    spec = Spec(model="lenet_300_100", data="digits", **settings)
    run(spec, tmp_path)
    branch(tmp_path, ["reshuffle"])
    (tmp_path / "branches.json").write_text("{")
    with pytest.raises(CorruptFileError, match=r"branches.json is damaged.*--repair"):
        run(spec, tmp_path)
    found = run(Spec(**{**spec.to_dict(), "replicates": 2}), tmp_path, repair=True)
    assert [r.replicate for r in found.results if r.arm == "reshuffle"] == [0, 1]


@pytest.mark.parametrize(
    ("controls", "levels", "said"),
    [
        (["beauty"], [], "`controls` must be out of"),
        (["dense"], [], "`controls` must be out of"),
        (["reinitialize"], [3], r"levels 1 to 2 are trained. Received: \[3\]"),
        (["reinitialize"], [0], "`levels` must be trained already"),
    ],
)
def test_what_cannot_be_branched_off_changes_nothing(finished, controls, levels, said):
    before = contents(finished)
    with pytest.raises(ValueError, match=said):
        branch(finished, controls, levels)
    assert contents(finished) == before
