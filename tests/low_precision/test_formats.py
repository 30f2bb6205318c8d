import numpy as np
import pytest
import tensorflow as tf

from tfticket.low_precision import PRECISIONS, NumberFormat, precision_of

X = np.random.default_rng(0).normal(size=4_000).astype("f") * np.float32(10.0) ** np.tile(
    np.arange(-6, 2, dtype="f"), 500
)
NATIVE = {"e4m3": "float8_e4m3fn", "e5m2": "float8_e5m2", "bfloat16": "bfloat16"}
FLOATS = [PRECISIONS["bfloat16"].forward, PRECISIONS["float8"].forward]
FLOATS += [PRECISIONS["float8"].backward]
INTEGERS = PRECISIONS["int8"].forward


def native(name):
    import ml_dtypes

    return getattr(ml_dtypes, NATIVE[name])


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize("form", FLOATS, ids=lambda f: f.name)
def test_floats_are_those_that_a_cast_there_and_back_leaves(form, jit):
    """Also with XLA, which may leave out a cast there and back."""
    found = tf.function(form.rounded, jit_compile=jit)(tf.constant(X)).numpy()
    scale = 1.0
    if form.largest:
        scale = 2.0 ** np.floor(np.log2(form.largest / np.abs(X).max()))
    expected = (X * np.float32(scale)).astype(native(form.name)).astype("f") / np.float32(scale)
    np.testing.assert_array_equal(found, expected)
    assert len(np.unique(found)) < len(X) * 0.8


def test_integers_are_127_steps_to_either_side_of_zero():
    found = INTEGERS.rounded(tf.constant(X)).numpy()
    step = np.abs(X).max() / 127
    np.testing.assert_allclose(found, np.round(X / step) * step, rtol=1e-5, atol=1e-9)
    assert np.abs(np.round(found / step)).max() == 127


def test_rounding_at_random_is_right_on_average_and_to_one_of_the_neighbours():
    x = tf.constant(np.append(np.full(20_000, 0.3, "f"), 127.0).astype("f"))
    noise = tf.random.stateless_uniform(x.shape, seed=[0, 1])
    found = INTEGERS.rounded(x, noise).numpy()
    assert set(found[:-1]) == {0.0, 1.0} and found[-1] == 127.0
    assert found[:-1].mean() == pytest.approx(0.3, abs=0.01)


@pytest.mark.parametrize("form", [*FLOATS, INTEGERS], ids=lambda f: f.name)
def test_zeros_stay_zeros_and_what_was_rounded_stays_as_it_is(form):
    np.testing.assert_array_equal(form.rounded(tf.zeros(3)).numpy(), np.zeros(3))
    once = form.rounded(tf.constant(X))
    np.testing.assert_allclose(form.rounded(once).numpy(), once.numpy(), rtol=1e-6)


@pytest.mark.parametrize("form", [*FLOATS, INTEGERS], ids=lambda f: f.name)
@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_what_is_no_number_is_not_hidden(form, wrong):
    found = form.rounded(tf.constant([1.0, wrong, 2.0], tf.float32)).numpy()
    assert not np.isfinite(found[1])


def test_tiny_tensors_are_scaled_and_those_of_next_to_nothing_are_zeros():
    e5m2 = PRECISIONS["float8"].backward
    tiny = np.array([1e-12, 3e-13, -7e-14], "f")
    np.testing.assert_allclose(e5m2.rounded(tf.constant(tiny)).numpy(), tiny, rtol=0.13)
    assert np.isfinite(e5m2.rounded(tf.constant([1e-37], tf.float32)).numpy()).all()


def test_precisions_are_found_by_name():
    assert precision_of("float32") is None
    own = NumberFormat("e3m4", mantissa_bits=4, lowest_exponent=-2, largest=15.5)
    assert own.rounded(tf.constant([15.5, 0.3])).numpy()[0] == 15.5
    assert precision_of(PRECISIONS["int8"]) is PRECISIONS["int8"]
    assert "e4m3 forward, e5m2 backward; emulated in float32" in str(PRECISIONS["float8"])
    assert "int8 forward, int8 backward at random" in str(PRECISIONS["int8"])
    with pytest.raises(ValueError, match=r"`precision` must be one of .* Did you mean 'float8'"):
        precision_of("float9")
