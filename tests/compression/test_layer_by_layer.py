"""sensitivity: figures by hand, the model as it was, and a call that was stopped goes on."""

from __future__ import annotations

import json

import numpy as np
import pytest

import tfticket as tt
from tfticket import weights
from tfticket.compression import Metric

RNG = np.random.default_rng(0)
X = RNG.normal(size=(64, 6, 6, 2)).astype(np.float32)
Y = (X.mean((1, 2))[:, :1] > 0).astype(np.int64)[:, 0]


def network(keras, *, compiled=False):
    keras.utils.set_random_seed(0)
    layers = keras.layers
    inputs = layers.Input((6, 6, 2))
    x = layers.Conv2D(8, 3, activation="relu", name="conv")(inputs)
    x = layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, layers.Dense(2, name="dense")(x))
    if compiled:
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(0.01), loss)
    return model


def accuracy(model):
    return float(np.mean(np.argmax(model.predict(X, verbose=0), -1) == Y))


def same(before, after):
    return all(np.array_equal(before[p], w) for p, w in after.items())


def test_rows_are_those_of_masks_made_by_hand(keras):
    model = network(keras)
    before = weights.read_all(model)
    asked = {"weights": (0.5, 0.75), "channels": (0.25,)}
    found = tt.sensitivity(model, (X, Y), sparsities=asked)
    assert same(before, weights.read_all(model))
    assert found.dense == accuracy(model)
    assert [(r.name, r.kind, r.sparsity) for r in found.rows] == [
        ("conv/kernel", "weights", 0.5),
        ("conv/kernel", "weights", 0.75),
        ("dense/kernel", "weights", 0.5),
        ("dense/kernel", "weights", 0.75),
        ("conv", "channels", 0.25),
    ]
    kernel = before["conv/kernel"]
    cut = np.sort(np.abs(kernel).ravel())[int(0.75 * kernel.size)]
    weights.write(model, {"conv/kernel": np.where(np.abs(kernel) < cut, 0, kernel)})
    row = found.rows[1]
    assert (row.value, row.loss) == (accuracy(model), found.dense - accuracy(model))
    weakest = np.argsort(np.abs(kernel).sum((0, 1, 2)))[:2]
    silent = kernel.copy()
    silent[..., weakest] = 0
    weights.write(model, {"conv/kernel": silent})  # biases are 0
    assert found.rows[-1].value == accuracy(model)


def test_fine_tuning_starts_from_the_same_state_each_time(keras):
    model = network(keras, compiled=True)
    model.fit(X, Y, epochs=2, verbose=0, shuffle=False)
    before = weights.read_all(model)
    steps = int(np.asarray(model.optimizer.iterations))

    def train(trained):
        assert int(np.asarray(trained.optimizer.iterations)) == steps
        trained.fit(X, Y, epochs=3, verbose=0, shuffle=False)

    asked = {"weights": (0.9,)}
    found = tt.sensitivity(model, (X, Y), sparsities=asked, train=train)
    assert same(before, weights.read_all(model))
    assert int(np.asarray(model.optimizer.iterations)) == steps
    assert all(r.trained is not None for r in found.rows)
    again = tt.sensitivity(model, (X, Y), sparsities=asked, train=train)
    assert again.rows == found.rows
    assert "weights, fine-tuned" in str(found)


def test_a_call_that_was_stopped_goes_on(keras, tmp_path):
    model, file, measured = network(keras), tmp_path / "rows.json", []
    whole = tt.sensitivity(model, (X, Y))

    class Stop(Exception):
        pass

    def stop(row, num_rows):
        measured.append(num_rows)
        if len(measured) == 3:
            raise Stop

    with pytest.raises(Stop):
        tt.sensitivity(model, (X, Y), cache=file, on_row=stop)
    assert len(json.loads(file.read_text())["rows"]) == 3
    evaluations = []

    def counted(predict):
        evaluations.append(1)
        return float(np.mean(np.argmax(predict(X), -1) == Y))

    found = tt.sensitivity(model, (X, Y), cache=file)
    assert found == whole
    with pytest.raises(FileExistsError, match="same network, data and settings"):
        tt.sensitivity(model, counted, cache=file)
    assert len(evaluations) == 1
    model.layers[1].set_weights([w + 1 for w in model.layers[1].get_weights()])
    with pytest.raises(FileExistsError, match="other than now: weights of the model$"):
        tt.sensitivity(model, (X, Y), cache=file)
    file.write_text(file.read_text()[:-40])
    with pytest.raises(FileExistsError, match="`cache` must be new, or a file of an earlier call"):
        tt.sensitivity(model, (X, Y), cache=file)


