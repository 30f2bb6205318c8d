"""Arrays that stay as they are are held, others are copied."""

import numpy as np
import pytest

from tfticket import _keras
from tfticket.constant import constant


def test_what_can_be_written_to_is_copied():
    array = np.arange(4.0)
    held = constant(array)
    array[0] = 7
    assert held.tolist() == [0, 1, 2, 3]
    assert not held.flags.writeable
    assert constant(held) is held


def test_a_view_of_what_can_be_written_to_is_copied():
    array = np.arange(4.0)
    view = array[1:]
    view.setflags(write=False)
    held = constant(view)
    array[:] = 7
    assert held.tolist() == [1, 2, 3]


def test_a_mapped_file_is_copied(tmp_path):
    np.save(tmp_path / "numbers.npy", np.arange(4.0))
    mapped = np.load(tmp_path / "numbers.npy", mmap_mode="r")
    assert not np.shares_memory(constant(mapped), mapped)


def test_a_view_of_what_stays_is_held():
    array = np.arange(4.0)
    array.setflags(write=False)
    assert constant(array[1:]).base is array


@pytest.mark.parametrize("jit_compile", [False, True])
def test_the_value_of_a_variable_is_held_and_stays_while_the_model_trains(keras, jit_compile):
    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2)])
    model.compile(keras.optimizers.Adam(0.1), "mse", jit_compile=jit_compile)
    values = [np.asarray(_keras.value_of(v)) for v in model.trainable_variables]
    held = [constant(v) for v in values]
    assert all(h is v for h, v in zip(held, values, strict=True))
    before = [np.array(h) for h in held]
    model.fit(np.ones((8, 3)), np.ones((8, 2)), epochs=2, verbose=0)
    assert all(np.array_equal(h, b) for h, b in zip(held, before, strict=True))
    assert any(
        not np.array_equal(_keras.value_of(v), b)
        for v, b in zip(model.trainable_variables, before, strict=True)
    )
