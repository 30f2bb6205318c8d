"""enforce, update, attach, check, release: and the traps around compiling and tracing."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tfticket import enforce, weights
from tfticket.errors import EnforcementError, MismatchError
from tfticket.masks import Masks


@pytest.fixture
def momentum(keras):
    return keras.optimizers.SGD(0.1, momentum=0.9)


def test_masks_hold_at_once_in_a_model_that_was_trained_before(net, draw, data, leaks, momentum):
    model = net(momentum)
    model.fit(*data, batch_size=6, verbose=0)
    masks = draw(model)
    with enforce(model, masks):
        assert leaks(model, masks) == {}
        model.fit(*data, batch_size=6, verbose=0)
        assert leaks(model, masks) == {}


def test_smaller_masks_hold_at_once_and_nothing_is_traced_again(net, draw, data, leaks, momentum):
    model = net(momentum)
    traces = []
    model.layers[0].activation = lambda x: traces.append(1) or tf.tanh(x)
    masks = draw(model, density=0.9)
    smaller = Masks({p: m & draw(model, density=0.4, seed=4)[p] for p, m in masks.items()})
    with enforce(model, masks) as enforcement:
        model.train_on_batch(*data)
        traced = len(traces)
        enforcement.update(smaller)
        assert enforcement.masks == smaller
        assert leaks(model, smaller) == {}
        model.train_on_batch(*data)
        assert leaks(model, smaller) == {}
    assert len(traces) == traced


def test_a_weight_that_is_kept_again_starts_from_0_and_trains(net, draw, data):
    model = net(run_eagerly=True)
    with enforce(model, draw(model, 0.0, prunable="hidden/")) as enforcement:
        model.train_on_batch(*data)
        enforcement.update(draw(model, 1.1, prunable="hidden/"))
        assert not np.any(weights.read(model)["hidden/kernel"])
        model.train_on_batch(*data)
        model.train_on_batch(*data)
    assert np.all(weights.read(model)["hidden/kernel"])


def test_compiling_anew_keeps_pruned_weights_but_needs_attach_for_the_rest(
    keras, net, draw, data, leaks
):
    model = net()
    masks = draw(model)
    with enforce(model, masks) as enforcement:
        model.compile(keras.optimizers.SGD(0.1, momentum=0.9), model.loss)
        model.train_on_batch(*data)
        enforcement.check()
        assert leaks(model, masks) != {}  # slots
        enforcement.attach()
        model.train_on_batch(*data)
        assert leaks(model, masks) == {}


def test_a_loop_of_ones_own_attaches_its_optimizer(keras, net, draw, data, leaks):
    model, optimizer = net(), keras.optimizers.Adam(0.05, global_clipnorm=0.1)
    masks = draw(model)

    @tf.function
    def step(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(model.loss(y, model(x, training=True)))
        variables = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))

    with enforce(model, masks) as enforcement:
        enforcement.attach(optimizer)
        for _ in range(3):
            step(*map(tf.constant, data))
            assert leaks(model, masks, optimizer=optimizer) == {}


def test_without_an_optimizer_there_is_nothing_to_attach(keras, draw):
    model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(3)])
    with enforce(model, draw(model)) as enforcement, pytest.raises(ValueError, match="compiled"):
        enforcement.attach()


def test_predict_and_evaluate_write_nothing(net, draw, data):
    model = net(run_eagerly=True)
    model.predict(data[0], verbose=0)
    with enforce(model, draw(model)):
        model.train_on_batch(*data)
        before = weights.read_all(model)
        model.predict(data[0], verbose=0)
        model.evaluate(*data, verbose=0)
        after = weights.read_all(model)
    assert all(np.array_equal(before[p], after[p]) for p in before)


def test_check_names_the_weights_that_something_else_wrote(net, draw):
    model = net(run_eagerly=True)
    masks = draw(model)
    with enforce(model, masks) as enforcement:
        enforcement.check()
        model.layers[-1].kernel.assign(tf.ones((6, 3)))
        with pytest.raises(
            EnforcementError, match=f"{{'out/kernel': {np.sum(~masks['out/kernel'])}}}"
        ):
            enforcement.check()
        enforcement.project()
        enforcement.check()


def test_release_gives_the_model_back_as_it_was(net, draw, data):
    model = net()
    method = "apply" if "apply" in dir(type(model.optimizer)) else "apply_gradients"
    num_variables = len(model.variables)
    with pytest.raises(KeyboardInterrupt), enforce(model, draw(model)) as enforcement:
        assert method in vars(model.optimizer)
        model.train_on_batch(*data)
        raise KeyboardInterrupt
    assert enforcement.is_released
    assert method not in vars(model.optimizer)
    assert [v.constraint for v in model.variables] == [None] * num_variables
    model.train_on_batch(*data)
    assert np.all(weights.read(model)["hidden/kernel"])


def test_a_users_own_constraint_is_kept_and_comes_first(keras, net, data, draw, leaks):
    limit = keras.constraints.MaxNorm(0.5)

    class Shifted(keras.constraints.Constraint):  # moves zeros, as no constraint of Keras does
        def __call__(self, weight):
            return limit(weight) + 0.01

    shifted = Shifted()

    layers = keras.layers
    dense = layers.Dense(3, kernel_constraint=shifted)
    model = keras.Sequential([layers.Input((5,)), layers.Dense(6), dense])
    model.compile("adam", net().loss, run_eagerly=True)
    masks = draw(model, prunable=f"{dense.name}/")
    with enforce(model, masks):
        for _ in range(2):
            model.train_on_batch(*data)
            assert leaks(model, masks) == {}
        norms = np.linalg.norm(weights.read(model)[f"{dense.name}/kernel"], axis=0)
        assert norms.max() < 0.53  # 0.5, and what 0.01 in each weight adds
    assert dense.kernel.constraint is shifted


def test_the_later_of_two_enforcements_of_a_weight_holds(net, draw, data, leaks):
    model = net(run_eagerly=True)
    first, second = draw(model, seed=1), draw(model, seed=2)
    with enforce(model, first) as earlier, enforce(model, second):
        for late in (earlier.check, earlier.project, earlier.attach, lambda: earlier.update(first)):
            with pytest.raises(EnforcementError, match="in force"):
                late()
        model.train_on_batch(*data)
        assert leaks(model, second) == {}


def test_two_enforcements_of_different_weights_hold_together(net, draw, data, leaks):
    model = net(run_eagerly=True)
    hidden, out = draw(model, prunable="hidden/"), draw(model, prunable="out/")
    earlier = enforce(model, hidden)
    with enforce(model, out):
        model.train_on_batch(*data)
        assert leaks(model, hidden) == leaks(model, out) == {}
        earlier.release()
        model.train_on_batch(*data)
        assert leaks(model, out) == {} != leaks(model, hidden)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras' own
def test_a_saved_model_is_a_plain_model(keras, net, draw, data, leaks, tmp_path):
    model = net()
    masks = draw(model)
    with enforce(model, masks):
        model.train_on_batch(*data)
        model.save(tmp_path / "model.keras")
        config = model.optimizer.get_config()
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert leaks(loaded, masks) == {}
    assert loaded.optimizer.get_config() == config
    assert [v.constraint for v in loaded.variables] == [None] * len(model.variables)
    assert len(loaded.variables) == len(net().variables)


def test_masks_that_are_not_the_models_are_refused(net, draw):
    model = net()
    masks = draw(model)
    with pytest.raises(MismatchError, match="nowhere/kernel"):
        enforce(model, Masks({"nowhere/kernel": np.ones((2, 2), bool)}))
    with pytest.raises(MismatchError, match="hidden/kernel"):
        enforce(model, Masks({"hidden/kernel": np.ones((2, 2), bool)}))
    with pytest.raises(MismatchError, match="out/kernel"):
        enforce(model, masks, pruned_values={"hidden/kernel": np.ones((5, 6), np.float32)})
    assert [v.constraint for v in model.variables] == [None] * len(model.variables)
    with enforce(model, masks) as enforcement, pytest.raises(MismatchError):
        enforcement.update(Masks({"out/kernel": masks["out/kernel"]}))
