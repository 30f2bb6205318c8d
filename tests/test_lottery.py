import functools
import importlib
import itertools

import numpy as np
import pytest
import tensorflow as tf

import tfticket as tt
from tfticket.errors import EnforcementError
from tfticket.lottery import find_ticket, train_ticket
from tfticket.rewinding import capture
from tfticket.schedules import Exponential
from tfticket.weights import prunable_weights, read, read_all, write

RNG = np.random.default_rng(0)
X = RNG.standard_normal((64, 6)).astype(np.float32)
Y = (X[:, 0] * X[:, 1] > 0).astype(np.int32)
STEPS = 12


def make_model(keras, optimizer="SGD"):
    keras.utils.set_random_seed(3)
    layers = keras.layers
    model = keras.Sequential(
        [
            layers.Input((6,)),
            layers.Dense(8, activation="relu", name="hidden"),
            layers.BatchNormalization(name="norm"),
            layers.Dense(2, name="output"),
        ]
    )
    optimizer = getattr(keras.optimizers, optimizer)(learning_rate=0.01)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer, loss, metrics=["accuracy"])
    return model


def train(model, callbacks, steps=STEPS):
    """Whole-batch steps from where the optimizer is to `steps`."""
    start = int(model.optimizer.iterations)
    count = steps - start if start < steps else steps
    batches = tf.data.Dataset.from_tensors((X, Y)).repeat(count)
    model.fit(batches, shuffle=False, verbose=0, callbacks=callbacks)
    return {"steps": count}


def evaluate(model):
    return model.evaluate(X, Y, verbose=0, return_dict=True)


SCHEDULE = Exponential.at_rate(0.2, rounds=3)


@functools.cache
def searched(flavour):
    keras = importlib.import_module(flavour)
    model = make_model(keras)
    initial = capture(model)
    return initial, list(find_ticket(model, train, schedule=SCHEDULE, evaluate=evaluate))


@pytest.fixture
def initial(keras):
    """The state that the search of `levels` begins at."""
    return searched(keras.__name__)[0]


@pytest.fixture
def levels(keras):
    """All levels of a search by magnitudes, rewound to the start."""
    return searched(keras.__name__)[1]


def test_r_rounds_give_r_plus_1_levels_at_the_scheduled_sparsities(levels):
    assert [level.round for level in levels] == [0, 1, 2, 3]
    assert [level.masks.kept_per_path() for level in levels] == [
        {"hidden/kernel": 48, "output/kernel": 16},
        {"hidden/kernel": 38, "output/kernel": 13},
        {"hidden/kernel": 31, "output/kernel": 10},
        {"hidden/kernel": 25, "output/kernel": 8},
    ]
    assert set(levels[3].metrics) == {"loss", "accuracy"}
    assert levels[3].log == {"steps": STEPS}


def test_levels_are_trained_when_they_are_asked_for(keras):
    trained = []
    levels = find_ticket(
        make_model(keras), lambda m, c: trained.append(train(m, c)), schedule=SCHEDULE
    )
    assert trained == []
    next(levels)
    assert len(trained) == 1
    levels.close()


def test_progress_is_shown_when_asked_for(keras, capsys):
    find = {"schedule": SCHEDULE, "evaluate": evaluate}
    next(find_ticket(make_model(keras), train, **find))
    assert capsys.readouterr().err == ""
    callbacks = []

    def watched(model, given):
        callbacks.append([type(c).__name__ for c in given])
        return train(model, given)

    levels = list(find_ticket(make_model(keras), watched, progress=True, **find))
    accuracy = levels[1].metrics["accuracy"]
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 4
    assert lines[1].startswith("[2/4] level 1 of 3 at sparsity 0.2031, ")
    assert f"accuracy {accuracy:.4f}" in lines[1]
    assert all(names[-1] == "ReportProgress" for names in callbacks)


def test_masks_keep_the_largest_final_weights_and_never_grow(levels):
    for before, after in itertools.pairwise(levels):
        for path, mask in after.masks.items():
            final = np.abs(before.trained.weights[path])
            assert not (mask & ~before.masks[path]).any()
            survivors = before.masks[path]
            assert final[mask].min() >= final[survivors & ~mask].max()


def test_pruned_weights_are_zero_after_every_level(levels):
    for level in levels:
        for path, mask in level.masks.items():
            assert (level.trained.weights[path][~mask] == 0).all()


def test_rewinding_to_0_returns_everything_to_the_initialisation(initial, levels):
    for level in levels:
        for path, value in level.ticket.weights.items():
            assert np.array_equal(value, initial.weights[path])
        assert level.ticket.step == 0
        assert level.trained.step == STEPS


def test_rewinding_to_step_k_returns_weights_slots_statistics_and_step_count(keras):
    """The level after rewinding starts from what a dense training is like at step 5."""
    reference = make_model(keras, "Adam")
    train(reference, [], steps=5)
    expected = capture(reference)
    action = tt.actions.Rewind("5it")
    seen = []

    def spying(model, callbacks):
        seen.append(capture(model))
        return train(model, callbacks)

    levels = list(find_ticket(make_model(keras, "Adam"), spying, schedule=SCHEDULE, action=action))
    assert levels[2].ticket.step == 5 and levels[2].log == {"steps": STEPS - 5}
    masks = levels[2].masks
    for path, value in expected.weights.items():
        np.testing.assert_array_equal(levels[2].ticket.weights[path], value)
        kept = masks.get(path, np.ones(value.shape, bool))
        np.testing.assert_array_equal(seen[2].weights[path], np.where(kept, value, 0))
    assert seen[2].step == 5
    pairs = zip(expected.optimizer.values(), seen[2].optimizer.values(), strict=True)
    for reference, value in pairs:  # every slot, iteration count and learning rate
        cleared = np.isin(value, 0) & (value.ndim == 2)
        np.testing.assert_array_equal(value, np.where(cleared, 0, reference))
        assert np.count_nonzero(cleared) in (
            0,
            *(m.size - np.count_nonzero(m) for m in masks.values()),
        )


