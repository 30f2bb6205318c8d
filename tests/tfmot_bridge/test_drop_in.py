"""tfmot's functions on models of either Keras; each known defect of tfmot 0.8.1 has a test."""

import inspect
import itertools

import numpy as np
import pytest

from tfticket import tfmot_bridge
from tfticket._tfmot import tfmot
from tfticket.callbacks import UpdatePruningStep
from tfticket.schedules import Constant, Linear, OneShot, Polynomial
from tfticket.tfmot_bridge import prune_low_magnitude, strip_pruning
from tfticket.weights import read, read_all

RNG = np.random.default_rng(0)
X = RNG.standard_normal((40, 10)).astype(np.float32)
Y = X[:, :1] * 2
HALF = OneShot(0.5, begin_step=1)


def make_model(keras, **first):
    keras.utils.set_random_seed(0)
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((10,)),
            layers.Dense(20, activation="relu", name="hidden", **first),
            layers.Dense(1, name="output"),
        ]
    )


def fit(model, epochs=1, callbacks=None, optimizer="sgd", **options):
    """Four steps an epoch."""
    if getattr(model, "optimizer", None) is None:
        model.compile(optimizer, "mse")
    listed = [UpdatePruningStep()] if callbacks is None else callbacks
    return model.fit(X, Y, batch_size=10, epochs=epochs, verbose=0, callbacks=listed, **options)


def zeros(model):
    return {p: int((w == 0).sum()) for p, w in read(model).items()}


def test_the_signature_is_tfmots():
    ours = inspect.signature(prune_low_magnitude).parameters
    theirs = inspect.signature(tfmot().sparsity.keras.prune_low_magnitude).parameters
    assert list(ours) == list(theirs)
    defaults = {name: p.default for name, p in ours.items() if name != "pruning_schedule"}
    assert defaults == {n: p.default for n, p in theirs.items() if n != "pruning_schedule"}
    assert ours["pruning_schedule"].default == Constant(0.5, begin_step=0)


def test_a_model_is_pruned_to_exactly_the_schedules_end(keras):
    theirs = tfmot().sparsity.keras.PolynomialDecay(0.0, 0.8, begin_step=1, end_step=7, frequency=3)
    pruned = prune_low_magnitude(make_model(keras), pruning_schedule=theirs)
    callback = UpdatePruningStep()
    fit(pruned, 2, [callback])
    assert zeros(pruned) == {"hidden/kernel": 160, "output/kernel": 16}
    assert callback.masks.sparsity == pytest.approx(0.8)


def test_the_callers_model_is_neither_marked_nor_trained(keras):
    model = make_model(keras)
    before = read_all(model)
    pruned = prune_low_magnitude(model, HALF)
    assert all(np.array_equal(w, read_all(pruned)[p]) for p, w in before.items())
    fit(pruned)
    assert all(np.array_equal(w, read_all(model)[p]) for p, w in before.items())
    assert not {id(v) for v in model.weights} & {id(v) for v in pruned.weights}
    assert [type(x) for x in pruned.layers] == [type(x) for x in model.layers]


def test_strip_pruning_returns_a_copy_that_keeps_its_zeros_when_trained_on(keras):
    pruned = prune_low_magnitude(make_model(keras), HALF)
    fit(pruned)
    stripped = strip_pruning(pruned)
    assert type(stripped) is keras.Sequential
    assert zeros(stripped) == zeros(pruned) == {"hidden/kernel": 100, "output/kernel": 10}
    fit(stripped, callbacks=[])
    assert zeros(stripped) == zeros(pruned)
    assert not np.array_equal(read(stripped)["hidden/kernel"], read(pruned)["hidden/kernel"])
    assert "pruning" not in stripped.get_config()


def test_nothing_is_masked_at_inference_and_every_step_ends_sparse(keras):
    pruned = prune_low_magnitude(make_model(keras), OneShot(0.8, begin_step=0))
    before = read(pruned)
    pruned.predict(X, verbose=0)
    assert all(np.array_equal(w, read(pruned)[p]) for p, w in before.items())
    fit(pruned)
    seen = []
    for _ in range(3):
        pruned.train_on_batch(X, Y)
        seen.append(zeros(pruned)["hidden/kernel"])
    assert seen == [160, 160, 160]


def test_the_default_schedule_prunes_a_short_training_too(keras):
    pruned = prune_low_magnitude(make_model(keras))
    fit(pruned)
    assert zeros(pruned)["hidden/kernel"] == 100


