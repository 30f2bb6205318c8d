import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tfticket.graph.channel_sets import ChannelSets


def test_ties_reach_through_others():
    sets = ChannelSets()
    first, second, third = (sets.fresh(2) for _ in range(3))
    sets.tie(second, third)
    sets.tie(first, second)
    assert sets.classes().tolist() == [0, 1, 0, 1, 0, 1]


def test_a_pin_holds_for_everything_tied_and_the_first_reason_counts():
    sets = ChannelSets()
    first, second = sets.fresh(2), sets.fresh(2)
    sets.tie(first, second)
    sets.pin(second[:1], "mixed")
    sets.pin(first, "shared")
    sets.pin(first[1:], "an output", is_chief=True)
    assert sets.pinned() == {0: "mixed", 1: "an output"}


@given(st.lists(st.tuples(st.integers(0, 19), st.integers(0, 19)), max_size=30))
def test_classes_are_the_connected_components(pairs):
    sets = ChannelSets()
    every = sets.fresh(20)
    for a, b in pairs:
        sets.tie(every[[a]], every[[b]])
    expected = list(range(20))
    for _ in range(20):
        for a, b in pairs:
            expected[a] = expected[b] = min(expected[a], expected[b])
    assert np.array_equal(sets.classes(), expected)
