"""SynFlow on every kind of model: how they are built, what they are made of, how they end."""

import numpy as np
import pytest
import tensorflow as tf

from tfticket import scores, weights
from tfticket.scores import NonHomogeneousWarning


def synflow(model, batch=None):
    return scores.SynFlow()(model, scores.Evidence(weights.read(model), batch=batch))


def totals(model, batch=None):
    return [float(s.sum()) for s in synflow(model, batch).values()]


def stacked(keras, shape, *layers, dtype=None):
    x = inputs = keras.layers.Input(shape, dtype=dtype)
    for layer in layers:
        x = layer(x)
    return keras.Model(inputs, x)


def subclassed(keras, head=tf.nn.softmax):
    class Classifier(keras.Model):
        def __init__(self):
            super().__init__()
            self.hidden = keras.layers.Dense(4, activation="relu")
            self.final = keras.layers.Dense(2)

        def call(self, x):
            return head(self.final(self.hidden(x)))

    return Classifier()


def test_heads_of_every_output_are_left_out(keras):
    def model(first, second):
        keras.utils.set_random_seed(0)
        a, b = keras.layers.Input((3,), name="a"), keras.layers.Input((4,), name="b")
        shared = keras.layers.Dense(3, activation="relu")
        x = keras.layers.Concatenate()([shared(shared(a)), b])
        outputs = {
            "y": keras.layers.Dense(2, activation=first)(x),
            "z": keras.layers.Activation(second)(keras.layers.Dense(1)(x)),
        }
        return keras.Model({"a": a, "b": b}, outputs)

    with_heads, without = synflow(model("softmax", "sigmoid")), synflow(model(None, "linear"))
    for found, expected in zip(with_heads.values(), without.values(), strict=True):
        assert np.array_equal(found, expected) and found.all()


def test_a_nested_model_is_scored_as_if_it_were_flat(keras, networks):
    layers = keras.layers
    inner = stacked(keras, (4,), layers.Dense(3), layers.Softmax())
    model = stacked(keras, (3,), layers.Dense(4, activation="relu"), inner)
    expected = networks.flow_of_dense(list(weights.read(model).values()))
    for found, known in zip(synflow(model).values(), expected, strict=True):
        np.testing.assert_allclose(found, known, rtol=1e-13)


def test_sequential_and_subclassed_models_are_scored(keras, networks):
    layers = keras.layers
    sequential = keras.Sequential([layers.Dense(4, activation="relu"), layers.Dense(2)])
    for model in (sequential, subclassed(keras)):
        model(np.ones((1, 3), np.float32))
        expected = networks.flow_of_dense(list(weights.read(model).values()))
        for found, known in zip(synflow(model).values(), expected, strict=True):
            np.testing.assert_allclose(found, known, rtol=1e-13)


def test_sizes_a_model_leaves_open_are_read_off_the_batch(keras):
    layers = keras.layers
    pool = layers.GlobalAveragePooling2D()
    model = stacked(keras, (None, None, 3), layers.Conv2D(2, 3), pool, layers.Dense(2))
    batch = (np.zeros((7, 5, 5, 3)), np.zeros(7))
    assert totals(model, batch)[0] > 0
    with pytest.raises(ValueError, match="`evidence` must have a batch: the model leaves the size"):
        synflow(model)