def test_a_training_too_short_for_the_schedule_says_so(keras):
    schedule = Polynomial(0.8, begin_step=0, end_step=1000)
    pruned = prune_low_magnitude(make_model(keras), schedule)
    with pytest.warns(UserWarning, match=r"aims at sparsity 0\.8 at step 1000"):
        fit(pruned)
    with pytest.raises(ValueError, match="must end within the training"):
        fit(pruned, callbacks=[UpdatePruningStep(on_unreachable="raise")])


def test_an_end_that_the_frequency_does_not_hit_is_reached(keras):
    schedule = tfmot().sparsity.keras.PolynomialDecay(0.0, 0.75, 0, 7, frequency=3)
    pruned = prune_low_magnitude(make_model(keras), schedule)
    fit(pruned, 2)
    assert zeros(pruned)["hidden/kernel"] == 150


@pytest.mark.parametrize(
    "make",
    [lambda k: k.ConstantSparsity(0.8, 0, 0, 1), lambda k: k.PolynomialDecay(0.1, 0.8, 2, 2)],
)
def test_schedules_of_one_step_prune(keras, make):
    pruned = prune_low_magnitude(make_model(keras), make(tfmot().sparsity.keras))
    fit(pruned)
    assert zeros(pruned)["hidden/kernel"] == 160


def test_a_falling_sparsity_is_refused(keras):
    with pytest.raises(ValueError, match="`initial_sparsity` must be at most"):
        falling = tfmot().sparsity.keras.PolynomialDecay(0.9, 0.5, 0, 10)
        prune_low_magnitude(make_model(keras), falling)


def test_training_without_the_callback_is_refused(keras):
    pruned = prune_low_magnitude(make_model(keras))
    with pytest.raises(ValueError, match="`callbacks` must have"):
        fit(pruned, callbacks=[])
    with pytest.raises(ValueError, match="`callbacks` must have"):
        pruned.train_on_batch(X, Y)


def test_a_model_with_nothing_to_prune_is_told_of(keras):
    with pytest.warns(UserWarning, match="nothing will be pruned"):
        fit(make_model(keras))
    with pytest.warns(UserWarning, match=r"every weight is left out(.|\n)*neither a trainable"):
        prune_low_magnitude(keras.Sequential([keras.layers.Input((4, 2)), keras.layers.PReLU()]))


def test_a_shared_layer_counts_its_steps_once(keras):
    given = keras.Input((10,))
    shared = keras.layers.Dense(10, name="shared")
    model = keras.Model(given, keras.layers.Dense(1, name="output")(shared(shared(given))))
    pruned = prune_low_magnitude(model, Linear(0.8, begin_step=0, end_step=8, frequency=1))
    callback = UpdatePruningStep()
    with pytest.warns(UserWarning, match="would end at sparsity 0.4"):
        fit(pruned, 1, [callback])
    assert callback.masks.sparsity == pytest.approx(0.4, abs=0.01)


def test_equal_weights_are_pruned_to_the_exact_count(keras):
    pruned = prune_low_magnitude(make_model(keras, kernel_initializer="ones"), OneShot(0.8))
    fit(pruned)
    assert zeros(pruned)["hidden/kernel"] == 160


