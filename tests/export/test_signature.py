import numpy as np
import pytest

from tfticket.export.signature import reference, signature


def test_automatic_names_are_replaced_and_given_ones_kept(keras):
    automatic, named = keras.Input((2,)), keras.Input((3,), name="pixels")
    model = keras.Model([automatic, named], keras.layers.Concatenate()([automatic, named]))
    assert signature(model).names == ("input_0", "pixels")


def test_outputs_are_those_of_the_model_whatever_the_number_of_examples(small):
    given = signature(small)
    samples = given.sample(67, seed=0)
    found = reference(small, given, samples)
    np.testing.assert_allclose(
        found["output_0"], np.asarray(small(samples["image"])), rtol=1e-5, atol=1e-6
    )


def test_open_shapes_need_examples(keras):
    model = keras.Sequential([keras.layers.Input((None, 3)), keras.layers.Dense(2)])
    with pytest.raises(ValueError, match="open shape"):
        signature(model).sample(4, seed=0)
    taken = signature(model).take(np.ones((9, 5, 3)), 4)
    assert taken["input_0"].shape == (4, 5, 3)
    assert taken["input_0"].dtype == np.float32


def test_a_missing_input_is_an_error(keras):
    inputs = [keras.Input((2,), name="left"), keras.Input((3,), name="right")]
    model = keras.Model(inputs, keras.layers.Concatenate()(inputs))
    with pytest.raises(ValueError, match="left.*right"):
        signature(model).take([np.ones((4, 2))], 4)


def test_examples_must_have_the_form_of_the_inputs(keras):
    inputs = {"left": keras.Input((2,), name="left"), "right": keras.Input((2,), name="right")}
    model = keras.Model(inputs, keras.layers.Concatenate()(list(inputs.values())))
    given, rows = signature(model), np.arange(8.0).reshape(4, 2)
    taken = given.take({"right": rows, "left": rows + 1}, 4)
    np.testing.assert_array_equal(taken["left"], rows + 1)
    for wrong in ([rows, rows], {"left": rows, "wrong": rows}, {"left": rows, "right": rows[:3]}):
        with pytest.raises(ValueError, match="for each of the model's inputs"):
            given.take(wrong, 4)


def test_drawn_inputs_fit_integer_inputs(keras):
    model = keras.Sequential(
        [keras.layers.Input((3,), dtype="int32"), keras.layers.Embedding(2, 4)]
    )
    drawn = signature(model).sample(20, seed=0)["input_0"]
    assert (drawn.dtype, sorted(set(drawn.ravel()))) == (np.int32, [0, 1])
