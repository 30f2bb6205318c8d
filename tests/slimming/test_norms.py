import numpy as np
import pytest

from tfticket import slimming, weights


@pytest.fixture
def model(keras):
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.layers.Input((3,)),
            keras.layers.Dropout(0.5, seed=1, name="drop"),
            keras.layers.Dense(4, name="dense"),
            keras.layers.BatchNormalization(name="norm"),
        ]
    )


@pytest.fixture
def batches():
    rng = np.random.default_rng(0)
    return [rng.normal(2, 3, size=(16, 3)).astype("f") for _ in range(3)]


def test_statistics_become_the_average_over_the_batches(keras, batches):
    model = keras.Sequential(
        [keras.layers.Input((3,)), keras.layers.BatchNormalization(name="norm")]
    )
    assert slimming.reestimate_norms(model, [(b, np.zeros(16)) for b in batches]) == 3
    norm = model.get_layer("norm")
    mean = np.mean([b.mean(0) for b in batches], axis=0)
    variance = np.mean([b.var(0) for b in batches], axis=0)
    np.testing.assert_allclose(np.asarray(norm.moving_mean), mean, rtol=1e-4)
    np.testing.assert_allclose(np.asarray(norm.moving_variance), variance, rtol=1e-4)
    assert norm.momentum == 0.99


def test_nothing_else_changes(model, batches):
    before = weights.read_all(model)
    slimming.reestimate_norms(model, iter(batches))
    after = weights.read_all(model)
    changed = {p for p in before if not np.array_equal(before[p], after[p])}
    assert changed == {"norm/moving_mean", "norm/moving_variance"}


def test_after_a_failure_momentum_and_weights_are_as_before(model, batches):
    before = weights.read_all(model)["dense/kernel"]
    with pytest.raises(Exception, match=r"shape|dimension|rank|incompatible"):
        slimming.reestimate_norms(model, [batches[0], np.zeros((16, 7), "f")])
    assert model.get_layer("norm").momentum == 0.99
    np.testing.assert_array_equal(weights.read_all(model)["dense/kernel"], before)


def test_a_pruned_network_gains_without_training(keras):
    """Half of the inputs are masked: activations shrink, and old statistics are wrong."""
    rng = np.random.default_rng(0)
    x = rng.normal(1.0, 1.0, size=(256, 8)).astype("f")
    model = keras.Sequential(
        [
            keras.layers.Input((8,)),
            keras.layers.Dense(6, name="dense", kernel_initializer="ones"),
            keras.layers.BatchNormalization(name="norm"),
        ]
    )
    slimming.reestimate_norms(model, [x])
    kernel = np.asarray(model.get_layer("dense").kernel).copy()
    kernel[4:] = 0
    model.get_layer("dense").kernel.assign(kernel)
    off = np.asarray(model(x, training=False))
    assert abs(off.mean()) > 1
    slimming.reestimate_norms(model, [x])
    mended = np.asarray(model(x, training=False))
    assert abs(mended.mean()) < 1e-2
    assert mended.std() == pytest.approx(1, abs=0.02)


def test_without_a_normalisation_or_a_batch_there_is_an_error(keras, model, batches):
    with pytest.raises(ValueError, match="at least one batch"):
        slimming.reestimate_norms(model, [])
    model.get_layer("norm").trainable = False
    with pytest.raises(ValueError, match="not frozen"):
        slimming.reestimate_norms(model, batches)
