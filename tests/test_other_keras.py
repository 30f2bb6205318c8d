"""A ticket that one Keras found, in the same network of the other."""

from __future__ import annotations

import numpy as np
import pytest

import tfticket as tt
from tfticket.errors import MismatchError
from tfticket.masks import Masks
from tfticket.tickets import Ticket, fingerprint


def lenet(keras):
    layers = keras.layers
    hidden = [layers.Dense(30, activation="relu"), layers.Dense(10, activation="relu")]
    return keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), *hidden, layers.Dense(4)])


def convolutional(keras):
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.RandomFlip(),
            layers.Conv2D(4, 3),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.DepthwiseConv2D(3),
            layers.SeparableConv2D(6, 2),
            layers.Dropout(0.5),
            layers.GlobalAveragePooling2D(),
            layers.Dense(4),
        ]
    )


def nested(keras):
    """Models without names in a model, which the two call functional and model."""
    layers = keras.layers
    given = keras.Input((6,))
    encoder = keras.Model(given, layers.Dropout(0.3)(layers.Dense(6)(given)))
    inner = keras.Sequential([keras.Input((6,)), layers.Dense(6), layers.BatchNormalization()])
    whole = keras.Input((6,))
    return keras.Model(whole, layers.Dense(4)(inner(encoder(whole))))


def branched(keras):
    """Four kernels of one shape, three of them side by side."""
    layers = keras.layers
    given = keras.Input((5,))
    one, two, three = (layers.Dense(5)(given) for _ in range(3))
    return keras.Model(given, layers.Dense(4)(layers.Add()([layers.Dense(5)(three), two, one])))


def recurrent(keras):
    layers = keras.layers
    both = layers.Bidirectional(layers.LSTM(3, return_sequences=True, dropout=0.1))
    return keras.Sequential([keras.Input((5, 4)), both, layers.GRU(4), layers.Dense(4)])


def normalized(keras):
    """A layer that computes with constants made of its variables."""
    layer = keras.layers.Normalization()
    layer.adapt(np.random.default_rng(len(keras.__name__)).random((20, 6)))
    return keras.Sequential([keras.Input((6,)), layer, keras.layers.Dense(4)])


NETWORKS = [lenet, convolutional, nested, branched, recurrent, normalized]


@pytest.fixture
def other(keras):
    import keras as keras_3
    import tf_keras

    return tf_keras if keras is keras_3 else keras_3


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.__name__)
def test_a_ticket_computes_the_same_in_the_other_keras(keras, other, network, tmp_path):
    network(other)  # so that Keras has numbered some layers already
    found, wanted = network(keras), network(other)
    ticket = tt.prune(found, score="magnitude", schedule=tt.schedules.OneShot(0.5))
    ticket = Ticket.load(ticket.save(tmp_path / "ticket"))
    masks = ticket.apply(wanted)
    ticket.apply(found)
    assert isinstance(masks, Masks) and masks.kept_per_path().keys() == set(tt.weights.read(wanted))
    x = np.random.default_rng(0).random((3, *found.input_shape[1:]), np.float32)
    outputs = [np.asarray(model(x, training=False)) for model in (found, wanted)]
    np.testing.assert_allclose(*outputs, atol=1e-6)
    for model in (found, wanted):
        assert fingerprint(tt.weights.read_all(model)) == fingerprint(ticket.weights)


def test_a_ticket_is_trained_and_enforced_in_the_other_keras(keras, other):
    ticket = tt.prune(convolutional(keras), score="magnitude", schedule=tt.schedules.OneShot(0.5))
    model = convolutional(other)
    model.compile("sgd", "mse")
    x, y = np.ones((8, 8, 8, 1), np.float32), np.ones((8, 4), np.float32)

    def train(model, callbacks):
        return model.fit(x, y, verbose=0, epochs=2, callbacks=callbacks).history

    level = tt.train_ticket(model, train, ticket)
    for path, mask in ticket.masks_for(model).items():
        assert not level.trained.weights[path][~mask].any(), path


def test_another_architecture_is_still_refused(keras, other):
    ticket = tt.prune(nested(keras), score="magnitude", schedule=tt.schedules.OneShot(0.5))
    with pytest.raises(MismatchError, match="Was it built from the same architecture"):
        ticket.apply(branched(other))
