"""Dense networks that several runs begin with are trained once, and are the same to the bit."""

from __future__ import annotations

import importlib
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.experiments.test_runner import contents
from tests.networks import SMALL_CONV
from tfticket.experiments.runner import run
from tfticket.experiments.spec import Spec
from tfticket.zoo import training

LEVEL = ("replicate_0/level_00/trained.safetensors", "replicate_0/level_00/metrics.json")


@pytest.fixture
def trained(monkeypatch):
    """How many trainings there were so far."""
    counts = []
    whole = training.train_on

    def counted(*arguments):
        train = whole(*arguments)
        return lambda *a, **k: counts.append(1) or train(*a, **k)

    monkeypatch.setattr("tfticket.recipes.run.context.train_on", counted)
    return counts


def settings(small, **more):
    return {**small.to_dict(), "replicates": 1, "controls": (), **more}


@pytest.fixture(scope="module")
def begun(small, tmp_path_factory):
    """What one run leaves for others to share; not to be written to."""
    folder = tmp_path_factory.mktemp("begun")
    run(Spec(**settings(small)), folder / "a", shared=folder / "shared")
    assert len(list((folder / "shared").iterdir())) == 1
    return folder / "shared"


def test_the_second_run_finds_the_first_ones_dense_network(small, tmp_path, trained):
    shared = tmp_path / "shared"
    notes = []
    spec = Spec(**settings(small, pruning_rate=0.5))
    run(Spec(**settings(small)), tmp_path / "a", shared=shared)
    count = len(trained)
    run(spec, tmp_path / "b", shared=shared, on_event=lambda e: notes.append(e.text))
    assert len(trained) == count + 1  # one level, as one round is enough
    assert any(n.startswith("the dense network was trained before") for n in notes)
    run(spec, tmp_path / "alone")
    assert contents(tmp_path / "b") == contents(tmp_path / "alone")


def test_recipes_share_it_where_they_start_alike(tmp_path, trained):
    common = {"model": "lenet_300_100", "data": "digits", "num_steps": 6, "export": ()}
    common |= {"controls": (), "steps_per_execution": 1}
    for name, own in (
        ("lottery_ticket", {"rounds": 1}),
        ("snip", {"sparsity": 0.5}),
        ("gradual", {"sparsity": 0.5, "end_step": 4}),
    ):
        run(Spec(recipe=name, **own, **common), tmp_path / name, shared=tmp_path / "shared")
    assert len(list((tmp_path / "shared").iterdir())) == 1
    assert len(trained) == 1 + 3
    first, *others = (contents(tmp_path / n) for n in ("lottery_ticket", "snip", "gradual"))
    assert all(found[LEVEL[0]] == first[LEVEL[0]] for found in others)


CLASS_WEIGHT = {c: 1.0 + c for c in range(10)}


@pytest.mark.parametrize(
    "more",
    [
        {"seed": 1},
        {"learning_rate": 0.5},
        pytest.param({"num_steps": 20}, marks=pytest.mark.long),
        pytest.param({"rewind_to": 0}, marks=pytest.mark.long),
        pytest.param({"class_weight": CLASS_WEIGHT}, marks=pytest.mark.long),
        pytest.param({"batch_size": 32}, marks=pytest.mark.long),
    ],
)
def test_what_differs_is_not_shared(small, begun, tmp_path, more):
    shared = shutil.copytree(begun, tmp_path / "shared")
    run(Spec(**settings(small, **more)), tmp_path / "b", shared=shared)
    assert len(list(shared.iterdir())) == 2


def test_a_changed_file_of_the_users_is_another_network(small, tmp_path):
    file, shared = tmp_path / "net.py", tmp_path / "shared"
    text = Path(small.common.model.partition(":")[0]).read_text(encoding="utf-8")
    for name, activation in (("a", "relu"), ("b", "tanh")):
        file.write_text(text.replace("relu", activation))
        run(Spec(**settings(small, model=f"{file}:network")), tmp_path / name, shared=shared)
    assert len(list(shared.iterdir())) == 2


def test_a_network_made_elsewhere_is_another_one(small, tmp_path, monkeypatch):
    """What a file of the user's imports is not in that file."""
    helper, file = tmp_path / "an_own_helper.py", tmp_path / "net.py"
    text = Path(small.common.model.partition(":")[0]).read_text(encoding="utf-8")
    file.write_text(
        "import sys\nimport an_own_helper\n" + text.replace('"relu"', "an_own_helper.A")
    )
    monkeypatch.syspath_prepend(tmp_path)
    spec = Spec(**settings(small, model=f"{file}:network"))
    for name, activation in (("a", "relu"), ("b", "tanh")):
        helper.write_text(f'A = "{activation}"')
        sys.modules.pop("an_own_helper", None)
        importlib.invalidate_caches()
        shutil.rmtree(tmp_path / "__pycache__", ignore_errors=True)
        run(spec, tmp_path / name, shared=tmp_path / "shared")
    assert len(list((tmp_path / "shared").iterdir())) == 2
    more = Spec(**{**spec.to_dict(), "replicates": 2})
    with pytest.raises(ValueError, match="the network of .* were others"):
        run(more, tmp_path / "a")


def test_a_damaged_one_is_made_again(small, tmp_path):
    shared, notes = tmp_path / "shared", []
    run(Spec(**settings(small)), tmp_path / "a", shared=shared)
    (folder,) = shared.iterdir()
    whole = (folder / "trained.safetensors").read_bytes()
    spoilt = np.frombuffer(whole, np.uint8).copy()
    spoilt[-3] ^= 1
    (folder / "trained.safetensors").write_bytes(spoilt.tobytes())
    run(
        Spec(**settings(small)),
        tmp_path / "b",
        shared=shared,
        on_event=lambda e: notes.append(e.text),
    )
    assert any("a shared training is made anew" in n and "is damaged" in n for n in notes)
    assert (folder / "trained.safetensors").read_bytes() == whole
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def further(*values):
    return pytest.param(*values, marks=pytest.mark.long)


@pytest.mark.parametrize(
    ("recipe", "first", "second"),
    [
        further("slimming", {"penalty": 0.1}, {"penalty": 1e-4}),
        further("slimming", {"initial_scale": None}, {"initial_scale": None, "penalty": 0.2}),
        further("early_bird", {}, {"search_precision": "int8"}),
        further("scratch_e", {"widths": "discovered"}, {"widths": "discovered", "penalty": 0.2}),
    ],
)
def test_a_search_with_something_in_force_is_not_shared(recipe, first, second, tmp_path):
    """With another penalty or precision it is another training, however alike they start."""
    common = {"recipe": recipe, "model": SMALL_CONV, "data": "digits", "num_steps": 4}
    common |= {"controls": (), "export": (), "channel_sparsity": 0.5, "replicates": 1}
    shared = tmp_path / "shared"
    run(Spec(**common, **first), tmp_path / "a", shared=shared)
    run(Spec(**common, **second), tmp_path / "b", shared=shared)
    run(Spec(**common, **second), tmp_path / "alone")
    assert contents(tmp_path / "b") == contents(tmp_path / "alone")
