import numpy as np
import pytest

from tfticket import slimming
from tfticket.callbacks import StopAtEarlyBird
from tfticket.low_precision import compute_in

X = np.random.default_rng(0).normal(size=(64, 6)).astype("f")
Y = (X[:, :1] * 2 - X[:, 1:2]).astype("f")


def network(keras, rate=0.05, dtype=None, steps_per_execution=1):
    keras.utils.set_random_seed(0)
    made = keras.Sequential(
        [
            keras.layers.Input((6,)),
            keras.layers.Dense(8, name="dense", dtype=dtype),
            keras.layers.BatchNormalization(name="norm", dtype=dtype),
            keras.layers.ReLU(name="relu", dtype=dtype),
            keras.layers.Dense(1, name="output"),
        ]
    )
    made.compile(keras.optimizers.Adam(rate), "mse", steps_per_execution=steps_per_execution)
    return made


def fit(model, callback, epochs=40):
    history = model.fit(
        X, Y, batch_size=8, epochs=epochs, shuffle=False, verbose=0, callbacks=[callback]
    )
    return len(history.history["loss"])


def test_training_stops_at_the_epoch_whose_mask_has_settled(keras):
    model, early = network(keras), StopAtEarlyBird(0.5, queue_length=3)
    epochs = fit(model, early)
    assert 3 <= epochs < 40
    assert early.found_at == 8 * epochs == int(model.optimizer.iterations)
    last = early.early_bird.observations[-1]
    assert len(last.distances) == 2
    assert max(last.distances) < 0.1
    assert early.early_bird.distance_matrix().shape == (epochs, epochs)
    small = slimming.shrink(model, early.masks, carry_optimizer=True)
    assert small.model.get_layer("dense").units == 4
    assert int(small.model.optimizer.iterations) == 8 * epochs
    # The channels that go are those of the smallest scales.
    scales = np.abs(np.asarray(model.get_layer("norm").gamma))
    assert set(np.flatnonzero(early.masks["norm/gamma"])) == set(np.argsort(scales)[4:])


def test_a_constant_scale_never_settles(keras):
    model, early = network(keras), StopAtEarlyBird(0.5, queue_length=2)
    model.get_layer("norm").gamma.assign(np.full(8, 0.5, "f"))
    model.optimizer.learning_rate = 0.0
    assert fit(model, early, epochs=6) == 6
    assert early.found_at is None
    assert all(o.open_fraction == 1 for o in early.early_bird.observations)


def test_masks_of_single_weights_settle_too(keras):
    model = network(keras, rate=0.002)
    early = StopAtEarlyBird(0.5, granularity="weight", queue_length=3)
    assert fit(model, early) < 40
    assert set(early.masks) == {"dense/kernel", "output/kernel"}
    assert early.masks.num_kept == 28
    magnitudes = np.concatenate([np.abs(np.asarray(w)).ravel() for w in model.get_weights()[:1]])
    kept = early.masks["dense/kernel"].ravel()
    assert magnitudes[kept].min() > magnitudes[~kept].max()


def test_it_looks_every_so_many_steps_also_between_executions(keras):
    model = network(keras, steps_per_execution=4)
    early = StopAtEarlyBird(0.5, every=8, queue_length=4, stop=False)
    assert fit(model, early, epochs=5) == 5
    assert [o.step for o in early.early_bird.observations] == [8, 16, 24, 32, 40]
    twice = StopAtEarlyBird(0.5, every="0.5ep", queue_length=4, stop=False)
    fit(network(keras, steps_per_execution=4), twice, epochs=2)
    assert [o.step for o in twice.early_bird.observations] == [4, 8, 12, 16]


@pytest.mark.parametrize(
    "precision",
    ["int8", *(pytest.param(p, marks=pytest.mark.long) for p in ("bfloat16", "float8"))],
)
def test_low_precision_training_settles_too(keras, precision):
    model, early = network(keras), StopAtEarlyBird(0.5, epsilon=0.3, queue_length=3)
    with compute_in(model, precision):
        assert fit(model, early) < 40
    assert early.masks["norm/gamma"].sum() == 4


def test_layers_that_compute_in_bfloat16_settle_too(keras):
    """Scales of few different values are equal at the cut now and then; most masks decide."""
    model, early = (
        network(keras, dtype="bfloat16"),
        StopAtEarlyBird(0.5, epsilon=0.3, queue_length=3),
    )
    model.compile(keras.optimizers.SGD(0.1), "mse")  # Adam's corrections round to 0 in bfloat16
    fit(model, early)
    assert early.found_at is not None
    assert early.masks["norm/gamma"].sum() == 4


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"sparsity": 1.0}, "sparsity=1.0"),
        ({"granularity": "block"}, "granularity"),
        ({"every": 0}, "every"),
        ({"epsilon": 2.0}, "epsilon"),
    ],
)
def test_arguments_out_of_range_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        StopAtEarlyBird(**{"sparsity": 0.5, **wrong})


def test_before_the_first_look_there_are_no_masks_and_without_scales_nothing_to_score(keras):
    early = StopAtEarlyBird(0.5)
    with pytest.raises(ValueError, match="no masks yet"):
        _ = early.masks
    plain = keras.Sequential(
        [keras.layers.Input((6,)), keras.layers.Dense(4), keras.layers.Dense(1)]
    )
    plain.compile("sgd", "mse")
    with pytest.raises(ValueError, match="must find something to score"):
        fit(plain, early, epochs=1)
