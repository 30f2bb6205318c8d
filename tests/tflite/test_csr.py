import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfticket.errors import CorruptFileError
from tfticket.tflite import csr

SPARSE_FLOATS = st.sampled_from([0.0, 0.0, 0.0, -0.0, 1.5, -2.0])
SHAPES = hnp.array_shapes(min_dims=2, max_dims=4, min_side=1, max_side=9)


@settings(deadline=None)
@given(hnp.arrays(np.float32, SHAPES, elements=SPARSE_FLOATS))
def test_what_is_packed_unpacks_to_the_same_weight(weight):
    packed = csr.pack(weight)
    np.testing.assert_array_equal(
        csr.unpack(weight.shape, csr.describe(packed), packed.values), weight
    )
    assert packed.values.size == max(1, np.count_nonzero(weight))


@settings(deadline=None)
@given(hnp.arrays(np.float32, st.tuples(st.integers(1, 7), st.just(12)), elements=SPARSE_FLOATS))
def test_blocks_unpack_to_the_same_weight(weight):
    packed = csr.pack_blocks(weight)
    np.testing.assert_array_equal(
        csr.unpack(weight.shape, csr.describe(packed), packed.values), weight
    )


def test_negative_zeros_are_zeros():
    packed = csr.pack(np.array([[-0.0, 3.0, -0.0]], np.float32))
    assert packed.values.tolist() == [3.0]


def test_a_weight_of_zeros_keeps_one_explicit_zero():
    packed = csr.pack(np.zeros((2, 3), np.float32))
    assert packed.values.tolist() == [0.0]
    assert packed.segments.tolist() == [0, 1, 1]


def test_blocks_refuse_a_tail():
    with pytest.raises(ValueError, match="multiple of 4 inputs"):
        csr.pack_blocks(np.ones((2, 6)))


@pytest.mark.parametrize(
    ("maximum", "expected"),
    [(255, "uint8"), (256, "uint16"), (65535, "uint16"), (65536, "int32")],
)
def test_indices_take_the_smallest_type_that_holds_them(maximum, expected):
    assert csr.index_type(maximum).name == expected


@pytest.mark.parametrize(
    ("segments", "indices"),
    [([0, 1], [0, 1]), ([0, 2, 1], [0, 1]), ([1, 1, 2], [0, 1]), ([0, 1, 3], [0, 1])],
)
def test_segments_that_do_not_add_up_are_refused(segments, indices):
    inner = csr.Dimension(segments=np.array(segments), indices=np.array(indices))
    given = csr.Description((csr.Dimension(size=2), inner), (0, 1))
    with pytest.raises(CorruptFileError):
        csr.unpack((2, 3), given, np.ones(2))


@pytest.mark.parametrize("indices", [[0, 3], [0, -1]])
def test_indices_outside_the_row_are_refused(indices):
    inner = csr.Dimension(segments=np.array([0, 1, 2]), indices=np.array(indices))
    given = csr.Description((csr.Dimension(size=2), inner), (0, 1))
    with pytest.raises(CorruptFileError, match="outside"):
        csr.unpack((2, 3), given, np.ones(2))


def test_bounds_count_values_indices_and_segments():
    # 2 kept of 6: two floats, two one-byte indices, three one-byte segments; one byte of bits.
    assert csr.csr_bound((2, 3), 2, itemsize=4) == 8 + 2 + 3
    assert csr.bitmask_bound((2, 3), 2, itemsize=4) == 8 + 1
