from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tfticket import weights, zoo
from tfticket.callbacks import Callback, RecordRewindPoint
from tfticket.rewinding import capture, restore
from tfticket.zoo.training import (
    Training,
    check_fit,
    early_stop_step,
    evaluate_on,
    finite,
    train_on,
)


@pytest.fixture(scope="module")
def data():
    return zoo.load_data("digits")


@pytest.fixture
def model(keras):
    entry = zoo.get_model("lenet_300_100")
    return entry.compiled(keras=keras, input_shape=(8, 8, 1), steps_per_execution=5)


def is_equal(first, second):
    return all(np.array_equal(first[p], second[p]) for p in first)


def test_training_goes_from_the_step_of_the_optimizer_to_the_end(model, data):
    train = train_on(data, Training(num_steps=10, batch_size=60))
    assert train(model, []) == {"start_step": 0, "end_step": 10}
    assert int(model.optimizer.iterations) == 10


def test_a_model_that_is_at_the_end_trains_for_as_long_again(model, data):
    train = train_on(data, Training(num_steps=10, batch_size=60))
    train(model, [])
    assert train(model, []) == {"start_step": 10, "end_step": 20}
    assert int(model.optimizer.iterations) == 20


def test_a_training_can_end_at_another_step_with_the_next_validation(model, data):
    log = train_on(data, Training(10, 8, eval_every=5))(model, [], until=12)
    assert (log["start_step"], log["end_step"]) == (0, 15)
    assert log["curve"]["step"] == [5, 10, 15]
    again = train_on(data, Training(10, 8, eval_every=5))(model, [], until=15)
    assert again == {"start_step": 15, "end_step": 15}


def test_a_training_that_a_callback_stops_says_where(model, data):
    class Stop(Callback):
        def on_train_batch_end(self, batch, logs=None):
            if int(self.model.optimizer.iterations) == 15:
                self.model.stop_training = True

    log = train_on(data, Training(40, 8, eval_every=10))(model, [Stop()])
    assert log["end_step"] == 15
    assert log["curve"]["step"] == [10, 15]


def test_rewound_to_a_step_it_meets_the_batches_it_met_after_it(model, data):
    train, recorder = train_on(data, Training(num_steps=15, batch_size=60)), RecordRewindPoint(5)
    train(model, [recorder])
    once = weights.read_all(model)
    restore(model, recorder.state)
    assert train(model, [])["start_step"] == 5
    assert is_equal(weights.read_all(model), once)


def test_another_seed_is_another_order(model, data):
    start, ends = capture(model), []
    for seed in (0, 1):
        restore(model, start)
        train_on(data, Training(num_steps=5, batch_size=60, seed=seed))(model, [])
        ends.append(weights.read_all(model))
    assert not is_equal(*ends)


def test_validation_on_the_way_is_logged_and_changes_nothing(model, data):
    start = capture(model)
    train_on(data, Training(num_steps=20, batch_size=60))(model, [])
    without = weights.read_all(model)
    restore(model, start)
    log = train_on(data, Training(num_steps=20, batch_size=60, eval_every=10))(model, [])
    assert is_equal(weights.read_all(model), without)
    assert log["curve"]["step"] == [10, 20]
    losses = log["curve"]["validation_loss"]
    assert log["early_stop_step"] == (10 if losses[0] <= losses[1] else 20)


def test_the_early_stop_step_is_the_first_of_the_least_finite_losses():
    assert early_stop_step([1, 2, 3], [None, 0.5, 0.5]) == 2
    assert early_stop_step([1, 2], [None, None]) is None


def test_metrics_say_which_split_they_are_of(model, data):
    found = evaluate_on(data)(model)
    assert set(found) == {
        f"{split}_{name}" for split in ("validation", "test") for name in ("loss", "accuracy")
    }
    assert found["test_loss"] == pytest.approx(zoo.evaluate(model, data.test)["loss"])


def test_what_is_not_finite_becomes_none():
    assert [finite(x) for x in (0.5, float("nan"), float("inf"))] == [0.5, None, None]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"num_steps": 0}, "`num_steps` must be at least 1"),
        ({"num_steps": 10, "batch_size": 0}, "`batch_size` must be at least 1"),
        ({"num_steps": 10, "eval_every": 3}, "`eval_every` must divide `num_steps`"),
    ],
)
def test_numbers_out_of_range_are_refused(settings, said):
    with pytest.raises(ValueError, match=said):
        Training(**settings)


def test_callbacks_are_made_anew_for_each_training_and_may_stop_it(keras, model, data):
    made = []

    def callbacks(keras):
        made.append(keras.callbacks.EarlyStopping(patience=1, min_delta=1e9))
        return made[-1:]

    train = train_on(data, Training(40, 8, eval_every=10, callbacks=callbacks))
    log = train(model, [])
    assert (log["end_step"], log["curve"]["step"]) == (20, [10, 20])
    train(model, [], until=30)
    assert len(made) == 2


