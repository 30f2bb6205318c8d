"""Losses in every form, on outputs that fit them and outputs that do not."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from tfticket.tracing.losses import Loss, output_kinds

ONE = tf.constant([[1.0], [3.0]])


def classifier(keras, head=None):
    inputs = keras.layers.Input((3,))
    hidden = keras.layers.Dense(2, activation="relu")(inputs)
    return keras.Model(inputs, keras.layers.Dense(2, activation=head)(hidden))


def kinds(model, size=3):
    function = tf.function(lambda x: model(x, training=False))
    return output_kinds(function.get_concrete_function(tf.TensorSpec((None, size))))


def test_logits_and_probabilities_are_told_apart(keras):
    layers = keras.layers
    x = layers.Input((3,))
    logits = layers.Dense(2)(x)
    reshaped = layers.Reshape((2, 1))(layers.Softmax()(logits))
    clipped = layers.ReLU(1.0)(logits)
    outputs = [logits, reshaped, layers.Activation("sigmoid")(logits), clipped]
    assert kinds(keras.Model(x, outputs)) == ["logits", "probabilities", "probabilities", None]
    assert kinds(classifier(keras, "softmax")) == ["probabilities"]
    assert kinds(classifier(keras)) == ["logits"]


def losses_for_logits(keras):
    made = keras.losses
    return [
        made.SparseCategoricalCrossentropy(from_logits=True),
        made.BinaryCrossentropy(from_logits=True),
        functools.partial(made.categorical_crossentropy, from_logits=True),
        tf.nn.softmax_cross_entropy_with_logits,
    ]


def losses_for_probabilities(keras):
    made = keras.losses
    return [
        "sparse_categorical_crossentropy",
        "kl_divergence",
        made.CategoricalCrossentropy(),
        made.KLDivergence(),
        made.binary_crossentropy,
    ]


def losses_for_both(keras):
    made = keras.losses
    return ["mse", made.Huber(), made.mean_absolute_error, lambda targets, outputs: outputs]


def test_a_loss_for_the_other_kind_is_an_error(keras):
    for loss in losses_for_logits(keras):
        Loss.of(loss, keras.layers.Dense(1), ONE).check(["logits"])
        with pytest.raises(ValueError, match="output 0 is probabilities, the loss is for logits"):
            Loss.of(loss, keras.layers.Dense(1), ONE).check(["probabilities"])
    for loss in losses_for_probabilities(keras):
        Loss.of(loss, keras.layers.Dense(1), ONE).check(["probabilities"])
        with pytest.raises(ValueError, match="output 0 is logits.*Take a loss with `from_logits="):
            Loss.of(loss, keras.layers.Dense(1), ONE).check(["logits"])


def test_losses_that_do_not_care_and_outputs_one_cannot_tell_are_let_pass(keras):
    for loss in losses_for_both(keras):
        Loss.of(loss, keras.layers.Dense(1), [ONE, ONE]).check(["logits", "probabilities"])
    for loss in [*losses_for_logits(keras), *losses_for_probabilities(keras)]:
        Loss.of(loss, keras.layers.Dense(1), ONE).check([None])


def test_the_mean_over_the_examples_is_taken(keras):
    targets, outputs = np.zeros((2, 1), np.float32), tf.constant([[1.0], [3.0]])
    for loss in ("mse", keras.losses.MeanSquaredError(), keras.losses.mean_squared_error):
        assert float(Loss.of(loss, keras.layers.Dense(1), ONE)(targets, outputs)) == 5
    squares = Loss.of(lambda t, o: (t - o) ** 2, keras.layers.Dense(1), ONE)
    assert float(squares(targets, outputs)) == 5


def test_several_outputs_have_one_loss_each_or_share_it(keras):
    layer = keras.layers.Dense(1)
    outputs = {"y": tf.constant([[1.0]]), "z": tf.constant([[3.0]])}
    targets = {"y": np.zeros((1, 1), np.float32), "z": np.zeros((1, 1), np.float32)}
    assert float(Loss.of("mse", layer, outputs)(targets, outputs)) == 10
    assert float(Loss.of({"z": "mae", "y": "mse"}, layer, outputs)(targets, outputs)) == 4
    together = Loss.of(lambda t, o: o["y"] * o["z"], layer, outputs)
    assert float(together(targets, outputs)) == 3
    listed = [list(part.values()) for part in (targets, outputs)]
    assert float(Loss.of(["mse", "mae"], layer, listed[1])(*listed)) == 4
    for wrong in (["mse"], ["mse", "mae"], {"y": "mse"}, {"y": "mse", "x": "mae"}):
        with pytest.raises(ValueError, match="`loss` must have the structure of the model's"):
            Loss.of(wrong, layer, outputs)
    with pytest.raises(ValueError, match="`targets` must have the structure"):
        Loss.of("mse", layer, outputs)(listed[0], outputs)


def test_what_is_no_loss_is_refused(keras):
    with pytest.raises(TypeError, match="`loss` must be a callable"):
        Loss.of(3, keras.layers.Dense(1), ONE)
