"""Models, layers and functions of the user's own in what is shrunk."""

from __future__ import annotations

import numpy as np
import pytest

from tfticket import weights
from tfticket.errors import MismatchError
from tfticket.slimming import channel_masks, max_relative_difference, shrink


def images():
    return np.random.default_rng(0).random((3, 8, 8, 3), np.float32)


def halved(model):
    """What is left of the outputs of each convolution, and by how much the outputs differ."""
    masks = channel_masks(model, 0.5)
    shrunk = shrink(model, masks)
    off = max_relative_difference(model, masks, shrunk.model, images())
    widths = {
        p: v.shape[-1] for p, v in weights.variables(shrunk.model).items() if len(v.shape) == 4
    }
    return shrunk.model, widths, off


@pytest.fixture
def own_class(keras):
    """A class of the user's own that is a functional model, with settings as KerasHub's have."""
    layers = keras.layers

    class Network(keras.Model):
        def __init__(self, width, **options):
            image = keras.Input((8, 8, 3))
            x = layers.Conv2D(width, 3, activation="relu", name="first")(image)
            second = layers.Conv2D(width, 3, name="second")
            super().__init__(inputs=image, outputs=second(x), **options)
            self.second, self.width = second, width

        def get_config(self):
            return {"width": self.width, "name": self.name}

    return Network


def test_a_functional_model_of_an_own_class_becomes_a_plain_one(keras, own_class):
    model, widths, off = halved(own_class(8))
    assert (type(model).__name__, off < 1e-6) == ("Functional", True)
    assert widths == {"first/kernel": 4, "second/kernel": 8}


def test_inside_another_model_all_its_channels_may_go(keras, own_class):
    image = keras.Input((8, 8, 3))
    x = keras.layers.GlobalAveragePooling2D()(own_class(8, name="backbone")(image))
    _, widths, off = halved(keras.Model(image, keras.layers.Dense(2)(x)))
    assert off < 1e-6
    assert sum(widths.values()) == 8


def test_a_model_that_computes_otherwise_than_its_graph_is_refused(keras, own_class):
    class Doubled(own_class):
        def call(self, inputs):
            return 2 * super().call(inputs)

    masks = {"first/kernel": np.ones((3, 3, 3, 8), bool)}
    with pytest.raises(ValueError, match="functional or Sequential"):
        shrink(Doubled(8), masks)


def test_a_model_in_a_configuration_is_copied_and_not_shared(keras, own_class):
    layers = keras.layers

    class Twice(layers.Layer):
        def __init__(self, inner, **options):
            super().__init__(**options)
            self.inner = inner

        def call(self, inputs):
            return self.inner(inputs) + self.inner(inputs)

        def get_config(self):
            return {**super().get_config(), "inner": self.inner}

    image = keras.Input((8, 8, 3))
    x = layers.Conv2D(8, 3, padding="same")(layers.Conv2D(8, 3, padding="same")(image))
    inner = keras.Sequential([layers.Input((8, 8, 8)), layers.Conv2D(4, 3, name="deep")])
    model = keras.Model(image, Twice(inner, name="twice")(x))
    made, _, off = halved(model)
    assert off < 1e-6
    assert made.get_layer("twice").inner is not inner


def test_functions_and_objects_of_ones_own_are_the_same_in_the_smaller_model(keras):
    factor, layers = 3.0, keras.layers

    class Initializer(keras.initializers.Initializer):
        def __init__(self, value):  # without a configuration
            self.value = value

        def __call__(self, shape, dtype=None, **options):
            return self.value * np.ones(shape, "float32")

    class Penalty(keras.regularizers.Regularizer):
        def __call__(self, x):
            return factor

    def gate(x):
        return x * factor

    drawn, penalty = Initializer(0.5), Penalty()
    image = keras.Input((8, 8, 3))
    x = layers.Conv2D(8, 3, activation=gate, bias_initializer=drawn, name="conv")(image)
    x = layers.Lambda(lambda t: gate(t), output_shape=lambda shape: shape, name="by_hand")(x)
    x = layers.Reshape((6, 48))(x)
    x = layers.LSTM(6, recurrent_activation=gate, recurrent_regularizer=penalty, name="lstm")(x)
    made, widths, off = halved(keras.Model(image, layers.Dense(2)(x)))
    conv, lstm, by_hand = (made.get_layer(n) for n in ("conv", "lstm", "by_hand"))
    assert (widths["conv/kernel"] < 8, off < 1e-6) == (True, True)
    assert conv.activation is gate
    assert conv.bias_initializer is drawn
    assert lstm.recurrent_regularizer is penalty
    assert lstm.recurrent_activation is gate
    assert by_hand.function.__closure__[0].cell_contents is gate


def test_a_copy_that_would_not_run_is_refused_by_name(keras):
    layers = keras.layers

    class Forgetful(layers.Layer):
        def __init__(self, factor=None, **options):
            super().__init__(**options)
            self.scaling = {"by": factor} if factor else {}

        def call(self, inputs):
            return inputs * self.scaling["by"]

        def compute_output_shape(self, input_shape):
            return input_shape

        def get_config(self):
            return layers.Layer.get_config(self)

    model = keras.Sequential(
        [layers.Input((4,)), layers.Dense(4, name="dense"), Forgetful(2.0), layers.Dense(2)]
    )
    with pytest.raises(MismatchError, match="does not run.*KeyError"):
        shrink(model, {"dense/kernel": np.ones((4, 4), bool)})


def test_a_mask_of_weights_outside_the_graph_is_refused(keras):
    layers = keras.layers
    x = keras.Input((4,))
    model = keras.Model(x, layers.Dense(2, name="dense")(x))
    aside = layers.Dense(3, name="aside")
    aside.build((None, 4))
    model.aside = aside
    if "aside/kernel" not in weights.variables(model):
        pytest.skip("this Keras does not count such weights as the model's")
    with pytest.raises(MismatchError, match="'aside'"):
        shrink(model, {"dense/kernel": np.ones((4, 2), bool)})
