"""The step clock, and what tfmot makes of it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from tfticket._tfmot import tfmot
from tfticket.schedules import Constant, Exponential, Linear, OneShot, Polynomial, Schedule


def turns(schedule, last=120):
    """The steps at which a schedule prunes."""
    return [step for step in range(last + 1) if schedule.should_prune(step)]


def test_it_prunes_every_so_many_steps_and_at_its_end():
    assert turns(Linear(0.5, begin_step=10, end_step=50, frequency=15)) == [10, 25, 40, 50]


def test_a_constant_goes_on():
    assert turns(Constant(0.5, begin_step=10, frequency=50)) == [10, 60, 110]
    assert turns(Constant(0.5, begin_step=10, end_step=61, frequency=50)) == [10, 60, 61]


def test_one_shot_prunes_once():
    assert turns(OneShot(0.5, begin_step=30, frequency=10)) == [30]


def test_what_ends_at_step_0_also_prunes_at_step_1_where_tfmot_begins():
    assert turns(OneShot(0.5)) == [0, 1]


def test_progress_runs_from_begin_to_end():
    schedule = Linear(0.5, begin_step=10, end_step=50)
    assert [schedule.progress(s) for s in (0, 10, 30, 50, 99)] == [0.0, 0.0, 0.5, 1.0, 1.0]
    assert schedule.sparsity_at(30) == 0.25
    np.testing.assert_array_equal(schedule.progress(np.array([0, 30, 99])), [0.0, 0.5, 1.0])


@pytest.mark.parametrize("kind", [Linear, Polynomial, Exponential, Constant])
def test_begin_and_end_may_be_one_step(kind):
    schedule = kind(0.5, begin_step=20, end_step=20)
    assert [schedule.progress(s) for s in (19, 20, 21)] == [0.0, 1.0, 1.0]
    due, sparsity = schedule(tf.constant([19, 20, 21]))
    assert due.numpy().tolist() == [False, True, False]
    assert sparsity.numpy()[1:].tolist() == [0.5, 0.5]


@pytest.mark.parametrize(
    "schedule",
    [
        OneShot(0.5),
        OneShot(0.5, begin_step=40),
        Constant(0.5, begin_step=7, frequency=11),
        Linear(0.5, end_step=100, frequency=30),
        Polynomial(0.5, begin_step=10, end_step=95, frequency=20),
        Exponential.at_rate(0.5, 3, begin_step=1, end_step=64, frequency=100),
    ],
    ids=repr,
)
def test_the_clock_is_the_same_in_python_in_graphs_and_in_xla(schedule):
    steps = tf.range(0, 121, dtype=tf.int64)
    for run in (schedule, tf.function(schedule), tf.function(schedule, jit_compile=True)):
        due, sparsity = run(steps)
        assert (due.dtype, sparsity.dtype) == (tf.bool, tf.float32)
        assert np.flatnonzero(due).tolist() == turns(schedule)
        expected = [schedule.sparsity_at(s) for s in range(121)]
        np.testing.assert_allclose(sparsity, expected, rtol=1e-6, atol=1e-7)


def test_it_answers_for_one_step_with_scalars():
    schedule = Polynomial(0.75, begin_step=1000, end_step=5000)
    due, sparsity = schedule(tf.Variable(1600, dtype="int64"))
    assert due.shape == sparsity.shape == ()
    assert due.numpy()
    assert sparsity.numpy() == pytest.approx(0.28940625)


def test_without_an_end_only_rounds_can_be_followed():
    schedule = Exponential.at_rate(0.2, rounds=10)
    for ask in (schedule.should_prune, schedule.progress, schedule):
        with pytest.raises(ValueError, match="`end_step` must be given to follow a schedule"):
            ask(3)
    clocked = dataclasses.replace(schedule, end_step=100, frequency=10)
    assert clocked.sparsity_at(30) == schedule.curve(0.3)


def test_epochs_are_counted_in_steps():
    schedule = Polynomial.from_epochs(1, "3.5ep", 200, 0.75, frequency="0.5ep", power=2)
    expected = Polynomial(0.75, begin_step=200, end_step=700, frequency=100, power=2)
    assert schedule == expected
    assert Linear.from_epochs("50it", 1, 200, final_sparsity=0.5).begin_step == 50
    assert OneShot.from_epochs(2, 2, 200, 0.5).begin_step == 400


def test_times_may_be_written_in_iterations():
    assert Linear(0.5, begin_step="5it", end_step="20it", frequency="2it") == Linear(
        0.5, begin_step=5, end_step=20, frequency=2
    )


def test_a_schedule_is_a_tfmot_schedule_that_nothing_changes():
    schedule = Linear(0.5, end_step=10)
    assert isinstance(schedule, tfmot().sparsity.keras.PruningSchedule)
    with pytest.raises(dataclasses.FrozenInstanceError):
        schedule.end_step = 20
    with pytest.raises(TypeError, match="abstract"):
        Schedule()  # type: ignore[abstract]


@dataclasses.dataclass(frozen=True)
class Halfway(Schedule):
    """A caller's own curve: half at once, everything at the end."""

    final_sparsity: float = 0.0

    def formula(self, progress):
        return self.final_sparsity * (1 + progress // 1) / 2


WRAPPED = [
    OneShot(0.75),
    Constant(0.75, begin_step=1, frequency=2),
    Linear(0.75, end_step=7, frequency=100),
    Polynomial(0.75, begin_step=1, end_step=7, frequency=4),
    Exponential.at_rate(0.5, 2, end_step=6, frequency=5),
    Halfway(0.75, end_step=5),
]


def wrapped(schedule, **compiled):
    """A small tf_keras model in tfmot's wrapper, and data to train it 8 steps on."""
    import tf_keras

    tf_keras.utils.set_random_seed(0)
    model = tf_keras.Sequential([tf_keras.layers.Dense(8, input_shape=(16,))])
    model = tfmot().sparsity.keras.prune_low_magnitude(model, pruning_schedule=schedule)
    model.compile("sgd", "mse", **compiled)
    rng = np.random.default_rng(0)
    return model, rng.normal(size=(32, 16)), rng.normal(size=(32, 8))


def zeros(model):
    return float((model.layers[0].layer.kernel.numpy() == 0).mean())


def train(model, x, y):
    update = tfmot().sparsity.keras.UpdatePruningStep()
    model.fit(x, y, batch_size=4, epochs=1, verbose=0, callbacks=[update])


@pytest.mark.parametrize("schedule", WRAPPED, ids=lambda s: type(s).__name__)
def test_tfmot_prunes_by_every_schedule_up_to_its_target(schedule):
    model, x, y = wrapped(schedule)
    train(model, x, y)
    assert zeros(model) == 0.75


def test_tfmot_prunes_by_ours_under_xla():
    model, x, y = wrapped(WRAPPED[2], jit_compile=True)
    train(model, x, y)
    assert zeros(model) == 0.75


@pytest.mark.parametrize("schedule", [WRAPPED[3], WRAPPED[4], WRAPPED[5]], ids=repr)
def test_a_wrapped_model_comes_back_from_disk_with_its_schedule(schedule, tmp_path):
    import tf_keras

    model, x, y = wrapped(schedule)
    model.save(tmp_path / "wrapped.keras")
    with tfmot().sparsity.keras.prune_scope():
        loaded = tf_keras.models.load_model(tmp_path / "wrapped.keras")
        cloned = tf_keras.models.clone_model(model)
    assert loaded.layers[0].pruning_schedule == schedule
    assert cloned.layers[0].pruning_schedule == schedule
    train(loaded, x, y)
    assert zeros(loaded) == 0.75


def test_a_schedule_is_saved_by_either_keras(keras):
    for schedule in WRAPPED:
        saved = keras.saving.serialize_keras_object(schedule)
        assert keras.saving.deserialize_keras_object(saved) == schedule
