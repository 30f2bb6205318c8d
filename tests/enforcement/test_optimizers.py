"""Every optimizer, step by step: pruned weights stay and their slots stay empty."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import tensorflow as tf

from tfticket import Filter, _keras, _optimizers, enforce

NAMES = {
    "keras": "SGD Adam AdamW RMSprop Adagrad Adadelta Adamax Nadam Ftrl Lion Lamb Muon"
    " ScheduleFreeAdamW",
    "tf_keras": "SGD Adam AdamW RMSprop Adagrad Adadelta Adamax Nadam Ftrl Lion",
    "legacy": "SGD Adam RMSprop Adagrad Adadelta Adamax Nadam Ftrl",
}


def train(optimizer, model, steps):
    """Steps with gradients that are nowhere 0, as a training loop of one's own would take."""
    rng = np.random.default_rng(5)
    for _ in range(steps):
        grads = [tf.constant(rng.normal(size=tuple(v.shape)), "float32") for v in model.weights]
        optimizer.apply_gradients(zip(grads, model.weights, strict=True))


def names(keras):
    """The optimizers of a Keras that this version of it has and can make."""
    is_at_fault = keras.__version__.startswith(("3.10.", "3.11.", "3.12."))  # and not ours
    broken = {"Muon"} if is_at_fault else set()
    return [
        n for n in NAMES[keras.__name__].split() if hasattr(keras.optimizers, n) and n not in broken
    ]


def made(keras):
    """Every optimizer of a Keras, with as many slots as it can have."""
    for name in names(keras):
        options = {"SGD": {"momentum": 0.9}, "RMSprop": {"momentum": 0.9, "centered": True}}
        yield getattr(keras.optimizers, name)(learning_rate=0.1, **options.get(name, {}))
        yield getattr(keras.optimizers, name)(learning_rate=0.1, use_ema=True, ema_momentum=0.5)
    sgd = partial(keras.optimizers.SGD, 0.1, momentum=0.9)
    yield keras.mixed_precision.LossScaleOptimizer(sgd(), initial_scale=2.0)
    if keras.__name__ == "keras":
        yield sgd(gradient_accumulation_steps=4)
        if hasattr(keras.optimizers, "MultiOptimizer"):  # a later one's
            yield keras.optimizers.MultiOptimizer(keras.optimizers.OptimizerMap(sgd()))
    else:
        for name in NAMES["legacy"].split():
            yield getattr(keras.optimizers.legacy, name)(learning_rate=0.1)


@pytest.fixture
def model(keras):
    return keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(3, name="dense")])


def test_no_optimizer_moves_a_pruned_weight_or_remembers_one(keras, model, draw, leaks):
    """Attached late, when every slot is full."""
    start, masks = model.get_weights(), draw(model)
    for optimizer in made(keras):
        model.set_weights(start)
        train(optimizer, model, 2)
        with enforce(model, masks) as enforcement:
            enforcement.attach(optimizer)
            for _ in range(3):
                train(optimizer, model, 1)
                assert leaks(model, masks, optimizer=optimizer) == {}, optimizer.name


def test_pruned_values_are_held_under_weight_decay_and_averaging(keras, model, draw, leaks):
    values, masks = {"dense/kernel": np.full((4, 3), 0.1, np.float32)}, draw(model)
    optimizer = keras.optimizers.AdamW(0.1, weight_decay=0.5, use_ema=True, ema_momentum=0.3)
    with enforce(model, masks, pruned_values=values) as enforcement:
        enforcement.attach(optimizer)
        for _ in range(4):
            train(optimizer, model, 1)
            assert leaks(model, masks, values, optimizer) == {}
        optimizer.finalize_variable_values(model.trainable_variables)
        enforcement.check()


def test_elementwise_optimizers_need_no_constraint(keras, model, draw, leaks, monkeypatch):
    """What saves a pass over the weights must be true of each optimizer it is claimed of."""
    monkeypatch.setattr("tfticket.enforcement.constraint._set", lambda *_: None)
    claimed, masks = set(), draw(model)
    for optimizer in made(keras):
        if _optimizers.is_elementwise(optimizer):
            claimed |= {type(m).__name__ for m in _optimizers.members(optimizer)}
            with enforce(model, masks) as enforcement:
                enforcement.attach(optimizer)
                train(optimizer, model, 3)
                assert leaks(model, masks, optimizer=optimizer) == {}, optimizer.name
    assert {*names(keras)} & _optimizers._ELEMENTWISE <= claimed


def test_a_subclass_is_not_taken_for_the_optimizer_it_extends(keras, model, draw, leaks):
    class Noisy(keras.optimizers.SGD):
        def update_step(self, gradient, variable, *rest):
            super().update_step(gradient + 1.0, variable, *rest)

    masks, optimizer = draw(model), Noisy(0.1, momentum=0.9, use_ema=True)
    with enforce(model, masks) as enforcement:
        enforcement.attach(optimizer)
        for _ in range(3):
            train(optimizer, model, 1)
            assert leaks(model, masks, optimizer=optimizer) == {}


def test_an_optimizer_never_shown_leaves_pruned_weights_alone(keras, model, draw):
    masks = draw(model)
    with enforce(model, masks) as enforcement:
        train(keras.optimizers.Adam(0.1), model, 2)
        enforcement.check()


def test_gradients_that_are_not_finite_do_not_reach_pruned_weights(keras, model, draw, leaks):
    masks, optimizer = draw(model), keras.optimizers.Adam(0.1)
    grads = [tf.where(masks["dense/kernel"], 1.0, np.nan), tf.ones(3)]
    with enforce(model, masks) as enforcement:
        enforcement.attach(optimizer)
        optimizer.apply_gradients(zip(grads, model.weights, strict=True))
    assert leaks(model, masks, optimizer=optimizer) == {}
    assert np.all(np.isfinite(_keras.to_numpy(model.weights[0])))


def test_sparse_gradients_of_embeddings_are_masked(keras, draw, leaks):
    model = keras.Sequential(
        [keras.layers.Input((2,), dtype="int32"), keras.layers.Embedding(5, 3)]
    )
    masks = draw(model, prunable=Filter(kinds=("embedding",)))
    optimizers = [keras.optimizers.Adam(0.1, clipnorm=1.0)]
    if keras.__name__ == "tf_keras":  # these refuse a constraint where a gradient is sparse
        optimizers.append(keras.optimizers.legacy.SGD(0.1, momentum=0.9))
    for optimizer in optimizers:
        with enforce(model, masks) as enforcement:
            enforcement.attach(optimizer)
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(model(tf.constant([[1, 1], [3, 0]])) ** 2)
            variables = model.trainable_variables
            gradients = tape.gradient(loss, variables)
            assert isinstance(gradients[0], tf.IndexedSlices)
            optimizer.apply_gradients(zip(gradients, variables, strict=True))
        assert leaks(model, masks, optimizer=optimizer) == {}
