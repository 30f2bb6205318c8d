"""DynamicSparse: counts stay exact, what moves is what the papers say, whatever else goes on."""

import copy
import warnings

import numpy as np
import pytest
import tensorflow as tf

from tfticket import _keras, _optimizers, masks, weights
from tfticket.callbacks import DynamicSparse, EnforceMasks
from tfticket.selection.regrowing import drop_and_grow, falling_fraction

RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 12)).astype(np.float32)
Y = X[:, :2] * 2


def make_model(keras, optimizer="adam", **compile_options):
    keras.utils.set_random_seed(0)
    layers = keras.layers
    hidden = layers.Dense(20, activation="tanh", name="hidden")
    model = keras.Sequential([layers.Input((12,)), hidden, layers.Dense(2, name="output")])
    model.compile(optimizer, "mse", **compile_options)
    return model


def fit(model, *callbacks, epochs=4, **options):
    """Six steps an epoch, in one order."""
    options = {"batch_size": 10, "shuffle": False, **options}
    return model.fit(X, Y, epochs=epochs, verbose=0, callbacks=list(callbacks), **options)


def zeros(model):
    return {p: int((w == 0).sum()) for p, w in weights.read(model).items()}


def gradients(model, x, y):
    """Dense gradients of the kernels, by a tape of the test's own."""
    variables = [_keras.native(layer.kernel) for layer in model.layers]
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(model(x) - y))
    found = tape.gradient(loss, variables)
    return {f"{n}/kernel": g.numpy() for n, g in zip(("hidden", "output"), found, strict=True)}


@pytest.mark.parametrize("method", ["rigl", "set", "static"])
def test_as_many_weights_are_kept_at_every_step(keras, method):
    model, counts = make_model(keras), []
    callback = DynamicSparse(0.8, method=method, frequency=2, scope="uniform")

    class Watch(EnforceMasks):
        def on_train_begin(self, logs=None):
            pass

        on_epoch_begin = on_epoch_end = on_train_end = lambda self, *args: None

        def on_train_batch_end(self, batch, logs=None):
            counts.append((zeros(self.model), callback.masks.kept_per_path()))

    history = fit(model, callback, Watch())
    assert {tuple(kept.values()) for _, kept in counts} == {(48, 8)}
    moved = callback.history
    assert [step for step, _ in moved] == ([] if method == "static" else list(range(2, 18, 2)))
    assert all(w[~callback.masks[p]].any() == False for p, w in weights.read(model).items())  # noqa: E712
    assert history.history["sparsity"][-1] == pytest.approx(0.8)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_rigl_grows_where_the_dense_gradient_is_largest(keras, jit_compile):
    """With a learning rate of 0 weights stay, so the step's gradient can be computed again."""
    model = make_model(keras, keras.optimizers.SGD(0.0), jit_compile=jit_compile)
    callback = DynamicSparse(0.5, frequency=3, end_step=10, fraction=0.4, scope="uniform")
    fit(model, callback, epochs=1, steps_per_epoch=2)
    before, mask = weights.read(model), dict(callback.masks)
    found = gradients(model, X[20:30], Y[20:30])
    model.fit(X[20:30], Y[20:30], batch_size=10, verbose=0, callbacks=[callback], shuffle=False)
    assert callback.history[0][0] == 3
    for path, moved in callback.masks.items():
        count = round(falling_fraction(3, 10, 0.4) * mask[path].sum())
        expected = drop_and_grow(before[path], mask[path], np.abs(found[path]), count)
        assert np.array_equal(moved, expected)
        assert not np.array_equal(moved, mask[path])


def test_the_gradient_is_held_of_due_steps_alone_and_of_masked_weights_too(keras):
    model = make_model(keras, keras.optimizers.SGD(0.0))
    callback = DynamicSparse(0.5, frequency=4, end_step=100)
    fit(model, callback, epochs=1, steps_per_epoch=3)
    held = callback._gradients.of(callback._variables["hidden/kernel"])
    assert not held.any()
    found = gradients(model, X[:10], Y[:10])
    fit(model, callback, epochs=1, steps_per_epoch=2)  # the first of these is the fourth
    held = callback._gradients.of(callback._variables["hidden/kernel"])
    assert np.allclose(held, found["hidden/kernel"], atol=1e-6) and (held != 0).all()


