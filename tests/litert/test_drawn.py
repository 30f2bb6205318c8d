"""Files of anybody, run on drawn inputs."""

import numpy as np
import pytest
import tensorflow as tf

from tfticket.errors import ExportError
from tfticket.litert.drawn import Source, run_drawn, tensor_shapes
from tfticket.tflite import encode


@pytest.fixture(scope="module")
def several(tmp_path_factory):
    """A file of four inputs of four types, one of which leaves two axes open."""

    @tf.function(
        input_signature=[
            tf.TensorSpec((None, None), tf.int32, name="ids"),
            tf.TensorSpec((None, 3), tf.float32, name="features"),
            tf.TensorSpec((1, 4), tf.uint8, name="pixels"),
            tf.TensorSpec((1,), tf.bool, name="flag"),
        ]
    )
    def serve(ids, features, pixels, flag):
        taken = tf.gather(tf.constant([[1.0], [2.0]]), ids)
        picked = tf.where(flag, tf.reduce_sum(features), -1.0)
        return {"taken": taken, "picked": picked, "seen": tf.cast(pixels, tf.float32)}

    module = tf.Module()
    module.serve = serve
    folder = tmp_path_factory.mktemp("several")
    tf.saved_model.save(module, str(folder / "saved"), signatures={"serving_default": serve})
    path = folder / "several.tflite"
    path.write_bytes(tf.lite.TFLiteConverter.from_saved_model(str(folder / "saved")).convert())
    return path


def test_every_type_is_drawn_and_a_seed_gives_the_same_numbers(several):
    shapes = {"ids": (1, 5)}
    first, found = run_drawn(several, input_shapes=shapes)
    again, _ = run_drawn(several, input_shapes=shapes, has_delegates=False)
    other, _ = run_drawn(several, seed=1, input_shapes=shapes)
    assert first.error == ""
    assert (1, 5) in found.values()
    for name, values in first.outputs.items():
        assert np.array_equal(values, again.outputs[name])
    assert any(not np.array_equal(v, other.outputs[n]) for n, v in first.outputs.items())
    pixels = next(v for v in first.outputs.values() if v.shape == (1, 4))
    assert pixels.max() > 1


@pytest.mark.parametrize(
    ("shapes", "said"),
    [
        ({}, "'serving_default_ids:0' leaves its shape open, .* give one, such as 1,64"),
        ({"tokens": (1, 5)}, "there is no input 'tokens': there are .*'ids'"),
        ({"": (1, 5)}, "there is no input ''"),
    ],
)
def test_what_is_open_must_be_given(several, shapes, said):
    run, found = run_drawn(several, input_shapes=shapes)
    assert found == {}
    with pytest.raises(ExportError, match=said):
        Source.of(several, shapes)
    assert run.error.startswith("the runtime failed: ValueError")


def test_a_copy_must_compute_what_its_source_does(converted, zeroed, tmp_path):
    dense = zeroed(converted("conv"), 0.8)
    source, copy = tmp_path / "source.tflite", tmp_path / "copy.tflite"
    source.write_bytes(dense)
    copy.write_bytes(encode(dense, encoding="storage")[0])
    reference = Source.of(source, {})
    assert reference.check(copy, "storage", is_direct=False).passed
    copy.write_bytes(zeroed(converted("conv"), 0.9))
    found = reference.check(copy, "storage", is_direct=False)
    assert not found.passed
    assert len(found.checks) == 4
    assert "against source" in found.reason


def test_a_file_that_does_not_run_has_no_shapes(tmp_path):
    path = tmp_path / "text.tflite"
    path.write_text("no model")
    assert tensor_shapes(path) == {}
    with pytest.raises(ExportError, match="itself does not run here"):
        Source.of(path, {})