def test_a_level_trains_as_the_ticket_alone_does(keras, levels):
    last = levels[-1]
    alone = train_ticket(make_model(keras), train, last.ticket, evaluate=evaluate)
    assert alone.metrics == last.metrics
    for path, value in last.trained.weights.items():
        np.testing.assert_array_equal(alone.trained.weights[path], value)


def test_a_late_ticket_from_disk_trains_as_it_did_in_the_search(keras, tmp_path):
    action = tt.actions.Rewind(5)
    *_, last = find_ticket(make_model(keras), train, schedule=SCHEDULE, action=action)
    ticket = tt.Ticket.load(last.ticket.save(tmp_path / "ticket"))
    alone = train_ticket(make_model(keras), train, ticket)
    for path, value in last.trained.weights.items():
        np.testing.assert_array_equal(alone.trained.weights[path], value)


def test_a_resumed_search_ends_bit_identically(keras, levels):
    resumed = list(find_ticket(make_model(keras), train, schedule=SCHEDULE, resume=levels[1]))
    assert [level.round for level in resumed] == [2, 3]
    for path, value in levels[3].trained.weights.items():
        np.testing.assert_array_equal(resumed[-1].trained.weights[path], value)


@pytest.mark.parametrize(
    ("action", "steps"),
    [(tt.actions.RewindLearningRate(0), STEPS), (tt.actions.FineTune(), STEPS)],
)
def test_learning_rate_rewinding_and_fine_tuning_keep_the_trained_weights(keras, action, steps):
    before, after = itertools.islice(
        find_ticket(make_model(keras), train, schedule=SCHEDULE, action=action), 2
    )
    for path, value in before.trained.weights.items():
        np.testing.assert_array_equal(after.ticket.weights[path], value)
    assert after.log == {"steps": steps}
    replays = action.rewind_step is not None
    assert after.trained.step == (STEPS if replays else 2 * STEPS)


def test_what_is_done_to_the_model_between_levels_does_not_matter(keras, levels):
    model = make_model(keras)
    for level in find_ticket(model, train, schedule=SCHEDULE):
        last = level
        write(model, {p: np.full_like(w, 9) for p, w in read_all(model).items()})
    for path, value in levels[-1].trained.weights.items():
        np.testing.assert_array_equal(last.trained.weights[path], value)


def test_the_model_is_given_back_without_masks_in_force(keras):
    model = make_model(keras)
    list(find_ticket(model, train, schedule=SCHEDULE))
    assert sum((w == 0).sum() for w in read(model).values()) == 31
    train(model, [], steps=STEPS + 3)
    assert sum((w == 0).sum() for w in read(model).values()) == 0


def test_training_without_the_callbacks_is_caught(keras):
    levels = find_ticket(make_model(keras), lambda m, c: train(m, []), schedule=SCHEDULE)
    with pytest.raises(EnforcementError, match="callback"):
        list(levels)


def test_a_search_starts_at_step_0(keras):
    model = make_model(keras)
    train(model, [], steps=2)
    with pytest.raises(ValueError, match="must be at its initialisation"):
        next(find_ticket(model, train, schedule=SCHEDULE))


def test_the_axes_come_whole_or_in_parts(keras):
    model = make_model(keras)
    with pytest.raises(TypeError, match=r"Received also: \['score'\]"):
        find_ticket(model, train, tt.PruningMethod(SCHEDULE), score="random")
    with pytest.raises(ValueError, match="`rounds` must be an integer >= 1"):
        find_ticket(model, train, schedule=Exponential(0.9))


def test_a_random_score_follows_the_searchs_seed(keras):
    def masks(seed):
        once = Exponential.at_rate(0.2, rounds=1)
        found = find_ticket(make_model(keras), train, schedule=once, score="random", seed=seed)
        return list(found)[-1].masks

    assert masks(1) == masks(1)
    assert masks(1) != masks(2)


def test_only_what_the_filters_let_through_is_pruned(keras):
    model = make_model(keras)
    *_, last = find_ticket(model, train, schedule=SCHEDULE, prunable="hidden")
    assert list(last.masks) == ["hidden/kernel"]
    assert list(prunable_weights(model).variables) == ["hidden/kernel", "output/kernel"]
    assert read_all(model)["output/kernel"].all()


def test_training_another_model_is_caught_after_the_first_training(keras):
    levels = find_ticket(
        make_model(keras), lambda m, c: train(make_model(keras), c), schedule=SCHEDULE
    )
    with pytest.raises(EnforcementError, match="another model was trained"):
        next(levels)
    ticket = tt.prune(make_model(keras), schedule=tt.schedules.OneShot(0.5))
    with pytest.raises(EnforcementError, match="another model was trained"):
        train_ticket(make_model(keras), lambda m, c: train(make_model(keras), c), ticket)
