"""From a model to a file that fits: what is chosen, what is kept, and what is told."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

import tfticket as tt
from tests.compression.quick import TEST, VALIDATION, X, compress, train
from tfticket import weights
from tfticket.compression import METRICS, Metric


def predicted(path, inputs):
    """What a file computes, by a runtime of the test's own."""
    runner = Interpreter(model_path=str(path)).get_signature_runner()
    return next(iter(runner(**{next(iter(runner.get_input_details())): inputs}).values()))


def same(before, after):
    return all(np.array_equal(before[p], w) for p, w in after.items())


def test_what_is_said_of_files_is_what_they_are(model, tmp_path):
    before = weights.read_all(model)
    seen = []
    found = compress(
        model,
        tmp_path / "out",
        tt.Budget(max_drop=0.2),
        weights=("float32", "int8"),
        max_trainings=1,
        verify=True,
        test=TEST,
        on_event=lambda *event: seen.append(event),
    )
    assert same(before, weights.read_all(model))
    assert found.is_met
    assert found.best.file_bytes == min(c.file_bytes for c in found.candidates if c.drop <= 0.2)
    assert {c.treatment.channels > 0 for c in found.candidates} == {True, False}
    accuracy = METRICS["accuracy"]
    for one in found.candidates:
        path = Path(one.path)
        assert one.file_bytes == path.stat().st_size
        assert one.metric == accuracy.function(VALIDATION[1], predicted(path, VALIDATION[0]))
        assert one.drop == pytest.approx(found.dense - one.metric)
    outputs = model.predict(VALIDATION[0], verbose=0)
    assert found.dense == accuracy.function(VALIDATION[1], outputs)
    assert found.test is not None
    best = predicted(found.best.path, TEST[0])
    assert found.test.best == accuracy.function(TEST[1], best)
    assert [number for _, number, _ in seen] == sorted(number for _, number, _ in seen)
    assert {most for _, _, most in seen} == {1}
    assert "chosen" in str(found)
    assert json.loads(json.dumps(found.to_dict()))["is_met"]


@pytest.mark.parametrize(
    "stop_at", [pytest.param(1, marks=pytest.mark.long), 3, pytest.param(4, marks=pytest.mark.long)]
)
def test_what_was_stopped_goes_on_to_the_same_files(searched, tmp_path, stop_at):
    model, _, whole = searched
    trainings, events = [], []

    def counted(trained):
        trainings.append(1)
        train(trained)

    counted.__qualname__ = train.__qualname__
    budget = tt.Budget(max_drop=0.2)
    choices = {"weights": ("float32", "int8"), "max_trainings": 2, "trained": counted}

    def stop(*event):
        events.append(event)
        if len(events) == stop_at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compress(model, tmp_path, budget, on_event=stop, **choices)
    again = compress(model, tmp_path, budget, **choices)
    assert len(trainings) == 2

    def without_paths(found):
        return [{**c.to_dict(), "path": Path(c.path).name} for c in found.candidates]

    assert without_paths(again) == without_paths(whole)
    assert Path(again.best.path).name == Path(whole.best.path).name


def test_another_budget_takes_what_is_there(searched):
    model, folder, first = searched

    def never(trained):
        raise AssertionError("trained again")

    never.__qualname__ = train.__qualname__
    budget = tt.Budget(max_drop=0.25)
    choices = {"weights": ("float32", "int8"), "max_trainings": 2, "trained": never}
    assert compress(model, folder, tt.Budget(max_drop=0.2), **choices) == first
    second = compress(model, folder, budget, **{**choices, "max_trainings": 0})
    assert set(second.candidates) == set(first.candidates)


def test_where_nothing_fits_it_is_said_and_the_nearest_is_named(searched):
    model, folder, first = searched
    budget = tt.Budget(max_drop=0.2, max_bytes=900)
    found = compress(model, folder, budget, weights=("int8",), max_trainings=0)
    assert not found.is_met
    assert set(found.excess) == {"max_bytes"}
    assert found.best.file_bytes == min(c.file_bytes for c in found.candidates)
    assert "No file fits. The nearest is" in str(found)
    drops = [price.drop for price in first.prices()]
    assert drops == sorted(drops, reverse=True)


def test_a_size_is_met_by_the_network_that_loses_least(model, tmp_path):
    limit = 4_000
    found = compress(
        model, tmp_path, tt.Budget(max_bytes=limit), weights=("float32",), max_trainings=2
    )
    assert found.is_met
    assert found.best.file_bytes <= limit
    assert found.best.drop == min(c.drop for c in found.candidates if c.file_bytes <= limit)


def test_without_training_channels_go_and_normalisations_are_measured_anew(model, tmp_path):
    before = weights.read_all(model)
    found = compress(
        model, tmp_path, tt.Budget(max_drop=1.0), None, weights=("float32",), max_trainings=2
    )
    assert same(before, weights.read_all(model))
    assert any(c.treatment.channels for c in found.candidates)
    assert found.best.file_bytes < found.candidates[0].file_bytes


def test_several_outputs_and_a_metric_of_ones_own(keras, tmp_path):
    keras.utils.set_random_seed(0)
    given = keras.Input((6, 6, 2), name="image")
    x = keras.layers.Conv2D(12, 3, activation="relu", name="conv")(given)
    x = keras.layers.GlobalAveragePooling2D()(x)
    parts = [keras.layers.Dense(n, name=f"part_{n}")(x) for n in (3, 1)]
    two = keras.Model(given, parts)

    def error(predict):
        classes, value = predict(X[:40])
        assert (classes.shape, value.shape) == ((40, 3), (40, 1))
        return float(np.mean(np.abs(classes)) + np.mean(np.abs(value)))

    found = compress(
        two,
        tmp_path,
        tt.Budget(max_drop=5.0),
        None,
        validation=error,
        metric=Metric("size of outputs", lambda y, p: 0.0, higher_is_better=False),
        representative_data=X[:40],
        weights=("float32",),
        max_trainings=1,
    )
    assert found.dense == pytest.approx(error(lambda x: two.predict(x, verbose=0)))
    whole = found.candidates[0]
    assert whole.drop == pytest.approx(whole.metric - found.dense)
    assert abs(whole.drop) < 1e-5


def test_a_class_of_ones_own_loses_no_channels_and_that_is_said(keras, tmp_path):
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(3)

        def call(self, inputs):
            return self.dense(keras.layers.Flatten()(inputs) if False else inputs[:, 0, 0])

    keras.utils.set_random_seed(0)
    own = Own()
    own(X[:2])
    found = compress(
        own, tmp_path, tt.Budget(max_drop=1.0), None, weights=("float32",), max_trainings=1
    )
    assert any("no channels were removed" in note for note in found.notes)


def test_the_picture_shows_every_file_and_the_limits(searched):
    pytest.importorskip("matplotlib")
    model, folder, _ = searched
    budget = tt.Budget(max_drop=0.3, max_bytes="3 kB")
    found = compress(model, folder, budget, weights=("float32", "int8"), max_trainings=0)
    figure = found.plot("a model")
    left, right = figure.axes
    assert (left.get_xlabel(), right.get_xlabel()) == ("bytes", "milliseconds")
    kinds = ("float32", "int8")
    shown = sum(len(line.get_xdata()) for line in left.lines if line.get_label() in kinds)
    assert shown == len(found.candidates)
    assert any(np.allclose(line.get_xdata(), 3_000) for line in left.lines)