def test_callbacks_of_the_other_keras_are_refused(keras, model, data):
    import keras as keras_3
    import tf_keras

    other = tf_keras if keras is keras_3 else keras_3
    training = Training(40, 8, eval_every=10, callbacks=other.callbacks.TerminateOnNaN)
    with pytest.raises(TypeError, match="`callbacks` must return callbacks of"):
        train_on(data, training)(model, [])
    with pytest.raises(ValueError, match="`eval_every` must be given with `callbacks`"):
        Training(40, callbacks=list)


def test_class_weights_count_in_the_loss(model, data):
    start, ends = capture(model), []
    for weight in (1.0, 0.0):
        restore(model, start)
        weights_of_classes = dict.fromkeys(range(10), weight)
        train_on(data, Training(5, 60, class_weight=weights_of_classes))(model, [])
        ends.append(weights.read_all(model))
    assert is_equal(ends[1], start.weights)
    assert not is_equal(ends[0], start.weights)


def test_weights_of_examples_count_in_the_loss(model, data):
    start = capture(model)
    split = dataclasses.replace(data.train, weights=np.zeros(len(data.train), np.float32))
    train_on(dataclasses.replace(data, train=split), Training(5, 60))(model, [])
    assert is_equal(weights.read_all(model), start.weights)


def with_splits(data, change):
    changed = {name: change(split) for name, split in data.splits.items()}
    return dataclasses.replace(data, **changed)


def test_targets_without_an_output_are_told_before_training(keras, model, data):
    high = with_splits(data, lambda s: zoo.Split(s.x, s.y + 1))
    with pytest.raises(ValueError, match=r"classes are numbered 0 … 9.* 1 … 10, int64 \[\] in"):
        check_fit(model, high, Training(5))
    for loss, said in (
        ("binary_crossentropy", "compares numbers from 0 to 1"),
        (keras.losses.MeanSquaredError(), "there are not as many"),
    ):
        model.compile("sgd", loss)
        with pytest.raises(ValueError, match=f"`data` must have targets .*{said}"):
            check_fit(model, data, Training(5))
    ignoring = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=10)
    model.compile("sgd", ignoring)
    check_fit(model, high, Training(5))


def test_targets_of_several_outputs_are_looked_at_one_by_one(keras):
    given = keras.Input((3,))
    outputs = {n: keras.layers.Dense(2, name=n)(given) for n in ("a", "b")}
    several = keras.Model(given, outputs)
    sparse = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    several.compile("sgd", {"a": sparse, "b": "mse"})
    x, y = np.zeros((40, 3), np.float32), np.arange(40) % 2
    b = np.zeros((40, 2), np.float32)
    check_fit(several, zoo.as_dataset((x, {"a": y, "b": b})), Training(5, 8))
    with pytest.raises(ValueError, match="classes are numbered 0 … 1.*output 'a'"):
        check_fit(several, zoo.as_dataset((x, {"a": y + 1, "b": b})), Training(5, 8))
    with pytest.raises(ValueError, match="there are not as many.*output 'b'"):
        check_fit(several, zoo.as_dataset((x, {"a": y, "b": b[:, :1]})), Training(5, 8))


def test_what_is_no_callback_is_told_before_training(model, data):
    training = Training(40, 8, eval_every=10, callbacks=lambda: 3)
    with pytest.raises(TypeError, match=r"`callbacks` must return callbacks.* Received: \[3\]"):
        check_fit(model, data, training)


def test_data_that_do_not_fit_are_told_before_training(model, data):
    check_fit(model, data, Training(5))
    wrong = with_splits(data, lambda s: zoo.Split(s.x, np.eye(10, dtype=np.float32)[s.y]))
    with pytest.raises(ValueError, match=r"`data` must be what the network takes.*one-hot"):
        check_fit(model, wrong, Training(5))
    flat = with_splits(data, lambda s: zoo.Split(s.x[:, 0], s.y))
    with pytest.raises(ValueError, match=r"`data` must be .*'float32 \[None, 8, 1\]"):
        check_fit(model, flat, Training(5))
    with pytest.raises(ValueError, match="a weight for each of the 10 classes"):
        check_fit(model, data, Training(5, class_weight={0: 1.0, 1: 2.0}))
    split = dataclasses.replace(data.train, weights=np.ones(len(data.train), np.float32))
    weighted = dataclasses.replace(data, train=split)
    with pytest.raises(ValueError, match="`class_weight` must be left out where the examples"):
        check_fit(model, weighted, Training(5, class_weight=dict.fromkeys(range(10), 1.0)))
