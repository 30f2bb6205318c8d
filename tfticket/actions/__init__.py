"""What weights become after pruning: kept ones are rewound, kept, drawn anew; pruned ones held.

Actions are pure: `(weights, masks, rewind_points) -> arrays`. One on kept weights (`Action`) also
says where the training state — optimizer slots, normalisation statistics, learning-rate schedule —
goes back to; one on pruned weights (`PrunedAction`) says at which values they are held.
"""

from tfticket.actions.base import Action, PrunedAction, RewindPoints
from tfticket.actions.lookup import ACTIONS, PRUNED_ACTIONS, get, get_pruned
from tfticket.actions.pruned import FreezeAtInit, Zero, ZeroIfTowardZero
from tfticket.actions.redraw import (
    Reinitialize,
    ReinitializeFromKept,
    ReinitializeSparse,
    Reshuffle,
    SignedConstant,
)
from tfticket.actions.rescale import Rescale
from tfticket.actions.rewind import FineTune, Rewind, RewindLearningRate

__all__ = [
    "ACTIONS",
    "PRUNED_ACTIONS",
    "Action",
    "FineTune",
    "FreezeAtInit",
    "PrunedAction",
    "Reinitialize",
    "ReinitializeFromKept",
    "ReinitializeSparse",
    "Rescale",
    "Reshuffle",
    "Rewind",
    "RewindLearningRate",
    "RewindPoints",
    "SignedConstant",
    "Zero",
    "ZeroIfTowardZero",
    "get",
    "get_pruned",
]
