import numpy as np
import pytest

from tfticket import slimming, weights


def network(k):
    return k.Sequential(
        [
            k.layers.Input((6, 6, 1)),
            k.layers.Conv2D(4, 3, use_bias=False, name="conv"),
            k.layers.BatchNormalization(name="norm"),
            k.layers.ReLU(name="relu"),
            k.layers.Conv2D(3, 3, use_bias=False, name="conv_2"),
            k.layers.BatchNormalization(name="norm_2", gamma_initializer="zeros"),
            k.layers.Flatten(name="flatten"),
            k.layers.Dense(2, name="output"),
        ]
    )


@pytest.fixture
def model(keras):
    keras.utils.set_random_seed(0)
    made = network(keras)
    made.compile(keras.optimizers.SGD(0.1), "mse")
    return made


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    return rng.normal(size=(32, 6, 6, 1)).astype("f"), rng.normal(size=(32, 2)).astype("f")


def fit(model, data):
    return model.fit(*data, batch_size=32, shuffle=False, verbose=0).history["loss"][0]


def test_the_penalty_is_part_of_the_loss_until_it_is_released(model, data):
    model.optimizer.learning_rate = 0.0
    fit(model, data)
    with slimming.penalize_scales(model, 0.5, initial_scale=2.0, include="norm/"):
        scale = np.asarray(model.get_layer("norm").gamma)
        np.testing.assert_array_equal(scale, np.full(4, 2.0, "f"))
        with_penalty = fit(model, data)
    after = fit(model, data)
    assert with_penalty == pytest.approx(after + 0.5 * 4 * 2.0, rel=1e-5)


def test_a_step_moves_every_scale_by_rate_times_penalty_towards_zero(keras, data):
    def moved(penalty):
        keras.utils.set_random_seed(0)
        model = network(keras)
        model.compile(keras.optimizers.SGD(0.1), "mse")
        if penalty:
            slimming.penalize_scales(model, penalty)
        fit(model, data)
        return np.asarray(model.get_layer("norm").gamma)

    np.testing.assert_allclose(moved(None) - moved(0.3), np.full(4, 0.03), atol=1e-6)


def test_a_function_traced_before_knows_the_penalty_and_one_after_does_not(model, data):
    fit(model, data)
    penalty = slimming.penalize_scales(model, 1.0)
    held = {p: a.copy() for p, a in penalty.values().items()}
    assert set(held) == {"norm/gamma", "norm_2/gamma"}
    model.optimizer.learning_rate = 0.0
    expected = sum(np.abs(a).sum() for a in held.values())
    with_penalty = fit(model, data)
    penalty.release()
    penalty.release()  # once more does nothing
    assert with_penalty - fit(model, data) == pytest.approx(expected, rel=1e-4)


def test_a_penalty_of_the_users_own_stays(keras, data):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.layers.Input((6, 6, 1)),
            keras.layers.BatchNormalization(
                name="norm", gamma_regularizer=keras.regularizers.L2(3.0)
            ),
            keras.layers.Flatten(name="flatten"),
            keras.layers.Dense(2, name="output"),
        ]
    )
    model.compile(keras.optimizers.SGD(0.0), "mse")
    own = fit(model, data)
    with slimming.penalize_scales(model, 0.25):
        assert fit(model, data) == pytest.approx(own + 0.25, rel=1e-5)
    assert fit(model, data) == pytest.approx(own, rel=1e-5)


def test_scales_of_channels_that_do_nothing_are_driven_to_zero(model, data):
    """A channel whose outgoing weights are 0 and stay 0 has no reason to keep its scale."""
    kernel = np.asarray(model.get_layer("conv_2").kernel).copy()
    kernel[:, :, 0] = 0
    model.get_layer("conv_2").kernel.assign(kernel)
    model.get_layer("conv_2").trainable = False
    model.compile(model.optimizer, "mse")
    with slimming.penalize_scales(model, 0.05, include="norm/"):
        model.fit(*data, batch_size=8, epochs=60, shuffle=False, verbose=0)
    scales = np.abs(np.asarray(model.get_layer("norm").gamma))
    assert scales[0] < 0.01
    assert scales[1:].max() > 0.05
    masks = slimming.channel_masks(model, {"conv": 0.25, "conv_2": 0.0}, score="scale")
    assert not masks["norm/gamma"][0]
    assert masks["norm/gamma"][1:].all()


def test_what_makes_no_sense_is_refused(keras, model):
    for penalty in (0.0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="penalty"):
            slimming.penalize_scales(model, penalty)
    with pytest.raises(ValueError, match="must match at least one weight"):
        slimming.penalize_scales(model, include="nothing")
    plain = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2)])
    with pytest.raises(ValueError, match="BatchNormalization"):
        slimming.penalize_scales(plain)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras' own
def test_a_saved_model_knows_nothing_of_the_penalty(keras, model, tmp_path):
    with slimming.penalize_scales(model, 0.5):
        model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert [float(v) for v in loaded.losses] == []
    np.testing.assert_array_equal(
        weights.read_all(loaded)["norm/gamma"], np.asarray(model.get_layer("norm").gamma)
    )
