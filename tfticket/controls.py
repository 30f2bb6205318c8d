"""Controls: what a ticket is compared with, each with exactly its number of weights per layer.

A ticket is worth something only if what it is made of matters: the same masks over other weights,
other masks over the same weights. Every control is a ticket itself and says in its provenance
which control it is and which seed it was drawn with. Controls of the data a ticket is found with —
random labels, shuffled pixels, half of the examples — are `zoo.corrupted`.

References:
    Frankle & Carbin 2019, https://arxiv.org/abs/1803.03635 (reinitialisation, D_m, random masks);
    Su et al. 2020, "Sanity-Checking Pruning Methods", https://arxiv.org/abs/2009.11094 (masks
    rearranged within each layer: `shuffle_mask`; kept weights shuffled: `reshuffle`)
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any, NamedTuple

from tfticket import actions, references
from tfticket.actions import RewindPoints
from tfticket.initializers import Draw, draws
from tfticket.masks import Masks, ones_like
from tfticket.registry import member
from tfticket.seeds import generator
from tfticket.tickets import Ticket

__all__ = ["CONTROLS", "Branch", "draws_anew", "make", "require_control"]

Drawn = dict[str, "Draw | None"]


class Branch(NamedTuple):
    """A control that is trained at certain levels.

    Args:
        control: its name.
        levels: at which rounds; none means the last.
    """

    control: str
    levels: tuple[int, ...] = ()


def make(control: str, ticket: Ticket, model: Any, *, seed: int) -> Ticket:
    """Makes a control of a ticket.

    Args:
        control: one of `CONTROLS`, or `module:function` or `file.py:function` of one's own, which
            is called with those of `ticket`, `drawn` (draws by path) and `seed` that it has
            parameters for, and returns a ticket.
        ticket: the ticket to compare with. What is drawn from the initialisation needs one that
            starts at step 0; `"dense"`, `"reshuffle"` and `"shuffle_mask"` take a later start as
            well, and leave the optimizer state and all that has no mask as it is there.
        model: a model of its architecture, for the layers' initialisers; not changed.
        seed: seed of the control's own random numbers.

    Returns:
        A ticket over the same paths.

    Raises:
        ValueError: if there is no such control, the ticket does not start at step 0 where that is
            needed, or it holds pruned weights at other values than 0.
    """
    change = require_control(control)
    if ticket.step != 0 and control not in _AT_ANY_STEP:
        raise ValueError(
            f"`ticket` must start at step 0: {control!r} is drawn at the initialisation."
            f" Received: ticket.step={ticket.step}. Use the search's rewind point 0."
        )
    if ticket.pruned_values:
        raise ValueError(
            "`ticket` must hold its pruned weights at 0: a control has none to hold at other"
            f" values. Received: pruned_values of {sorted(ticket.pruned_values)}"
        )
    masks = ticket.masks_for(model)  # the ticket fits, or says what differs
    drawn = dict(zip(ticket.masks, _draws_in_order(model, masks), strict=True))
    made = change(ticket, drawn, seed)
    provenance = {**ticket.provenance, "control": control, "control_seed": seed}
    return dataclasses.replace(made, provenance=provenance)


def require_control(control: str) -> Callable[[Ticket, Drawn, int], Ticket]:
    """Returns what makes a control.

    Args:
        control: one of `CONTROLS`, or `module:function` or `file.py:function`.

    Raises:
        ValueError: if there is none of this name.
    """
    if ":" in control:
        return functools.partial(_own, control, references.resolve(control))
    return member(control, CONTROLS, "control")


def draws_anew(control: str) -> bool:
    """Tells whether a control's weights are others than its ticket's; of one's own it is not known.

    Args:
        control: a name.
    """
    return control in _ANEW


def _own(name: str, function: Any, ticket: Ticket, drawn: Drawn, seed: int) -> Ticket:
    options = {"ticket": ticket, "drawn": drawn, "seed": seed}
    made = references.called(function, options, name)
    if not isinstance(made, Ticket) or {p: m.shape for p, m in made.masks.items()} != {
        p: m.shape for p, m in ticket.masks.items()
    }:
        raise TypeError(
            f"{name!r} must return a Ticket over the same weights as the one it is given."
            f" Received: {type(made).__name__}"
        )
    return made


def _draws_in_order(model: Any, masks: Masks) -> list[Draw | None]:
    found = draws(model, masks)
    return [found.get(p) for p in masks]


def _by(action: actions.Action, ticket: Ticket, drawn: Drawn) -> Ticket:
    known = {p: d for p, d in drawn.items() if d is not None}
    start = action(ticket.weights, ticket.masks, RewindPoints({0: ticket.weights}, known))
    return dataclasses.replace(ticket, weights=start)


def _reinitialize(ticket: Ticket, drawn: Drawn, seed: int) -> Ticket:
    """The same mask; weights drawn anew from the layers' initialisers."""
    return _by(actions.Reinitialize(seed), ticket, drawn)


def _reinitialize_from_kept(ticket: Ticket, drawn: Drawn, seed: int) -> Ticket:
    """The same mask; weights drawn from the layer's kept initial values (D_m)."""
    return _by(actions.ReinitializeFromKept(seed), ticket, drawn)


def _reshuffle(ticket: Ticket, drawn: Drawn, seed: int) -> Ticket:
    """The same mask; kept initial values change places within their layer."""
    return _by(actions.Reshuffle(seed), ticket, drawn)


def _shuffle_mask(ticket: Ticket, drawn: Drawn, seed: int) -> Ticket:
    """The mask's entries change places within their layer, over the ticket's initial weights."""
    shuffled = {
        p: generator(seed, "shuffle_mask", p).permutation(m.ravel()).reshape(m.shape)
        for p, m in ticket.masks.items()
    }
    return dataclasses.replace(ticket, masks=Masks(shuffled))


def _random_sparse(ticket: Ticket, drawn: Drawn, seed: int) -> Ticket:
    """A random mask with the ticket's counts per layer, over weights drawn anew."""
    return _reinitialize(_shuffle_mask(ticket, drawn, seed), drawn, seed)


def _dense(ticket: Ticket, drawn: Drawn, seed: int) -> Ticket:
    """Every weight kept: the network the ticket comes from."""
    return dataclasses.replace(ticket, masks=ones_like(ticket.masks))


#: Every control by its name: `(ticket, draws, seed) -> ticket`.
CONTROLS: dict[str, Callable[[Ticket, Drawn, int], Ticket]] = {
    "reinitialize": _reinitialize,
    "reinitialize_from_kept": _reinitialize_from_kept,
    "reshuffle": _reshuffle,
    "random_sparse": _random_sparse,
    "shuffle_mask": _shuffle_mask,
    "dense": _dense,
}

_ANEW = ("reinitialize", "reinitialize_from_kept", "random_sparse")
_AT_ANY_STEP = ("dense", "reshuffle", "shuffle_mask")
