"""The recipe: in Python, from the command line, killed and resumed, and its files."""

from __future__ import annotations

import importlib
import json

import numpy as np
import pytest
import tensorflow as tf

from tfticket import recipes, weights, zoo
from tfticket.errors import CorruptFileError
from tfticket.experiments import runner
from tfticket.experiments.run_folder import RunFolder
from tfticket.experiments.spec import Spec
from tfticket.recipes.weight_agnostic import WeightAgnostic
from tfticket.weight_agnostic import Champion, Networks, evolution

SMALL = {
    "generations": 40,
    "population_size": 48,
    "check_every": 8,
    "examples_per_generation": 200,
    "initial_density": 0.1,
    "num_steps": 20,
}


def test_a_topology_is_found_that_needs_no_training(model_fn, data):
    found = recipes.weight_agnostic(model_fn, data, **{**SMALL, "generations": 200}, seed=1)
    dense, level = found.levels[0]
    assert level.masks.num_kept == level.log["connections"]
    weight = level.ticket.provenance["shared_weight"]
    held = np.concatenate([a.ravel() for a in level.trained.weights.values()])
    assert set(np.unique(held)) == {np.float32(0), np.float32(weight)}
    arms = {r.arm: r.metrics for r in found.outcome.results}
    assert set(arms) == {"dense", "ticket", "shuffle_mask", "reinitialize"}
    assert arms["ticket"]["test_accuracy"] > max(0.3, arms["shuffle_mask"]["test_accuracy"])
    assert arms["ticket"]["test_accuracy"] == pytest.approx(level.log["verdict"]["tuned"])
    assert "with one shared weight" in str(found)
    assert dense.states[0].weights["hidden/kernel"].shape == (64, 20)


def test_the_level_is_the_champion(model_fn, data):
    found = recipes.weight_agnostic(model_fn, data, **SMALL, controls=())
    level = found.level
    champion = Champion.from_dict(level.ticket.provenance["network"])
    model = WeightAgnostic(**{n: v for n, v in SMALL.items() if n != "num_steps"}).network(
        model_fn(), level.ticket
    )
    level.ticket.apply(model)
    x = data.test.x[:30]
    expected = Networks(
        champion.genomes, np.array([level.ticket.provenance["shared_weight"]])
    ).outputs(x.reshape(30, -1))[0, 0]
    np.testing.assert_allclose(np.asarray(model(x)), expected, rtol=1e-3, atol=1e-3)


def test_level_2_trains_the_connections_and_no_others(model_fn, data):
    found = recipes.weight_agnostic(
        model_fn, data, **SMALL, train_connections=True, controls=("shuffle_mask",)
    )
    _, searched, trained = found.levels[0]
    assert trained.masks == searched.masks
    assert (searched.log["end_step"], trained.log["end_step"]) == (0, 20)
    assert "with one shared weight" in str(found)
    for path, mask in trained.masks.items():
        assert not trained.trained.weights[path][~mask].any()
    moved = [
        not np.array_equal(trained.trained.weights[p], searched.trained.weights[p])
        for p in trained.masks
    ]
    assert any(moved)


def test_probabilities_where_the_given_network_gives_them(keras, data):
    def build():
        last = keras.layers.Dense(10, activation="softmax")
        model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), last])
        model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    found = recipes.weight_agnostic(build, data, **SMALL, controls=())
    likelihood = found.outcome.results[-1].metrics["test_loss"]
    assert np.isfinite(likelihood) and likelihood < 10


def test_values_are_regressed_on(keras):
    def build():
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        return model

    x = np.random.default_rng(0).normal(size=(400, 3)).astype(np.float32)
    y = (np.abs(x[:, :1]) - x[:, 1:2]).astype(np.float32)
    found = recipes.weight_agnostic(build, (x, y), **{**SMALL, "initial_density": 0.5}, controls=())
    dense, ticket = (r.metrics["test_loss"] for r in found.outcome.results)
    assert ticket < dense
    assert found.level.log["verdict"]["ensemble"] is None


def middle_output(outputs, targets):
    return outputs[:, 5] * (targets == 5)


def test_a_reward_of_ones_own_is_taken(model_fn, data):
    found = recipes.weight_agnostic(model_fn, data, **SMALL, reward=middle_output, controls=())
    name = found.ticket.provenance["settings"]["reward"]
    assert name.endswith(":middle_output")