@pytest.mark.parametrize("activation", ["relu6", "tanh", "silu", "gelu", "elu", "softplus"])
def test_activations_that_are_not_homogeneous_become_relu_and_are_named(
    keras, networks, activation
):
    if activation == "silu" and keras.__name__ == "tf_keras":
        activation = "swish"
    if activation == "relu6" and keras.__name__ == "tf_keras":
        activation = tf.nn.relu6
    expected = synflow(networks.convolutional(keras))
    with pytest.warns(NonHomogeneousWarning, match=r"activation.*relu"):
        found = synflow(networks.convolutional(keras, "softmax", activation))
    for a, b in zip(found.values(), expected.values(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13)


def test_bounded_relu_layers_would_cut_the_flow_off(keras):
    """ReLU6 gives zero scores on all but one layer of MobileNetV2, without a word."""

    def model(*bounds):
        keras.utils.set_random_seed(2)
        layers = keras.layers
        hidden = [x for b in bounds for x in (layers.Dense(50), layers.ReLU(b))]
        return stacked(keras, (50,), *hidden, layers.Dense(2))

    with pytest.warns(NonHomogeneousWarning, match="relu up to 3.0 → relu"):
        found = synflow(model(6.0, 3.0))
    for a, b in zip(found.values(), synflow(model(None, None)).values(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13)


def test_operations_that_no_layer_declares_are_replaced_too(keras, networks):
    model = subclassed(keras, lambda x: tf.nn.softmax(tf.tanh(x)))
    model(np.ones((5, 3), np.float32))
    with pytest.warns(NonHomogeneousWarning, match="Tanh → relu"):
        found = synflow(model)
    expected = networks.flow_of_dense(list(weights.read(model).values()))
    assert all(np.allclose(f, e, 1e-13) for f, e in zip(found.values(), expected, strict=True))


def test_what_cannot_be_replaced_is_noticed_by_its_flow(keras):
    model = subclassed(keras, tf.exp)
    model(np.ones((1, 3), np.float32))
    with pytest.warns(NonHomogeneousWarning, match="flow is not conserved"):
        synflow(model)


def test_swish_written_out_is_recognised(keras, networks):
    model = subclassed(keras, lambda x: x * tf.sigmoid(x))
    model(np.ones((1, 3), np.float32))
    with pytest.warns(NonHomogeneousWarning, match=r"x·Sigmoid → x"):
        found = synflow(model)
    expected = networks.flow_of_dense(list(weights.read(model).values()))
    assert all(np.allclose(f, e, 1e-13) for f, e in zip(found.values(), expected, strict=True))


def test_a_gate_passes_half_and_half_of_the_flow_comes_from_it(keras):
    """Squeeze and excitation: with ReLU for the sigmoid, scales would multiply layer by layer."""
    layers = keras.layers
    x = inputs = layers.Input((4,))
    gate = layers.Dense(4, activation="sigmoid")(layers.Dense(2, activation="relu")(x))
    model = keras.Model(inputs, layers.Dense(1)(layers.Multiply()([x, gate])))
    with pytest.warns(NonHomogeneousWarning, match="Sigmoid → a gate half open"):
        squeeze, excite, output = totals(model)
    *_, kernel = weights.read(model).values()
    assert output == pytest.approx(np.abs(kernel).sum() / 2)
    assert squeeze == pytest.approx(output / 2) and excite == pytest.approx(output / 2)


@pytest.mark.parametrize("kind", ["SimpleRNN", "LSTM", "GRU"])
def test_recurrent_layers_are_scored(keras, kind):
    layers = keras.layers
    recurrent = layers.Bidirectional(getattr(layers, kind)(4))
    model = stacked(keras, (5, 3), recurrent, layers.Dense(2, activation="softmax"))
    with pytest.warns(NonHomogeneousWarning, match="tanh → relu"):
        found = synflow(model)
    assert len(found) == 5 and all((s > 0).all() for s in found.values())


def test_attention_and_normalisation_of_the_example_are_scored(keras):
    layers = keras.layers
    inputs = layers.Input((5,), dtype="int32")
    x = layers.Embedding(10, 4)(inputs)
    x = layers.LayerNormalization()(layers.Add()([x, layers.MultiHeadAttention(2, 2)(x, x)]))
    model = keras.Model(inputs, layers.Dense(2)(layers.GlobalMaxPooling1D()(x)))
    with pytest.warns(NonHomogeneousWarning, match="its scale and offset.*Softmax → shares"):
        found = synflow(model)
    assert len(found) == 5 and all((s > 0).all() for s in found.values())


def test_preprocessing_inside_the_model_is_left_out(keras):
    """Pixels of 1 scaled to [-1, 1] are negative, and ReLU would let nothing through."""
    layers = keras.layers
    scaling = layers.Rescaling(1 / 127.5, -1)
    convolution = layers.Conv2D(2, 3, activation="relu")
    tail = [convolution, layers.Flatten(), layers.Dense(2)]
    with pytest.warns(NonHomogeneousWarning, match="Rescaling → left out"):
        found = totals(stacked(keras, (6, 6, 3), scaling, *tail, dtype="uint8"))
    assert found[0] == pytest.approx(found[1]) and found[0] > 0


def test_every_kind_of_convolution_is_scored_and_conserves_the_flow(keras):
    layers = keras.layers
    images = stacked(
        keras,
        (6, 6, 4),
        layers.Conv2D(4, 3, groups=2, activation="relu"),
        layers.DepthwiseConv2D(3, padding="same"),
        layers.SeparableConv2D(3, 2, dilation_rate=2),
        layers.Conv2DTranspose(2, 2, strides=2),
        layers.LeakyReLU(),
        layers.UpSampling2D(),
        layers.Flatten(),
        layers.Dense(2),
    )
    volumes = stacked(
        keras,
        (6, 6, 6, 2),
        layers.Conv3D(3, 2, activation="relu"),
        layers.MaxPooling3D(),
        layers.Conv3DTranspose(2, 2),
        layers.Flatten(),
        layers.Dense(2),
    )
    for model in (images, volumes):
        found = totals(model)
        np.testing.assert_allclose(found, found[0], rtol=1e-12)


def test_half_precision_models_are_scored_in_double(keras, networks):
    def model(policy):
        keras.utils.set_random_seed(3)
        layers = [keras.layers.Dense(4, activation="relu", dtype=policy)]
        return stacked(keras, (3,), *layers, keras.layers.Dense(2, dtype=policy))

    mixed, single = synflow(model("mixed_float16")), synflow(model("float32"))
    for a, b in zip(mixed.values(), single.values(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13)


def spectrum(keras):
    class Spectrum(keras.layers.Layer):
        def call(self, inputs):
            return tf.abs(tf.signal.rfft(inputs))

        def compute_output_shape(self, shape):
            return (shape[0], int(shape[-1]) // 2 + 1)

    layers = keras.layers
    return stacked(keras, (5,), layers.Dense(8, use_bias=False), Spectrum(), layers.Dense(2))


def pooled(keras):
    layers = keras.layers
    pooling = [layers.AveragePooling3D(2, padding="same"), layers.Flatten()]
    first = layers.Conv3D(3, 2, use_bias=False)
    return stacked(keras, (5, 5, 5, 2), first, *pooling, layers.Dense(2))


def antialiased(keras):
    class Smaller(keras.layers.Layer):
        def call(self, inputs):
            return tf.image.resize(inputs, (3, 3), antialias=True)

        def compute_output_shape(self, shape):
            return (shape[0], 3, 3, shape[-1])

    layers = keras.layers
    ending = [Smaller(), layers.Flatten(), layers.Dense(2)]
    return stacked(keras, (7, 7, 2), layers.Conv2D(3, 2, use_bias=False), *ending)


@pytest.mark.parametrize("make", [pooled, antialiased])
def test_flow_goes_through_what_has_no_kernel_in_float64(keras, make):
    """What flows in and out of the layers on either side is the same, in the range of float64."""
    model = make(keras)
    before, after = totals(model)
    assert before > 0
    np.testing.assert_allclose(before, after, rtol=1e-5)
    small = scores.SynFlow(input_value=1e-150)
    tiny = small(model, scores.Evidence(weights.read(model)))
    assert all(0 < s.sum() < 1e-250 for s in tiny.values())


def test_complex_numbers_between_are_as_wide(keras):
    """A transform makes negative parts, which flow too; into the last layer flows all of it."""
    model = spectrum(keras)
    first, last = (np.abs(k.astype(np.float64)) for k in weights.read(model).values())
    flow = np.abs(np.fft.rfft(first.sum(0))) @ last.sum(1)
    found = totals(model)
    assert found[0] >= found[1]
    np.testing.assert_allclose(found[1], flow, rtol=1e-14)