def test_pruned_weights_never_revive(keras):
    schedule = Linear(0.8, begin_step=0, end_step=8, frequency=1)
    pruned = prune_low_magnitude(make_model(keras), schedule)
    callback, seen = UpdatePruningStep(), []

    class Watch(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(read(pruned)["hidden/kernel"] == 0)

    fit(pruned, 2, [callback, Watch()], keras.optimizers.SGD(0.3))
    assert len(seen) == 8
    assert all((after | ~before).all() for before, after in itertools.pairwise(seen))


def test_gradients_of_pruned_weights_do_not_count_when_clipping(keras):
    rate, norm = 0.1, 1e-3
    pruned = prune_low_magnitude(make_model(keras), OneShot(0.8, begin_step=0))
    optimizer = keras.optimizers.SGD(rate, global_clipnorm=norm)
    fit(pruned, optimizer=optimizer)
    before = read_all(pruned)
    pruned.train_on_batch(X, Y)
    moved = sum(float(((before[p] - w) ** 2).sum()) for p, w in read_all(pruned).items())
    assert moved**0.5 == pytest.approx(rate * norm, rel=1e-3)


def test_an_averaging_optimizer_keeps_the_zeros(keras):
    pruned = prune_low_magnitude(make_model(keras), HALF)
    fit(pruned, 2, optimizer=keras.optimizers.Adam(use_ema=True, ema_momentum=0.5))
    assert zeros(pruned)["hidden/kernel"] == 100


def test_frozen_layers_stay_dense_and_the_reason_is_told(keras):
    pruned = prune_low_magnitude(make_model(keras, trainable=False), HALF)
    fit(pruned)
    assert zeros(pruned) == {"output/kernel": 10}
    assert read_all(pruned)["hidden/kernel"].all()
    assert "frozen" in tfmot_bridge.prunable(pruned).skipped["hidden/kernel"]


def test_the_clock_goes_on_in_a_second_fit_with_another_optimizer(keras):
    pruned = prune_low_magnitude(make_model(keras), Linear(0.8, end_step=8, frequency=1))
    with pytest.warns(UserWarning, match="would end at sparsity 0.4"):
        fit(pruned)
    pruned.compile("sgd", "mse")
    fit(pruned)
    assert zeros(pruned)["hidden/kernel"] == 160


@pytest.mark.parametrize("as_list", [True, False])
def test_single_layers_and_lists_are_found_in_the_model_they_end_up_in(keras, as_list):
    dense = keras.layers.Dense
    if as_list:
        listed = prune_low_magnitude([dense(8, name="a"), dense(1, name="b")], HALF)
    else:
        listed = [prune_low_magnitude(dense(8, name="a"), HALF), dense(1, name="b")]
    model = keras.Sequential([keras.layers.Input((10,)), *listed])
    fit(model)
    assert zeros(model) == {"a/kernel": 40, "b/kernel": 4 if as_list else 0}


def test_a_single_layer_takes_an_input_shape(keras):
    first = prune_low_magnitude(keras.layers.Dense(8, name="a"), HALF, input_shape=(10,))
    model = keras.Sequential([first, keras.layers.Dense(1, name="b")])
    assert model.built
    fit(model)
    assert zeros(model) == {"a/kernel": 40, "b/kernel": 0}


def test_pruning_some_layers_by_clone_model_keeps_their_weights(keras):
    model = make_model(keras)

    def copy(layer):
        if layer.name == "hidden":
            return prune_low_magnitude(layer, HALF)
        return type(layer).from_config(layer.get_config())

    clone = keras.models.clone_model(model, clone_function=copy)
    assert np.array_equal(read(clone)["hidden/kernel"], read(model)["hidden/kernel"])
    fit(clone)
    assert zeros(clone) == {"hidden/kernel": 100, "output/kernel": 0}


def test_a_model_that_is_built_later_is_pruned(keras):
    model = keras.Sequential([keras.layers.Dense(4, name="a"), keras.layers.Dense(1, name="b")])
    pruned = prune_low_magnitude(model, HALF)
    assert not pruned.built
    fit(pruned)
    assert zeros(pruned) == {"a/kernel": 20, "b/kernel": 2}


def test_a_loop_of_ones_own_prunes_as_tfmots_guide_has_it(keras):
    import tensorflow as tf

    pruned = prune_low_magnitude(make_model(keras), Linear(0.8, end_step=4, frequency=1))
    optimizer, callback = keras.optimizers.SGD(0.1), UpdatePruningStep()
    callback.set_model(pruned)
    pruned.optimizer = optimizer
    callback.on_train_begin()
    for _ in range(2):
        for _ in range(2):
            callback.on_train_batch_begin(batch=-1)
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((pruned(X, training=True) - Y) ** 2)
            gradients = tape.gradient(loss, pruned.trainable_variables)
            optimizer.apply_gradients(zip(gradients, pruned.trainable_variables, strict=True))
        callback.on_epoch_end(batch=-1)
    assert zeros(pruned) == {"hidden/kernel": 160, "output/kernel": 16}


def test_a_loop_of_ones_own_without_the_callback_is_told_of_when_stripped(keras):
    marked = prune_low_magnitude(make_model(keras), HALF)
    with pytest.warns(UserWarning, match="was to be pruned and has no zeros"):
        strip_pruning(marked)
    fit(marked)
    strip_pruning(marked)  # no warning, which would be an error here


def test_what_is_no_layer_is_refused_in_tfmots_words():
    with pytest.raises(ValueError, match="can only prune an object of the following types"):
        prune_low_magnitude(object())
    with pytest.raises(ValueError, match="must be a Keras model"):
        strip_pruning(object())
