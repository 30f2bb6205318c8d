import numpy as np
import pytest
import tensorflow as tf

from tfticket import _keras, enforce, low_precision, weights
from tfticket.masks import Masks
from tfticket.rewinding import capture, restore

X = np.random.default_rng(0).normal(size=(32, 6)).astype("f")
Y = (X[:, :1] * 2 - X[:, 1:2]).astype("f")


def spying(keras, seen):
    """A dense layer that tells what it computes with and what error comes back to it."""

    class Spying(keras.layers.Layer):
        def build(self, shape):
            self.kernel = self.add_weight(
                shape=(shape[-1], 5), name="kernel", initializer="glorot_uniform"
            )
            self.built = True

        def call(self, x):
            kernel = tf.convert_to_tensor(self.kernel)

            if tf.executing_eagerly():
                seen["activation"], seen["weight"] = x.numpy(), kernel.numpy()
            return spied(x @ kernel)

    @tf.custom_gradient
    def spied(h):
        def back(error):
            if tf.executing_eagerly():
                seen["error"] = error.numpy()
            return error

        return h, back

    return Spying(name="spying")


def network(keras, *between, **options):
    keras.utils.set_random_seed(0)
    layers = keras.layers
    first = [layers.Input((6,)), layers.Dense(8, "relu", name="first")]
    normed = [layers.BatchNormalization(name="norm"), *between, layers.Dense(1, name="output")]
    model = keras.Sequential([*first, *normed])
    rate = options.pop("rate", 0.05)
    model.compile(keras.optimizers.Adam(rate), "mse", **options)
    return model


def fit(model, epochs=1, **options):
    return model.fit(
        X, Y, batch_size=8, epochs=epochs, shuffle=False, verbose=0, **options
    ).history["loss"]


def captured(model, seen):
    """What the spying layer saw in one eager pass, and the gradient of its kernel."""
    kernel = _keras.native(model.get_layer("spying").kernel)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(X, training=True) - Y) ** 2)
    seen["gradient"] = tape.gradient(loss, kernel).numpy()
    return dict(seen)


def is_on(form, array):
    """Whether rounding, up to float32's own, changes nothing."""
    return np.allclose(form.rounded(tf.constant(array)).numpy(), array, rtol=1e-5, atol=1e-12)


@pytest.mark.parametrize("precision", ["bfloat16", "float8", "int8"])
def test_what_is_rounded_at_each_of_the_four_places_is_a_number_of_the_format(keras, precision):
    seen = {}
    model = network(keras, spying(keras, seen))
    plain = captured(model, seen)
    with low_precision.compute_in(model, precision) as lowered:
        found = captured(model, seen)
    form = lowered.precision
    master = _keras.to_numpy(model.get_layer("spying").kernel)
    rounded = form.forward.rounded(tf.constant(master)).numpy()
    np.testing.assert_array_equal(found["weight"], rounded)
    for name, expected in (
        ("weight", form.forward),
        ("activation", form.forward),
        ("error", form.backward),
        ("gradient", form.backward),
    ):
        assert is_on(expected, found[name]), name
        assert not is_on(expected, plain[name]), name
        near = np.abs(found[name] - plain[name]).max() / np.abs(plain[name]).max()
        assert 0 < near < 0.3, name
    again = captured(model, seen)
    for name, array in plain.items():
        np.testing.assert_array_equal(again[name], array)


@pytest.mark.parametrize("jit", [False, pytest.param(True, marks=pytest.mark.long)])
def test_training_in_few_bits_trains_and_leaves_nothing_behind(keras, jit):
    model = network(keras, jit_compile=jit)
    fit(model)
    before = {layer.name: dict(vars(layer)) for layer in model.layers}
    wanted = model.predict(X, verbose=0)
    model.optimizer.learning_rate = 0.0
    with low_precision.compute_in(model, "float8"):
        assert np.abs(model.predict(X, verbose=0) - wanted).max() > 1e-3
    np.testing.assert_array_equal(model.predict(X, verbose=0), wanted)
    model.optimizer.learning_rate = 0.05
    with low_precision.compute_in(model, "int8"):
        losses = fit(model, 10, validation_data=(X, Y))
    assert losses[-1] < losses[0] / 2
    for layer in model.layers:
        assert set(vars(layer)) == set(before[layer.name])
    for array in weights.read(model).values():
        assert not is_on(low_precision.PRECISIONS["int8"].forward, array)  # kept in float32
    kinds = {np.asarray(v).dtype.name for v in model.optimizer.variables if tf.rank(v) > 0}
    assert kinds == {"float32"} if keras.__name__ == "keras" else True


def test_nothing_is_left_behind_after_an_error(keras):
    model = network(keras, keras.layers.Dropout(0.0, name="drop"))
    wanted = model.predict(X, verbose=0)

    class Failing(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"), low_precision.compute_in(model, "int8"):
        model.optimizer.learning_rate = 0.0
        fit(model, callbacks=[Failing()])
    with pytest.raises(ValueError), low_precision.compute_in(model, "int8"):
        model(np.ones((2, 5), "f"))
    assert all("call" not in vars(layer) for layer in [model, *model.layers])
    assert hasattr(model.get_layer("first").kernel, "assign")
    model.get_layer("norm").set_weights([np.asarray(w) for w in network(keras).layers[1].weights])
    np.testing.assert_allclose(model.predict(X, verbose=0), wanted, rtol=1e-5)


@pytest.mark.parametrize("precision", ["float8", pytest.param("int8", marks=pytest.mark.long)])
def test_a_training_that_is_resumed_has_the_same_bits(keras, precision):
    """Rounding at random depends on seed, step and place, and on nothing else."""

    def trained(*epochs, seed=3):
        model, state = network(keras), None
        for number in epochs:
            if state is not None:
                model = network(keras)
                restore(model, state)
            with low_precision.compute_in(model, precision, seed=seed):
                fit(model, number)
            state = capture(model)
        return state.weights

    whole, parts, other = trained(4), trained(1, 3), trained(4, seed=4)
    for path, array in whole.items():
        np.testing.assert_array_equal(parts[path], array)
    is_same = all(np.array_equal(other[path], array) for path, array in whole.items())
    assert is_same == (precision == "float8")


def test_masks_hold_in_few_bits(keras):
    model = network(keras)
    kept = {"first/kernel": np.random.default_rng(1).random((6, 8)) < 0.5}
    with enforce(model, Masks(kept)), low_precision.compute_in(model, "int8"):
        fit(model, 3)
    assert (weights.read(model)["first/kernel"] != 0).sum() == kept["first/kernel"].sum()


def test_float32_is_everything_as_it_is(keras):
    model = network(keras)
    with low_precision.compute_in(model, "float32") as lowered:
        assert lowered is None and "call" not in vars(model)


def test_what_cannot_be_is_refused(keras):
    model = network(keras)
    with pytest.raises(ValueError, match=r"`precision` must be one of .* precision='fp8'"):
        low_precision.compute_in(model, "fp8")
    inside = pytest.raises(ValueError, match="precision='float8' inside 'int8'")
    with low_precision.compute_in(model, "int8"), inside:
        low_precision.compute_in(model, "float8")
    mixed = keras.Sequential(
        [keras.layers.Input((6,)), keras.layers.Dense(2, name="half", dtype="mixed_bfloat16")]
    )
    with pytest.raises(ValueError, match="must be compiled"):
        low_precision.compute_in(mixed, "int8")
    mixed.compile("sgd", "mse")
    with pytest.raises(ValueError, match=r"instead of mixed precision.*'half': 'bfloat16'"):
        low_precision.compute_in(mixed, "int8")
