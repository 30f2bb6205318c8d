import itertools
import warnings

import numpy as np
import pytest
import tensorflow as tf

from tfticket._tfmot import tfmot
from tfticket.callbacks import PruneOnSchedule
from tfticket.errors import UnreachableSparsityError
from tfticket.schedules import Constant, Linear, OneShot, PerPath, Polynomial
from tfticket.weights import read

RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 10)).astype(np.float32)
Y = X[:, :1] * 2


def make_model(keras, **compile_options):
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential(
        [
            layers.Input((10,)),
            layers.Dense(20, activation="relu", name="hidden"),
            layers.Dense(1, name="output"),
        ]
    )
    model.compile("sgd", "mse", **compile_options)
    return model


def fit(model, callback, epochs=4, **options):
    """Six steps an epoch."""
    callbacks = [callback] if not isinstance(callback, list) else callback
    return model.fit(X, Y, batch_size=10, epochs=epochs, verbose=0, callbacks=callbacks, **options)


def zeros(model):
    return {p: int((w == 0).sum()) for p, w in read(model).items()}


def test_the_final_sparsity_is_exact_and_nothing_has_to_be_stripped(keras):
    model = make_model(keras)
    callback = PruneOnSchedule(Polynomial(0.75, begin_step=3, end_step=20, frequency=4))
    history = fit(model, callback)
    assert zeros(model) == {"hidden/kernel": 150, "output/kernel": 15}
    assert callback.masks.kept_per_path() == {"hidden/kernel": 50, "output/kernel": 5}
    assert [step for step, _ in callback.history] == [3, 7, 11, 15, 19, 20]
    assert history.history["sparsity"][-1] == 0.75
    assert [type(layer).__name__ for layer in model.layers] == ["Dense", "Dense"]


def test_each_pruning_has_the_sparsity_of_the_curve(keras):
    schedule = Linear(0.8, begin_step=0, end_step=16, frequency=1)
    callback = PruneOnSchedule(schedule, scope="global")
    fit(make_model(keras), callback)
    for step, sparsity in callback.history:
        assert sparsity == pytest.approx(schedule.sparsity_at(step), abs=0.5 / 220)
    assert len(callback.history) == 17


def test_masks_never_grow_and_survivors_alone_are_ranked(keras):
    seen = []

    class Watch(PruneOnSchedule):
        def _prune(self, step):
            super()._prune(step)
            seen.append(self.masks)

    fit(make_model(keras), Watch(Linear(0.9, begin_step=0, end_step=20, frequency=2)))
    for before, after in itertools.pairwise(seen):
        assert all(not (after[p] & ~before[p]).any() for p in before)


@pytest.mark.parametrize("steps", [1, 3])
def test_pruning_keeps_up_with_steps_per_execution(keras, steps):
    model = make_model(keras, steps_per_execution=steps)
    callback = PruneOnSchedule(Linear(0.5, begin_step=2, end_step=17, frequency=5))
    fit(model, callback)
    assert zeros(model)["hidden/kernel"] == 100
    assert [step for step, _ in callback.history] == [2, 7, 12, 17]


def test_tfmots_own_schedules_drive_it(keras):
    model = make_model(keras)
    schedule = tfmot().sparsity.keras.PolynomialDecay(0.0, 0.5, 0, 20, frequency=10)
    fit(model, PruneOnSchedule(schedule))
    assert zeros(model)["hidden/kernel"] == 100


def test_a_sparsity_per_path_is_followed(keras):
    model = make_model(keras)
    schedule = PerPath({"output": OneShot(0.2, begin_step=1), ".*": OneShot(0.6, begin_step=1)})
    fit(model, PruneOnSchedule(schedule))
    assert zeros(model) == {"hidden/kernel": 120, "output/kernel": 4}


def test_a_constant_schedule_prunes_at_step_0(keras):
    model = make_model(keras)
    callback = PruneOnSchedule(Constant(0.8, begin_step=0))
    fit(model, callback, epochs=1)
    assert callback.history[0] == (0, 0.8)
    assert zeros(model)["hidden/kernel"] == 160


def test_a_target_out_of_reach_is_an_error_before_the_first_step(keras):
    model = make_model(keras)
    before = read(model)
    schedule = Polynomial(0.75, begin_step=0, end_step=100, frequency=10)
    with pytest.raises(UnreachableSparsityError, match=r"would end at sparsity 0\.3"):
        fit(model, PruneOnSchedule(schedule))
    assert all(np.array_equal(before[p], w) for p, w in read(model).items())
    with pytest.warns(UserWarning, match="must end within the training"):
        fit(model, PruneOnSchedule(schedule, on_unreachable="warn"))


def test_a_second_fit_goes_on_where_the_first_ended(keras):
    model = make_model(keras)
    schedule = Linear(0.8, begin_step=0, end_step=20, frequency=1)
    callback = PruneOnSchedule(schedule, on_unreachable="warn")
    with pytest.warns(UserWarning, match="would end at"):
        fit(model, callback, epochs=2)
    assert callback.masks.sparsity == pytest.approx(0.48, abs=0.01)
    fit(model, callback, epochs=4, initial_epoch=2)
    assert callback.masks.sparsity == pytest.approx(0.8)
    assert zeros(model)["hidden/kernel"] == 160


def test_the_masks_hold_after_fit_until_they_are_released(keras):
    model = make_model(keras)
    callback = PruneOnSchedule(OneShot(0.5, begin_step=2))
    fit(model, callback)
    fit(model, [], epochs=1)
    assert zeros(model)["hidden/kernel"] == 100
    callback.release()
    fit(model, [], epochs=1)
    assert zeros(model)["hidden/kernel"] == 0


def test_starting_from_a_tickets_masks_prunes_what_is_left(keras):
    first = make_model(keras)
    ticket = PruneOnSchedule(OneShot(0.5, begin_step=1))
    fit(first, ticket)
    second = PruneOnSchedule(OneShot(0.8, begin_step=1), masks=ticket.masks)
    fit(make_model(keras), second)
    assert all(not (second.masks[p] & ~ticket.masks[p]).any() for p in ticket.masks)
    assert second.masks.sparsity == pytest.approx(0.8)


def test_an_unknown_number_of_steps_is_said_before_training(keras):
    def endless():
        for start in range(0, 60, 10):
            yield X[start : start + 10], Y[start : start + 10]

    model = make_model(keras)
    with warnings.catch_warnings(record=True) as seen:  # Keras has its own to say
        warnings.simplefilter("always")
        callback = PruneOnSchedule(OneShot(0.5, begin_step=3))
        model.fit(endless(), verbose=0, shuffle=False, callbacks=[callback])
    assert any("cannot be checked" in str(w.message) for w in seen)
    assert zeros(model)["hidden/kernel"] == 100


@pytest.mark.parametrize("step", [6, 7, 8])
def test_no_step_is_lost_where_a_data_set_of_unknown_length_ends(keras, step):
    data = tf.data.Dataset.from_tensor_slices((X, Y)).batch(10).filter(lambda *_: True)
    model, callback = make_model(keras), PruneOnSchedule(OneShot(0.5, begin_step=step))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        model.fit(data, epochs=2, verbose=0, shuffle=False, callbacks=[callback])
    assert zeros(model)["hidden/kernel"] == 100
    assert callback.is_done


def test_there_are_no_masks_before_fit():
    with pytest.raises(ValueError, match="no masks yet"):
        _ = PruneOnSchedule(OneShot(0.5, begin_step=3)).masks
