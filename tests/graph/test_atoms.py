import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tfticket.graph.atoms import Atoms


def test_ties_reach_through_others():
    atoms = Atoms()
    first, second, third = (atoms.fresh(2) for _ in range(3))
    atoms.tie(second, third)
    atoms.tie(first, second)
    assert atoms.classes().tolist() == [0, 1, 0, 1, 0, 1]


def test_a_pin_holds_for_everything_tied_and_the_first_reason_counts():
    atoms = Atoms()
    first, second = atoms.fresh(2), atoms.fresh(2)
    atoms.tie(first, second)
    atoms.pin(second[:1], "mixed")
    atoms.pin(first, "shared")
    atoms.pin(first[1:], "an output", is_chief=True)
    assert atoms.pinned() == {0: "mixed", 1: "an output"}


@given(st.lists(st.tuples(st.integers(0, 19), st.integers(0, 19)), max_size=30))
def test_classes_are_the_connected_components(pairs):
    atoms = Atoms()
    every = atoms.fresh(20)
    for a, b in pairs:
        atoms.tie(every[[a]], every[[b]])
    expected = list(range(20))
    for _ in range(20):
        for a, b in pairs:
            expected[a] = expected[b] = min(expected[a], expected[b])
    assert np.array_equal(atoms.classes(), expected)
