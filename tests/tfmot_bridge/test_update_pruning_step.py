import numpy as np
import pytest

from tfticket.callbacks import UpdatePruningStep
from tfticket.schedules import Linear, OneShot
from tfticket.tfmot_bridge.pruning_marks import PruningMark, mark, mark_of, planned
from tfticket.weights import read

X = np.random.default_rng(0).standard_normal((40, 8)).astype(np.float32)


def make_model(keras, **options):
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential(
        [layers.Input((8,)), layers.Dense(10, name="a"), layers.Dense(4, name="b")]
    )
    model.compile("sgd", "mse", **options)
    return model


def marked(model, **schedules):
    for layer in model.layers:
        if layer.name in schedules:
            mark(layer, PruningMark(schedules[layer.name]))
    return model


def fit(model, callback, epochs=1):
    """Four steps an epoch."""
    return model.fit(X, X[:, :4], batch_size=10, epochs=epochs, verbose=0, callbacks=[callback])


def zeros(model):
    return {p: int((w == 0).sum()) for p, w in read(model).items()}


def test_every_layer_follows_its_own_schedule(keras):
    model = marked(
        make_model(keras),
        a=Linear(0.5, begin_step=0, end_step=4, frequency=1),
        b=OneShot(0.9, begin_step=2),
    )
    callback = UpdatePruningStep()
    history = fit(model, callback)
    assert zeros(model) == {"a/kernel": 40, "b/kernel": 36}
    assert callback.masks.kept_per_path() == {"a/kernel": 40, "b/kernel": 4}
    assert history.history["sparsity"] == [pytest.approx(76 / 120)]


def test_layers_that_are_not_marked_stay_dense(keras):
    model = marked(make_model(keras), b=OneShot(0.5, begin_step=1))
    plan, report = planned(model)
    assert list(plan) == ["b/kernel"]
    assert report.skipped["a/kernel"] == "its layer is not marked for pruning"
    fit(model, UpdatePruningStep())
    assert zeros(model) == {"a/kernel": 0, "b/kernel": 20}


def test_a_mark_can_be_taken_back(keras):
    model = marked(make_model(keras), a=OneShot(0.5))
    mark(model.layers[-2], None)
    assert mark_of(model.layers[-2]) is None
    with pytest.warns(UserWarning, match="nothing will be pruned"):
        fit(model, UpdatePruningStep())


def test_it_keeps_up_with_several_steps_per_execution(keras):
    model = marked(make_model(keras, steps_per_execution=3), a=Linear(0.5, end_step=4, frequency=1))
    fit(model, UpdatePruningStep())
    assert zeros(model)["a/kernel"] == 40


def test_a_new_callback_finds_the_masks_and_the_clock_of_the_model(keras):
    model = marked(make_model(keras), a=Linear(0.8, end_step=8, frequency=4))
    first, second = UpdatePruningStep(), UpdatePruningStep(on_unreachable="raise")
    with pytest.warns(UserWarning, match="would end at sparsity 0.4"):
        fit(model, first)
    before = first.masks["a/kernel"]
    fit(model, second)
    assert not (second.masks["a/kernel"] & ~before).any()
    assert zeros(model)["a/kernel"] == 64


def test_masks_hold_until_they_are_released(keras):
    model = marked(make_model(keras), a=OneShot(0.5, begin_step=1))
    callback = UpdatePruningStep()
    fit(model, callback)
    model.train_on_batch(X, X[:, :4])
    assert zeros(model)["a/kernel"] == 40
    callback.release()
    model.compile("sgd", "mse")
    model.train_on_batch(X, X[:, :4])
    assert zeros(model)["a/kernel"] < 40


def test_at_least_one_weight_of_a_layer_is_kept(keras):
    model = marked(make_model(keras), b=OneShot(0.99, begin_step=1))
    fit(model, UpdatePruningStep())
    assert zeros(model)["b/kernel"] == 39


def test_what_is_missing_is_said(keras):
    callback = UpdatePruningStep()
    with pytest.raises(ValueError, match="there are no masks yet"):
        _ = callback.masks
    callback.set_model(marked(keras.Sequential([keras.layers.Dense(2)]), a=OneShot(0.5)))
    with pytest.raises(ValueError, match="`model` must have its optimizer"):
        callback.on_train_begin()
