"""Chains of four operators, small enough to be followed by hand."""

from tfticket.tflite.rewriting import Node, rewriting

ENTER, STAY, LEAVE, STOP = (frozenset(roles) for roles in (["enter"], ["stay"], ["leave"], []))


def chain(*roles, zeros=9, right_last=()):
    """Operator `n` reads image `n` and writes image `n + 1`; each has ten weights."""
    return [
        Node(n, (n,), (n + 1,), role, n in right_last, num_weights=10, num_zeros=zeros)
        for n, role in enumerate(roles)
    ]


def test_a_chain_from_entry_to_exit_is_rewritten():
    found = rewriting(chain(ENTER, STAY, STAY, LEAVE, right_last=[3]), {0, 4})
    assert (found.members, found.broken) == ((1, 2, 3), -1)


def test_without_an_exit_nothing_is_rewritten():
    assert rewriting(chain(ENTER, STAY, STAY, STAY), {0, 4}).members == ()


def test_a_part_up_to_an_operator_that_stops_is_rewritten_and_broken():
    found = rewriting(chain(ENTER, STAY, STAY, STOP, STAY, LEAVE, right_last=[5]), {0, 6})
    assert (found.members, found.broken) == ((1, 2), 2)


def test_what_starts_outside_is_given_up():
    assert rewriting(chain(STAY, STAY, STAY, LEAVE), {0, 4}).members == ()


def test_two_thirds_of_zeros_are_not_enough():
    kept = [
        Node(n.operator, n.inputs, n.outputs, n.roles, True, num_weights=9, num_zeros=6)
        for n in chain(ENTER, STAY, LEAVE)
    ]
    assert rewriting(kept, {0, 3}).members == ()
    more = [
        Node(n.operator, n.inputs, n.outputs, n.roles, True, num_weights=9, num_zeros=7)
        for n in chain(ENTER, STAY, LEAVE)
    ]
    assert rewriting(more, {0, 3}).members == (1, 2)


def test_an_image_that_also_goes_elsewhere_is_not_turned():
    nodes = [*chain(ENTER, STAY, STAY, LEAVE, right_last=[3]), Node(4, (2,), (9,), STOP)]
    assert rewriting(nodes, {0, 4, 9}).members == ()