def test_what_comes_starts_at_0_with_empty_slots(keras):
    model = make_model(keras)
    callback = DynamicSparse(0.5, method="set", frequency=6, end_step=100)
    fit(model, callback, epochs=1, steps_per_epoch=5)
    before = dict(callback.masks)
    fit(model, callback, epochs=1, steps_per_epoch=1)
    grown = {p: m & ~before[p] for p, m in callback.masks.items()}
    assert sum(g.sum() for g in grown.values()) == callback.history[0][1] > 0
    for path, variable in weights.variables(model).items():
        if path in grown:
            assert not weights.read(model)[path][grown[path]].any()
            slots = list(_optimizers.slots(model.optimizer, variable))
            assert len(slots) == 2
            for slot in slots:
                assert not np.asarray(slot.variable)[grown[path]].any()
                assert np.asarray(slot.variable)[callback.masks[path] & ~grown[path]].any()


def test_accumulated_gradients_are_added_up():
    import keras

    optimizer = keras.optimizers.SGD(0.0, gradient_accumulation_steps=3)
    model = make_model(keras, optimizer)
    callback = DynamicSparse(0.5, frequency=2, end_step=100)
    fit(model, callback, epochs=1)  # six batches are two updates
    assert [step for step, _ in callback.history] == [2]
    held = callback._gradients.of(callback._variables["hidden/kernel"])
    model = make_model(keras, keras.optimizers.SGD(0.0))
    static = DynamicSparse(0.5, method="static")
    fit(model, static, epochs=1)  # the same masks, and the weights of the six batches
    assert static.masks.num_kept == callback.masks.num_kept
    parts = [gradients(model, X[i : i + 10], Y[i : i + 10])["hidden/kernel"] for i in (30, 40, 50)]
    assert np.allclose(held, sum(parts), atol=1e-5)


def test_several_steps_per_execution_and_half_precision(keras):
    model = make_model(keras, steps_per_execution=3)
    callback = DynamicSparse(0.8, frequency=2)
    fit(model, callback)
    assert [step for step, _ in callback.history] == [2, 6, 8, 12, 14, 16]
    assert callback.masks.sparsity == pytest.approx(0.8, abs=0.01)
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        model = make_model(keras)
        callback = DynamicSparse(0.8, frequency=2)
        fit(model, callback)
        assert len(callback.history) > 3
        assert (model(X[:1]).numpy() != 0).any()
    finally:
        keras.mixed_precision.set_global_policy("float32")


def test_a_further_fit_goes_on_and_another_model_begins_afresh(keras):
    model, callback = make_model(keras), DynamicSparse(0.8, method="set", frequency=4, end_step=40)
    fit(model, callback)
    kept = callback.masks
    model.compile("sgd", "mse")
    fit(model, callback, epochs=1, steps_per_epoch=1)
    assert callback.masks == kept
    copied = copy.deepcopy(callback)
    assert copied.masks == kept
    fit(make_model(keras), callback, epochs=1)
    assert [step for step, _ in callback.history] == [4]


@pytest.mark.parametrize("is_first", [True, False])
def test_a_backup_brings_its_masks(keras, tmp_path, is_first):
    def callbacks():
        backup = keras.callbacks.BackupAndRestore(str(tmp_path), delete_checkpoint=False)
        moving = DynamicSparse(0.8, method="set", frequency=5, end_step=10)
        return moving, ([backup, moving] if is_first else [moving, backup])

    model = make_model(keras)
    moving, both = callbacks()
    fit(model, *both, epochs=2)
    kept, own = moving.masks, weights.read(model)
    assert [step for step, _ in moving.history] == [5]
    for epochs in (2, 3):  # with nothing left to be trained, and with an epoch more
        restored = make_model(keras)
        again, both = callbacks()
        fit(restored, *both, epochs=epochs)
        assert again.masks == kept and not again.history
        is_same = [np.array_equal(w, own[p]) for p, w in weights.read(restored).items()]
        assert all(is_same) == (epochs == 2)