def test_what_the_search_cannot_use_is_refused_before_anything_is_trained(keras, model_fn, data):
    def one_output():
        model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten()])
        model.add(keras.layers.Dense(1))
        model.compile("sgd", "mse")
        return model

    train = zoo.as_dataset((data.train.x, (data.train.y == 3).astype(np.int64)))
    with pytest.raises(ValueError, match="an output for each of the 2 classes"):
        recipes.weight_agnostic(one_output, train, **SMALL)
    weighted = (data.train.x, data.train.y, np.ones(len(data.train.y), np.float32))
    with pytest.raises(ValueError, match="two arrays in memory"):
        recipes.weight_agnostic(model_fn, zoo.as_dataset((weighted, weighted)), **SMALL)
    with pytest.raises(ValueError, match="`reward` must be one of"):
        recipes.weight_agnostic(model_fn, data, reward="speed")


class Killed(BaseException):
    pass


@pytest.fixture(params=["keras", "tf_keras"])
def spec(request):
    return Spec(
        recipe="weight_agnostic",
        model="lenet_300_100",
        data="digits",
        keras=request.param,
        export=("keras", "tflite"),
        **SMALL,
        seed=2,
    )


@pytest.mark.long
def test_a_killed_run_goes_on_in_the_middle_and_ends_with_the_same_bits(
    spec, tmp_path, monkeypatch
):
    write, calls = evolution.write_state, []

    def killed(*arguments):
        write(*arguments)
        calls.append(arguments)
        if len(calls) == 3:
            raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(evolution, "write_state", killed)
        with pytest.raises(Killed):
            runner.run(spec, tmp_path / "killed")
    folder = RunFolder(tmp_path / "killed")
    assert (folder.unfinished(0) / "population.json").is_file()
    with monkeypatch.context() as patched:
        patched.setattr(evolution, "write_state", lambda *a: (calls.append(a), write(*a)))
        runner.run(spec, tmp_path / "killed")
    assert [a[2].generation for a in calls] == [8, 16, 24, 32, 40]
    assert not folder.unfinished(0).exists()
    outcome = runner.run(spec, tmp_path / "whole")
    other = RunFolder(tmp_path / "whole")
    for round_ in (0, 1):
        first, second = folder.level(0, round_), other.level(0, round_)
        assert first.metrics == second.metrics
        assert first.ticket.provenance == second.ticket.provenance
        for path, array in first.trained.weights.items():
            np.testing.assert_array_equal(array, second.trained.weights[path])
    assert outcome.skipped == {}
    keras = importlib.import_module(spec.common.keras)
    model = keras.models.load_model(tmp_path / "whole" / "model.keras")
    held = weights.read_all(model)
    assert sum(np.count_nonzero(a) for a in held.values()) == other.level(0, 1).log["connections"]
    record = json.loads((tmp_path / "whole" / "report.json").read_text(encoding="utf-8"))
    assert any("the topology has" in note for note in record["notes"])


def test_a_damaged_search_is_named_and_repair_begins_it_anew(tmp_path, monkeypatch):
    given = {"recipe": "weight_agnostic", "model": "lenet_300_100", "data": "digits"}
    spec = Spec(**given, **{**SMALL, "generations": 16}, export=(), controls=())
    write = evolution.write_state

    def killed(*arguments):
        write(*arguments)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(evolution, "write_state", killed)
        with pytest.raises(Killed):
            runner.run(spec, tmp_path)
    path = RunFolder(tmp_path).unfinished(0) / "population.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"generation": 8', '"generation": 9'))
    with pytest.raises(CorruptFileError, match="population.json"):
        runner.run(spec, tmp_path)
    notes = []
    runner.run(spec, tmp_path, repair=True, on_event=lambda e: notes.append(e.text))
    assert any("unfinished" in note for note in notes)
    assert RunFolder(tmp_path).num_levels(0) == 2


@pytest.mark.parametrize("reward", ["minus_squared_error", lambda outputs, targets: 0.0])
def test_a_reward_that_does_not_fit_is_told_before_anything_is_trained(model_fn, data, reward):
    with pytest.raises(ValueError, match="`reward` must be for the data"):
        recipes.weight_agnostic(model_fn, data, reward=reward, num_steps=1)


def test_classes_that_are_written_as_values_are_refused_before_anything_is_trained(model_fn, data):
    parts = {n: (s.x, s.y.astype(np.float32)) for n, s in data.splits.items()}
    events = []
    with pytest.raises(ValueError, match="class numbers must have an integer type"):
        recipes.weight_agnostic(model_fn, parts, **SMALL, on_event=events.append)
    assert not [e for e in events if e.kind == "result"]


@pytest.mark.parametrize("part", ["train", "validation", "test"])
def test_a_pipeline_as_any_part_is_refused(model_fn, data, part):
    parts = {n: (s.x[:50], s.y[:50]) for n, s in data.splits.items()}
    parts[part] = tf.data.Dataset.from_tensor_slices(parts[part]).batch(10)
    with pytest.raises(ValueError, match=f"two arrays in memory.*'{part}': 'a pipeline'"):
        recipes.weight_agnostic(model_fn, parts, **SMALL)
