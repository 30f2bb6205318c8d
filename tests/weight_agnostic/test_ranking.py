import numpy as np

from tfticket.weight_agnostic.ranking import fronts, ranked

POINTS = np.array([[1.0, 5], [5, 1], [3, 3], [2, 2], [0, 6], [2, 3]])


def test_fronts_are_what_nothing_else_dominates():
    assert fronts(POINTS).tolist() == [0, 0, 0, 2, 0, 1]


def test_the_ends_of_a_front_come_before_its_middle_and_fronts_in_order():
    order = ranked(POINTS).tolist()
    assert set(order[:2]) == {1, 4}
    assert order[-2:] == [5, 3]


def test_a_front_is_ranked_by_how_alone_its_members_stand():
    line = np.array([[0.0, 10], [1, 9], [2, 8], [6, 4], [10, 0]])
    assert ranked(line).tolist() == [0, 4, 3, 2, 1]


def test_what_is_alike_keeps_its_order():
    assert ranked(np.ones((4, 2)))[:2].tolist() == [0, 1]


def test_no_front_has_a_member_that_dominates_another():
    points = np.random.default_rng(0).integers(0, 9, (120, 2)).astype(float)
    found = fronts(points)
    for front in range(found.max() + 1):
        members = points[found == front]
        better = (members[:, None] >= members).all(2) & (members[:, None] > members).any(2)
        assert not better.any()