def test_given_masks_are_the_first(keras):
    model = make_model(keras)
    given = masks.Masks(
        {p: np.random.default_rng(1).random(w.shape) < 0.3 for p, w in weights.read(model).items()}
    )
    callback = DynamicSparse(0.5, method="static", masks=given)
    fit(model, callback, epochs=1)
    assert callback.masks == given


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sparsity": 80}, "fraction in"),
        ({"method": "dst"}, r"`method` must be one of \('rigl', 'set', 'static'\)"),
        ({"fraction": 0}, "`fraction` must be in"),
        ({"frequency": 0}, "`frequency` must be an integer of at least 1"),
        ({"frequency": 2.7}, "`frequency` must be an integer of at least 1"),
        ({"end_step": -3}, "`end_step` must be an integer of at least 1"),
    ],
)
def test_what_is_out_of_range_is_told_at_once(settings, message):
    with pytest.raises(ValueError, match=message):
        DynamicSparse(**{"sparsity": 0.8, **settings})


def unknown_length():
    """Six batches; Keras 3 counts a seventh update where they end."""

    def batches():
        for start in range(0, 60, 10):
            yield X[start : start + 10], Y[start : start + 10]

    shapes = (tf.TensorSpec((10, 12)), tf.TensorSpec((10, 2)))
    return tf.data.Dataset.from_generator(batches, output_signature=shapes)


def test_a_training_of_unknown_length_needs_an_end(keras):
    with pytest.raises(ValueError, match="`end_step` must be given where Keras does not know"):
        make_model(keras).fit(
            unknown_length(), verbose=0, shuffle=False, callbacks=[DynamicSparse(0.8)]
        )


def test_a_move_that_no_batch_tells_of_takes_place_at_the_end_of_the_epoch(keras):
    model = make_model(keras)
    callback = DynamicSparse(0.8, method="set", frequency=7, end_step=14)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # Keras' own
        model.fit(unknown_length(), epochs=2, verbose=0, shuffle=False, callbacks=[callback])
    assert [step for step, _ in callback.history] == [7]
    assert callback.is_done == (_optimizers.steps_done(model.optimizer) >= 13)


@pytest.mark.filterwarnings("ignore:13% of the weights:UserWarning")
def test_what_is_frozen_keeps_its_masks_and_what_is_freed_later_stays_dense(keras):
    model = make_model(keras)
    callback = DynamicSparse(0.8, method="set", frequency=2, end_step=100, scope="uniform")
    fit(model, callback, epochs=1)
    model.layers[0].trainable = False
    model.compile("adam", "mse")
    kept, num_moves = callback.masks, len(callback.history)
    fit(model, callback, epochs=1)
    assert len(callback.history) == num_moves + 3 and callback.history[-1][1] <= 2
    assert np.array_equal(callback.masks["hidden/kernel"], kept["hidden/kernel"])
    other, callback = make_model(keras), DynamicSparse(0.8, method="set", end_step=100)
    other.layers[0].trainable = False
    other.compile("adam", "mse")
    fit(other, callback, epochs=1)
    other.layers[0].trainable = True
    other.compile("adam", "mse")
    fit(other, callback, epochs=1)
    assert list(callback.masks) == ["output/kernel"]
    assert (weights.read(other)["hidden/kernel"] != 0).all()


def test_a_ticket_that_holds_other_values_is_refused(keras):
    from tfticket import tickets

    own = weights.read(make_model(keras))
    given = masks.ones_like(own)
    ticket = tickets.Ticket(given, own, {}, pruned_values={"hidden/kernel": own["hidden/kernel"]})
    with pytest.raises(ValueError, match="`masks` must be a ticket that holds pruned weights at 0"):
        DynamicSparse(0.5, masks=ticket)
