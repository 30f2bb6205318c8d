"""What is wrong is told before anything long starts, and what is damaged is named."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import tfticket as tt
from tests.compression.quick import X, Y, compress, network, train
from tfticket import weights
from tfticket.errors import CorruptFileError


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"trained": lambda: None}, "`train` must be a function of one argument"),
        ({"validation": X}, "`validation` must be a pair"),
        ({"test": 3}, "`test` must be a pair"),
        ({"test": (X[:0], Y[:0])}, "`test` must have examples"),
        ({"test": (X[:, :2], Y)}, "`test` must have inputs that the model takes"),
        ({"test": (X * np.nan, Y)}, "`test` must be finite"),
        ({"validation": (X, np.eye(4)[Y])}, "in the form of the outputs"),
        ({"validation": (X, Y.astype(str))}, "in the form of the outputs"),
        ({"validation": (X, Y[:9])}, "as many targets as inputs"),
        ({"metric": "f1"}, "`metric` must be one of"),
        ({"validation": lambda predict: 0.5}, "`representative_data` must be given"),
        ({"representative_data": np.ones((8, 6, 6, 2), np.float32)}, "representative_data"),
        ({"max_trainigs": 3}, "max_trainigs"),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_written(searched, tmp_path, wrong, said):
    model, *_ = searched
    with pytest.raises(ValueError, match=said):
        compress(model, tmp_path / "out", tt.Budget(max_drop=0.1), **wrong)
    assert not (tmp_path / "out").exists() or not any((tmp_path / "out").iterdir())


def test_a_train_that_trains_nothing_is_told(searched, tmp_path):
    model, *_ = searched
    with pytest.raises(ValueError, match="`train` must train the model that it is given"):
        compress(model, tmp_path, tt.Budget(max_drop=1.0), lambda network: None)


def test_a_rate_that_has_fallen_to_zero_is_told(model, tmp_path):
    """As after a training by a schedule that is at its end; normalisations move all the same."""
    optimizer = type(model.optimizer)(0.0)
    with pytest.raises(ValueError, match="Received: an optimizer with a learning rate of 0"):
        model.compile(optimizer, model.loss)
        compress(model, tmp_path, tt.Budget(max_drop=1.0))


def test_it_is_told_where_nothing_is_normalised_too(searched, tmp_path):
    model, *_ = searched

    def train(network):
        network.compile(type(network.optimizer)(0.0), network.loss)
        network.fit(X, Y, verbose=0)

    with pytest.raises(ValueError, match="Received: an optimizer with a learning rate of 0"):
        compress(model, tmp_path, tt.Budget(max_drop=1.0), train)


def test_a_latency_that_is_no_number_is_told(searched, tmp_path):
    model, *_ = searched
    with pytest.raises(TypeError, match="`latency` must return milliseconds"):
        compress(model, tmp_path, tt.Budget(max_latency="1 ms"), latency=lambda path: None)


def test_masks_in_force_are_told(model, tmp_path):
    with (
        tt.enforce(model, tt.prune(model, schedule=tt.schedules.OneShot(0.5)).masks),
        pytest.raises(ValueError, match="`model` must have no masks in force"),
    ):
        compress(model, tmp_path, tt.Budget(max_drop=0.1))


def test_folders_of_something_else_are_told(searched, tmp_path):
    model, folder, _ = searched
    budget, choices = tt.Budget(max_drop=0.2), {"weights": ("float32",), "max_trainings": 0}
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="`out` must be new, empty"):
        compress(model, tmp_path, budget, **choices)
    with pytest.raises(FileExistsError, match="round_to"):
        compress(model, folder, budget, round_to=8, **choices)
    bias = weights.read_all(model)["output/bias"]
    weights.write(model, {"output/bias": bias + 1})
    try:
        with pytest.raises(FileExistsError, match="other than now: weights of the model$"):
            compress(model, folder, budget, **choices)
    finally:
        weights.write(model, {"output/bias": bias})


def test_damage_is_named(searched, tmp_path):
    model, folder, _ = searched
    copy = shutil.copytree(folder, tmp_path / "copy")
    budget, choices = tt.Budget(max_drop=0.2), {"weights": ("float32",), "max_trainings": 0}
    found = compress(model, copy, budget, **choices)  # it may be moved
    assert Path(found.best.path).is_relative_to(copy)
    Path(found.best.path).write_bytes(b"something else")
    with pytest.raises(FileExistsError, match="must be as it was measured"):
        compress(model, copy, budget, **choices)
    record = copy / "compression.json"
    record.write_text(record.read_text().replace('"seconds": ', '"seconds": 1', 1))
    with pytest.raises(CorruptFileError, match=r"compression\.json is damaged"):
        compress(model, copy, budget, **choices)


def test_a_model_that_train_compiled_anew_comes_back_as_it_was(keras, tmp_path):
    model = network(keras)
    optimizer, before = model.optimizer, weights.read_all(model)

    def compiled_anew(trained):
        trained.compile("sgd", "mse")
        raise RuntimeError("of the user's own")

    with pytest.raises(RuntimeError, match="of the user's own"):
        compress(
            model,
            tmp_path,
            tt.Budget(max_drop=1.0, max_bytes=100),
            compiled_anew,
            weights=("float32",),
            allocation="uniform",
        )
    assert model.optimizer is optimizer
    assert all(np.array_equal(before[p], w) for p, w in weights.read_all(model).items())
    model.fit(X[:32], Y[:32], epochs=1, verbose=0)


def test_a_folder_that_was_left_before_anything_was_measured_is_gone_on_with(
    searched, tmp_path, monkeypatch
):
    model, *_ = searched
    from tfticket.compression import preparing

    def stop(*args, **kwargs):
        raise KeyboardInterrupt

    budget, choices = tt.Budget(max_drop=0.2), {"weights": ("float32",), "max_trainings": 0}
    with monkeypatch.context() as patched:
        patched.setattr(preparing, "allocate", stop)
        with pytest.raises(KeyboardInterrupt):
            compress(model, tmp_path, budget, **choices)
    assert compress(model, tmp_path, budget, **choices).is_met


def test_networks_that_come_to_nothing_are_noted_and_the_search_goes_on(searched, tmp_path):
    model, *_ = searched

    def diverges(trained):
        train(trained)
        weights.write(trained, {"output/bias": np.full(3, np.nan, np.float32)})

    choices = {"weights": ("float32",), "max_trainings": 2, "metric": "mae"}
    one_hot = np.eye(3, dtype=np.float32)[Y[:160]]
    found = compress(
        model, tmp_path, tt.Budget(max_drop=0.2), diverges, validation=(X[:160], one_hot), **choices
    )
    assert found.best.treatment.is_dense
    assert sum("must be finite" in note for note in found.notes) == 2


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), 0.0])
def test_a_time_that_is_none_is_told(searched, tmp_path, wrong):
    model, *_ = searched
    with pytest.raises(ValueError, match="`latency` must return milliseconds, a number above"):
        compress(model, tmp_path, tt.Budget(max_drop=1.0), latency=lambda path: wrong)