def test_a_training_that_fails_leaves_the_model_as_it_was(keras):
    model = network(keras, compiled=True)
    before = weights.read_all(model)

    def broken(trained):
        trained.fit(X, Y, verbose=0)
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        tt.sensitivity(model, (X, Y), sparsities={"weights": (0.5,)}, train=broken)
    assert same(before, weights.read_all(model))


def test_masks_in_force_are_not_let_go(keras):
    model = network(keras, compiled=True)
    masks = tt.Masks({"conv/kernel": np.ones((3, 3, 2, 8), bool)})
    asked = {"sparsities": {"weights": (0.5,)}}
    with tt.enforce(model, masks) as enforcement:
        with pytest.raises(ValueError, match="`model` must have no masks in force"):
            tt.sensitivity(model, (X, Y), train=lambda m: m.fit(X, Y, verbose=0), **asked)
        tt.sensitivity(model, (X, Y), **asked)
        assert not enforcement.is_released


def test_networks_without_channels_say_so(keras):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(2, name="only")])
    x, y = RNG.normal(size=(8, 4)).astype("f4"), np.arange(8) % 2
    found = tt.sensitivity(model, (x, y))
    assert {r.kind for r in found.rows} == {"weights"}
    assert "no channels can be removed" in str(found)


def test_the_largest_sparsities_that_are_tolerated(keras):
    model = network(keras)
    error = Metric("error", lambda y, found: float(np.mean(np.argmax(found, -1) != y)), False)
    found = tt.sensitivity(model, (X, Y), error, sparsities={"weights": (0.3, 0.6, 0.95)})
    for name, sparsity in found.tolerated(0.02).items():
        own = [r for r in found.rows if r.name == name]
        assert all(r.loss <= 0.02 for r in own if r.sparsity <= sparsity)
        worse = [r for r in own if r.sparsity > sparsity]
        assert not worse or worse[0].loss > 0.02
    assert found.tolerated(1.0) == {"conv/kernel": 137 / 144, "dense/kernel": 15 / 16}


@pytest.mark.parametrize(
    "sparsities", [{}, {"weights": ()}, {"kernels": (0.5,)}, {"weights": (0.0,)}]
)
def test_sparsities_that_are_none(keras, sparsities):
    with pytest.raises(ValueError, match="`sparsities` must"):
        tt.sensitivity(network(keras), (X, Y), sparsities=sparsities)


def test_the_picture_has_a_panel_for_each_kind(keras, tmp_path):
    from tfticket.reports import plots

    found = tt.sensitivity(network(keras), (X, Y))
    figure = found.plot("network")
    assert [axes.get_xlabel() for axes in figure.axes] == [
        "fraction of weights masked",
        "fraction of channels masked",
    ]
    plots.save(figure, tmp_path / "sensitivity.png")


def test_a_model_that_was_compiled_anew_comes_back_as_it_was(keras):
    model = network(keras, compiled=True)
    model.fit(X, Y, epochs=1, verbose=0, shuffle=False)
    before, optimizer = weights.read_all(model), model.optimizer

    def compiled_anew(trained):
        trained.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        trained.fit(X, Y, epochs=1, verbose=0)

    tt.sensitivity(model, (X, Y), sparsities={"weights": (0.5,)}, train=compiled_anew)
    assert model.optimizer is optimizer
    assert same(before, weights.read_all(model))
