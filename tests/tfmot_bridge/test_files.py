"""What is being pruned goes on after it was saved and loaded."""

import json

import numpy as np
import pytest

from tfticket._tfmot import tfmot
from tfticket.callbacks import UpdatePruningStep
from tfticket.schedules import Exponential, Linear, OneShot
from tfticket.tfmot_bridge import prune_low_magnitude, prune_scope, strip_pruning
from tfticket.weights import read

# Keras' own, while it writes a file.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

X = np.random.default_rng(0).standard_normal((40, 8)).astype(np.float32)


def make_model(keras):
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.layers.Input((8,)), keras.layers.Dense(4, name="d")])


def fit(model, epochs=1):
    """Four steps an epoch."""
    if getattr(model, "optimizer", None) is None:
        model.compile("sgd", "mse")
    callback = UpdatePruningStep()
    model.fit(X, X[:, :4], batch_size=10, epochs=epochs, verbose=0, callbacks=[callback])
    return callback.masks["d/kernel"]


def zeros(model):
    return int((read(model)["d/kernel"] == 0).sum())


@pytest.mark.parametrize("ending", ["keras", "h5"])
@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
@pytest.mark.filterwarnings("ignore:`schedule` must end")
def test_a_loaded_model_goes_on_with_its_schedule_masks_and_clock(keras, tmp_path, ending):
    pruned = prune_low_magnitude(make_model(keras), Linear(0.75, end_step=8, frequency=1))
    pruned.compile("sgd", keras.losses.MeanSquaredError())  # Keras 3 reads no "mse" from .h5
    before = fit(pruned)
    assert before.sum() == 20
    pruned.save(tmp_path / f"model.{ending}")
    with prune_scope():
        loaded = keras.models.load_model(tmp_path / f"model.{ending}")
    if ending == "h5":  # Keras 3 restores an optimizer from it that knows none of the variables
        loaded.compile("sgd", "mse")
    after = fit(loaded)
    assert after.sum() == 8 and zeros(loaded) == 24
    assert not (after & ~before).any()


def test_m_by_n_survives_a_file(keras, tmp_path):
    pruned = prune_low_magnitude(make_model(keras), OneShot(0.5), sparsity_m_by_n=(2, 4))
    pruned.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    kept = fit(loaded)
    assert (kept.T.reshape(-1, 4).sum(axis=1) == 2).all()


def test_a_schedule_of_ours_survives_a_configuration_and_a_clone(keras):
    schedule = Exponential(0.75, end_step=3, frequency=1)
    pruned = prune_low_magnitude(make_model(keras), schedule)
    again = type(pruned).from_config(json.loads(json.dumps(pruned.get_config())))
    fit(again)
    assert zeros(again) == 24
    clone = keras.models.clone_model(pruned)
    assert clone.built


def test_a_schedule_written_for_tfmot_is_followed_and_survives_a_file(keras, tmp_path):
    class InSteps(tfmot().sparsity.keras.PruningSchedule):
        def __call__(self, step):
            return step % 2 == 0, 0.25 if step < 3 else 0.5

        def get_config(self):
            return {"class_name": "InSteps", "config": {}}

    pruned = prune_low_magnitude(make_model(keras), InSteps())
    pruned.save(tmp_path / "model.keras")
    with pytest.raises(ValueError, match="InSteps"):
        keras.models.load_model(tmp_path / "model.keras")
    with prune_scope({"InSteps": InSteps}):
        loaded = keras.models.load_model(tmp_path / "model.keras")
    fit(loaded)
    assert zeros(loaded) == 16


def test_a_stripped_models_file_needs_nothing_of_ours(keras, tmp_path):
    pruned = prune_low_magnitude(make_model(keras), OneShot(0.5))
    fit(pruned)
    strip_pruning(pruned).save(tmp_path / "model.keras")
    text = json.dumps(strip_pruning(pruned).get_config(), default=str)
    assert "tfticket" not in text and "Pruned" not in text
    assert zeros(keras.models.load_model(tmp_path / "model.keras")) == 16


def test_dense_weights_load_into_a_model_that_will_be_pruned(keras, tmp_path):
    dense = make_model(keras)
    dense.save_weights(tmp_path / "dense.weights.h5")
    pruned = prune_low_magnitude(make_model(keras), OneShot(0.5))
    pruned.layers[-1].set_weights([np.ones((8, 4)), np.ones(4)])
    pruned.load_weights(tmp_path / "dense.weights.h5")
    assert np.array_equal(read(pruned)["d/kernel"], read(dense)["d/kernel"])
    pruned.set_weights(dense.get_weights())


def test_what_was_pruned_already_is_not_pruned_over(keras):
    pruned = prune_low_magnitude(make_model(keras), OneShot(0.5))
    fit(pruned)
    with pytest.raises(ValueError, match="must not be pruned already"):
        prune_low_magnitude(pruned, OneShot(0.9))
    assert zeros(prune_low_magnitude(strip_pruning(pruned), OneShot(0.9))) == 16
