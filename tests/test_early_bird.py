import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfticket.early_bird import EarlyBird, open_fraction
from tfticket.errors import MismatchError
from tfticket.masks import ones_like
from tfticket.selection import select


def mask(*kept, size=10):
    return {"layer": np.isin(np.arange(size), kept)}


HALF = (0, 1, 2, 3, 4)


def test_the_ticket_emerges_when_the_newest_mask_is_near_to_all_others_in_the_queue():
    bird = EarlyBird(epsilon=0.3, queue_length=3)
    seen = [HALF, (5, 6, 7, 8, 9), (0, 6, 7, 8, 9), (5, 6, 7, 8, 9), (5, 6, 7, 8, 9)]
    assert [bird.observe(mask(*m), step=s) for s, m in enumerate(seen)] == [
        *(False, False),  # the queue is not full
        False,  # 1.0 and 0.2 from the others, and 0.8 from the first
        True,  # 0.0 and 0.2
        True,
    ]
    assert [o.distances for o in bird.observations] == [
        (),
        (1.0,),
        (0.8, 0.2),
        (0.0, 0.2),
        (0.2, 0.0),
    ]


def test_only_as_many_masks_as_the_queue_is_long_are_compared():
    bird = EarlyBird(epsilon=0.3, queue_length=2)
    assert not bird.observe(mask(5, 6, 7, 8, 9), step=1)
    assert not bird.observe(mask(*HALF), step=2)
    assert bird.observe(mask(*HALF), step=3)


def test_a_mask_that_ties_leave_open_decides_nothing_and_empties_the_queue():
    bird = EarlyBird(epsilon=0.1, queue_length=2)
    assert not any(bird.observe(mask(*HALF), step=s, open_fraction=1.0) for s in range(6))
    assert all(not o.is_decided for o in bird.observations)
    assert not bird.observe(mask(*HALF), step=6)
    assert bird.observe(mask(*HALF), step=7)
    bird.observe(mask(*HALF), step=8, open_fraction=0.5)
    assert not bird.observe(mask(*HALF), step=9)


def test_the_matrix_has_the_distance_of_every_two_masks():
    bird = EarlyBird()
    for step, kept in enumerate([HALF, (0, 1, 2, 3, 5), (5, 6, 7, 8, 9)]):
        bird.observe(mask(*kept), step=step)
    expected = [[0, 0.2, 1], [0.2, 0, 0.8], [1, 0.8, 0]]
    np.testing.assert_allclose(bird.distance_matrix(), expected)


def test_masks_are_compared_over_all_layers_together():
    bird = EarlyBird(queue_length=2)
    bird.observe({"a": np.array([True, False]), "b": np.array([True, True])}, step=0)
    bird.observe({"a": np.array([False, True]), "b": np.array([True, True])}, step=1)
    assert bird.observations[-1].distances == (0.5,)
    with pytest.raises(MismatchError):
        bird.observe({"a": np.array([False, True])}, step=2)


def test_a_sparsity_at_which_all_masks_are_alike_is_refused():
    bird = EarlyBird(epsilon=0.3)
    with pytest.raises(ValueError, match="any two masks are that near"):
        bird.observe(mask(0), step=0)
    with pytest.raises(ValueError, match="any two masks are that near"):
        EarlyBird(epsilon=0.3).observe(mask(*range(9)), step=0)


@pytest.mark.parametrize("wrong", [{"epsilon": 0}, {"epsilon": 1}, {"queue_length": 1}])
def test_numbers_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        EarlyBird(**wrong)


@given(
    st.lists(st.integers(0, 3), min_size=4, max_size=30),
    st.floats(0.1, 0.9),
    st.sampled_from(["global", "layer"]),
)
def test_the_open_fraction_bounds_what_another_choice_among_equals_could_change(
    values, sparsity, scope
):
    """Ties are broken by position; from the other end they are broken the other way."""
    half = len(values) // 2
    scores = {"a": np.array(values[:half], float), "b": np.array(values[half:], float)}
    backwards = {n: s[::-1] for n, s in scores.items()}
    kept = select(scores, ones_like(scores), sparsity, scope=scope, on_collapse="ignore")
    other = select(backwards, ones_like(scores), sparsity, scope=scope, on_collapse="ignore")
    differ = sum(int((kept[n] != other[n][::-1]).sum()) for n in scores)
    if scope == "layer":  # in one ranking also the order of the layers breaks ties
        assert differ / len(values) <= open_fraction(scores, kept, scope, sparsity) + 1e-9
    together = np.concatenate(list(scores.values()))
    if len(set(together)) == len(together):
        assert open_fraction(scores, kept, scope, sparsity) == 0
