import numpy as np
import pytest

from tfticket.export import encode, phone_ready
from tfticket.export.convert import dense_tflite
from tfticket.export.signature import signature
from tfticket.litert.quiet import quiet
from tfticket.tflite import xnnpack
from tfticket.tflite.file import File


def mobilenet(keras, side=32):
    """A MobileNet in miniature, laid out as Keras' own: one-sided paddings, an average kept."""
    layers = keras.layers
    image = keras.Input((side, side, 3))
    x = layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False, name="stem")(image)
    x = layers.ReLU(6.0, name="stem_relu")(layers.BatchNormalization(name="stem_bn")(x))
    x = layers.DepthwiseConv2D(3, padding="same", use_bias=False, name="dw_1")(x)
    x = layers.Conv2D(16, 1, use_bias=False, name="pw_1")(x)
    x = layers.ZeroPadding2D(((0, 1), (0, 1)), name="pad_2")(x)
    x = layers.DepthwiseConv2D(3, strides=2, use_bias=False, name="dw_2")(x)
    x = layers.Conv2D(64, 1, name="pw_2")(x)
    x = layers.GlobalAveragePooling2D(keepdims=True, name="average")(x)
    x = layers.Conv2D(10, 1, padding="same", name="head")(layers.Dropout(0.1, name="drop")(x))
    x = layers.Activation("softmax", name="softmax")(layers.Reshape((10,), name="flat")(x))
    model = keras.Model(image, x, name="mobilenet")
    generator = np.random.default_rng(0)
    # Small enough that no ReLU6 is full: else every image gives the same.
    model.set_weights([generator.uniform(0.02, 0.2, w.shape) for w in model.get_weights()])
    model.get_layer("head").set_weights([generator.normal(size=(1, 1, 64, 10)) * 0.01, np.ones(10)])
    return model


def file_of(model):
    return dense_tflite(model, signature(model)).blob


def test_outputs_stay_as_they_are_and_phones_can_use_zeros(keras, tmp_path, zeroed):
    model = mobilenet(keras)
    new = phone_ready(model)
    images = np.random.default_rng(1).random((3, 32, 32, 3), np.float32)
    expected = np.asarray(model(images))
    assert np.ptp(expected, axis=0).max() > 1e-4
    np.testing.assert_allclose(np.asarray(new(images)), expected, atol=1e-6)
    assert xnnpack.cluster(File(file_of(model)), "enough").state == "none"
    dense = file_of(new)
    assert len(xnnpack.cluster(File(dense), "enough").weights) == 2
    _, rows = encode(zeroed(dense, 0.9))
    assert next(r for r in rows if r.shape == (64, 1, 1, 16)).encoding == "csr"
    with quiet():
        new.save(tmp_path / "new.keras")
    again = keras.models.load_model(tmp_path / "new.keras")
    np.testing.assert_array_equal(np.asarray(again(images)), np.asarray(new(images)))


def test_kernels_are_mirrored_for_even_images(keras):
    model = mobilenet(keras)
    new = phone_ready(model)
    kernels = [w for w in new.get_weights() if w.shape == (3, 3, 3, 8)]
    np.testing.assert_array_equal(kernels[0], model.get_layer("stem").get_weights()[0][::-1, ::-1])


def test_a_layer_in_the_way_is_named(keras):
    layers = keras.layers
    given = keras.Input((16, 16, 3))
    x = layers.Conv2D(4, 3, strides=2, padding="same", name="stem")(given)
    x = layers.MaxPooling2D(name="pool")(x)
    model = keras.Model(given, layers.GlobalAveragePooling2D(name="average")(x))
    with pytest.raises(ValueError, match="none of the layers known.*'pool' of type MaxPooling2D"):
        phone_ready(model)


def test_an_image_of_open_size_is_refused(keras):
    given = keras.Input((None, None, 3))
    model = keras.Model(given, keras.layers.Conv2D(4, 3, strides=2)(given))
    with pytest.raises(ValueError, match="one input of known size"):
        phone_ready(model)


def test_an_odd_image_cannot_have_one_sided_paddings(keras):
    with pytest.raises(ValueError, match="no mirror image.*'pad_2'"):
        phone_ready(mobilenet(keras, side=30))
