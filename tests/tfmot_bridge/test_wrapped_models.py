import numpy as np
import pytest
import tf_keras

from tfticket._tfmot import tfmot
from tfticket.errors import MismatchError
from tfticket.schedules import OneShot
from tfticket.tfmot_bridge import read_ticket, rewind, write_ticket
from tfticket.weights import read, read_all

X = np.random.default_rng(0).standard_normal((40, 8)).astype(np.float32)
SPARSITY = tfmot().sparsity.keras


def make_model():
    tf_keras.utils.set_random_seed(0)
    return tf_keras.Sequential(
        [
            tf_keras.layers.Input((8,)),
            tf_keras.layers.Dense(6, name="hidden"),
            tf_keras.layers.BatchNormalization(name="norm"),
            tf_keras.layers.Dense(4, name="output"),
        ]
    )


def wrapped(schedule):
    model = SPARSITY.prune_low_magnitude(make_model(), pruning_schedule=schedule)
    model.compile("sgd", "mse")
    return model


def fit(model, epochs=1):
    callbacks = [SPARSITY.UpdatePruningStep()]
    model.fit(X, X[:, :4], batch_size=10, epochs=epochs, verbose=0, callbacks=callbacks)


def test_a_ticket_is_read_out_of_a_wrapped_model():
    model = wrapped(OneShot(0.5, begin_step=2))
    fit(model)
    ticket = read_ticket(model)
    assert ticket.masks.kept_per_path() == {"hidden/kernel": 24, "output/kernel": 12}
    assert ticket.provenance["pruning_step"] == 4
    plain = make_model()
    ticket.apply(plain)
    kernel = read(SPARSITY.strip_pruning(model))["hidden/kernel"]
    assert np.array_equal(read(plain)["hidden/kernel"], kernel)


def test_a_ticket_is_written_into_a_wrapped_model_and_read_again():
    source = wrapped(OneShot(0.5, begin_step=2))
    fit(source)
    ticket = read_ticket(source)
    target = wrapped(OneShot(0.5, begin_step=10**6))
    write_ticket(ticket, target)
    again = read_ticket(target)
    assert again.masks == ticket.masks
    fit(target)
    assert np.array_equal(
        read_ticket(target).start_weights["output/kernel"] != 0, again.masks["output/kernel"]
    )


def test_rewinding_brings_weights_back_and_keeps_the_masks():
    model = wrapped(OneShot(0.5, begin_step=2))
    before = read_ticket(model).weights
    fit(model)
    masks = read_ticket(model).masks
    rewind(model, before)
    after = read_ticket(model)
    assert after.masks == masks
    kernel = np.where(masks["hidden/kernel"], before["hidden/kernel"], 0)
    assert np.array_equal(after.weights["hidden/kernel"], kernel)
    assert np.array_equal(after.weights["norm/moving_mean"], before["norm/moving_mean"])


def test_models_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="pruning wrappers"):
        read_ticket(make_model())
    other = tf_keras.Sequential([tf_keras.layers.Input((8,)), tf_keras.layers.Dense(3, name="d")])
    ticket = read_ticket(SPARSITY.prune_low_magnitude(other))
    model = wrapped(OneShot(0.5))
    before = read_all(SPARSITY.strip_pruning(model))
    with pytest.raises(MismatchError):
        write_ticket(ticket, model)
    assert np.array_equal(read_ticket(model).weights["norm/gamma"], before["norm/gamma"])
