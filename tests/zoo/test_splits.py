import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfticket.zoo.splits import Split, cut, permutation, validation_count


def numbered(count):
    return Split(np.arange(count, dtype=np.float32), np.arange(count))


@settings(max_examples=50, deadline=None)
@given(st.integers(2, 200), st.data(), st.integers(0, 2**40))
def test_both_parts_of_a_cut_are_disjoint_complete_and_in_order(count, data, seed):
    size = data.draw(st.integers(1, count - 1))
    rest, off = cut(numbered(count), size, seed)
    assert len(off) == size
    assert sorted([*rest.y, *off.y]) == list(range(count))
    assert all(np.all(np.diff(part.y) > 0) for part in (rest, off))
    assert all(np.array_equal(part.x, part.y) for part in (rest, off))


def test_a_cut_depends_on_its_seed_and_name_alone():
    first, second = (cut(numbered(100), 10, 3)[1].y for _ in range(2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, cut(numbered(100), 10, 4)[1].y)
    assert not np.array_equal(first, cut(numbered(100), 10, 3, "test")[1].y)


def test_a_cut_does_not_share_memory_with_the_whole():
    whole = numbered(10)
    rest, off = cut(whole, 3, 0)
    assert not np.shares_memory(rest.x, whole.x)
    assert not np.shares_memory(off.x, whole.x)


def test_permutations_stay_as_they_are_for_good():
    # Published splits and data orders depend on these numbers.
    assert permutation(8, 0, "validation").tolist() == [2, 6, 5, 0, 3, 4, 7, 1]
    assert permutation(8, 1, "batches", 2).tolist() == [3, 1, 0, 5, 2, 4, 7, 6]


def test_every_position_comes_equally_often_first():
    firsts = [permutation(4, seed, "validation")[0] for seed in range(2_000)]
    assert np.bincount(firsts).min() > 430


def test_a_negative_seed_is_refused():
    with pytest.raises(ValueError, match=r"`seed` must be .* Received: seed=-1"):
        permutation(3, -1)


@pytest.mark.parametrize(("size", "count"), [(5_000, 5_000), (0.1, 6_000), (1, 1)])
def test_a_float_is_a_fraction_and_an_integer_a_count(size, count):
    assert validation_count(size, 60_000) == count


@pytest.mark.parametrize("size", [0, -1, 10, 1.0, 0.0, -0.5, 0.01])
def test_a_validation_size_that_empties_a_part_is_refused(size):
    with pytest.raises(ValueError, match="`validation_size` must leave"):
        validation_count(size, 10)


def test_a_split_has_as_many_targets_as_inputs():
    with pytest.raises(ValueError, match=r"len\(x\)=2, len\(y\)=3"):
        Split(np.zeros(2), np.zeros(3))


def test_a_split_is_not_empty():
    with pytest.raises(ValueError, match="at least one"):
        Split(np.zeros(0), np.zeros(0))
