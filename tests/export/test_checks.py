import pytest

from tfticket.export import keras_file, savedmodel, tflite


def test_an_unbuilt_model_is_refused(keras, tmp_path):
    model = keras.Sequential([keras.layers.Dense(3)])
    with pytest.raises(ValueError, match="must be built"):
        tflite(model, tmp_path / "model.tflite")


def test_wrappers_of_tfmot_are_refused(tmp_path):
    import tf_keras

    from tfticket._tfmot import tfmot

    plain = tf_keras.Sequential([tf_keras.layers.Dense(4, input_shape=(8,), name="head")])
    wrapped = tfmot().sparsity.keras.prune_low_magnitude(plain)
    with pytest.raises(ValueError, match=r"strip_pruning.*wrapped layers=\['.*head'\]"):
        tflite(wrapped, tmp_path / "wrapped.tflite")


@pytest.mark.parametrize("write", [tflite, savedmodel, keras_file])
def test_what_is_no_keras_model_is_refused(write, tmp_path):
    with pytest.raises(TypeError, match="keras"):
        write(object(), tmp_path / "model.keras")
