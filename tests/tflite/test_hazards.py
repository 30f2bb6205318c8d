"""One test per trap, on files that TensorFlow's converter itself writes wherever it can."""

import keras
import numpy as np
import pytest

from tfticket.export import encode, inspect
from tfticket.export.convert import dense_tflite, served
from tfticket.export.signature import signature
from tfticket.litert.quiet import quiet
from tfticket.tflite import flatbuffer
from tfticket.tflite.file import File
from tfticket.tflite.hazards import hazards


def theirs(layers, weights="float32", block=1, sparsity=0.8):
    """What the converter's own sparsity flag makes of a network with zeros."""
    import tensorflow as tf

    model = keras.Sequential(layers)
    generator = np.random.default_rng(0)
    model.set_weights([_pruned(w, generator, sparsity, block) for w in model.get_weights()])
    with quiet():
        given = signature(model)
        module = served(model, given)
        function = module.serve.get_concrete_function()
        converter = tf.lite.TFLiteConverter.from_concrete_functions([function], module)
        converter.optimizations = [tf.lite.Optimize.EXPERIMENTAL_SPARSITY]
        if weights != "float32":
            converter.optimizations += [tf.lite.Optimize.DEFAULT]
        if weights == "float16":
            converter.target_spec.supported_types = [tf.float16]
        if weights == "int8":
            examples = given.sample(8, 0)[given.names[0]]
            converter.representative_dataset = lambda: ([x[None]] for x in examples)
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        return flatbuffer.read(converter.convert())


def _pruned(weight, generator, sparsity, block):
    if weight.ndim < 2:
        return weight
    rows = -(-weight.shape[0] // block)
    kept = generator.random((rows, *weight.shape[1:])) >= sparsity
    return weight * np.repeat(kept, block, axis=0)[: weight.shape[0]]


def dense(num_inputs):
    return [keras.layers.Input((num_inputs,)), keras.layers.Dense(70)]


def codes(model):
    return [found.code for found in hazards(file(model))]


def file(model):
    return File(flatbuffer.write(model))


def first_sparse(model):
    return next(t for t in model.subgraphs[0].tensors if t.sparsity is not None)


@pytest.mark.parametrize(
    ("weights", "num_inputs", "block", "sparsity"),
    [("float32", 90, 4, 0.8), ("float32", 90, 1, 0.98), ("int8", 72, 16, 0.8)],
)
def test_g1_blocks_that_do_not_divide_the_inputs(weights, num_inputs, block, sparsity):
    (found,) = hazards(file(theirs(dense(num_inputs), weights, block, sparsity)))
    assert found.code == "G1"
    assert f"the last {num_inputs % max(block, 4)} are silently dropped" in found.message


@pytest.mark.parametrize(("block", "sparsity"), [(4, 0.8), (1, 0.98)])
def test_g2_float16_in_blocks(block, sparsity):
    assert codes(theirs(dense(96), "float16", block, sparsity)) == ["G2"]


@pytest.mark.parametrize("block", [1, 16])
def test_g3_sparse_integers_beside_float_activations(block):
    assert codes(theirs(dense(96), "dynamic", block)) == ["G3"]


def test_g4_sparse_int8_weights_element_by_element():
    assert codes(theirs(dense(96), "int8")) == ["G4"]


def test_int8_in_blocks_that_fit_has_no_warning():
    assert codes(theirs(dense(96), "int8", block=16)) == []


def _network(*inside, keepdims=False):
    layers = keras.layers
    entry = [layers.Input((16, 16, 3)), layers.ZeroPadding2D(1), layers.Conv2D(8, 3, strides=2)]
    average = layers.GlobalAveragePooling2D(keepdims=keepdims)
    head = [layers.Conv2D(30, 1), layers.Reshape((30,))] if keepdims else [layers.Dense(30)]
    return [*entry, layers.ReLU(6.0), *inside, layers.Conv2D(64, 1), average, *head]


def test_g5_a_graph_that_phones_rewrite_in_part():
    inside = [keras.layers.Conv2D(32, 1), keras.layers.MaxPooling2D()]
    found = hazards(file(theirs(_network(*inside))))
    assert [h.code for h in found] == ["G5"]
    assert "not MAX_POOL_2D" in found[0].message
    assert "older x86 they are garbage" in found[0].message


def test_g5_is_not_warned_of_below_two_thirds_of_zeros():
    inside = [keras.layers.Conv2D(32, 1), keras.layers.MaxPooling2D()]
    assert codes(theirs(_network(*inside), sparsity=0.5)) == []


def test_g5_says_may_where_it_depends_on_the_version():
    import keras

    inside = [keras.layers.Conv2D(32, 1, activation="relu"), keras.layers.Cropping2D(1)]
    (found,) = hazards(file(theirs(_network(*inside))))
    assert "older x86 they may be garbage" in found.message


def test_g6_a_global_average_that_keeps_its_dimensions():
    assert codes(theirs(_network(keepdims=True))) == ["G6"]


def test_g7_sparse_float16_of_a_transposed_convolution():
    layers = [keras.layers.Input((5, 5, 8)), keras.layers.Conv2DTranspose(16, 3)]
    assert codes(theirs(layers, "float16")) == ["G7"]


def test_g8_a_description_that_contradicts_itself(converted, zeroed, tmp_path):
    model = flatbuffer.read(encode(zeroed(converted("odd"), 0.9))[0])
    tensor = first_sparse(model)
    vector = tensor.sparsity.dimMetadata[-1].arrayIndices
    vector.values = vector.values[:-1]
    path = tmp_path / "damaged.tflite"
    path.write_bytes(flatbuffer.write(model))
    found = inspect(path)
    assert [(w.code, w.tensor) for w in found.warnings] == [("G8", tensor.name.decode())]
    assert [row.encoding for row in found.tensors].count("damaged") == 1
    assert "warning G8, " in str(found)


def test_g9_blocks_larger_than_the_weight():
    model = theirs(dense(96), block=4)
    first_sparse(model).shape = np.array([70, 3], np.int32)
    assert codes(model) == ["G9"]


def test_g9_our_own_encoder_refuses_them():
    from tfticket.tflite import csr

    with pytest.raises(ValueError, match="multiple of 4"):
        csr.pack_blocks(np.zeros((70, 3)))


def test_g10_wrappers_that_were_not_stripped():
    import tf_keras

    from tfticket._tfmot import tfmot

    plain = tf_keras.Sequential([tf_keras.layers.Dense(40, input_shape=(64,), name="head")])
    wrapped = tfmot().sparsity.keras.prune_low_magnitude(plain)
    (found,) = hazards(dense_tflite(wrapped, signature(wrapped)))
    assert found.code == "G10"
    assert "strip_pruning" in found.message


def test_g10_names_of_wrappers_give_them_away(converted):
    model = flatbuffer.read(converted("odd"))
    model.subgraphs[0].tensors[-1].name = b"net/prune_low_magnitude_dense/MatMul"
    assert codes(model) == ["G10"]


@pytest.mark.parametrize("weights", ["float32", "float16", "dynamic"])
@pytest.mark.parametrize("name", ["lenet", "transposed", "stem"])
def test_our_own_files_have_no_warning(converted, zeroed, name, weights):
    blob, _ = encode(zeroed(converted(name, weights), 0.9), encoding="compute")
    assert codes(flatbuffer.read(blob)) == []
