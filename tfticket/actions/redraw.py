"""Actions that start kept weights from other values than their own initial ones.

Each is a control: it keeps some property of the initialisation (distribution, set of values, sign)
and gives up the rest. Everything that has no mask returns to its initial value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from tfticket.actions.base import Action, Arrays, RewindPoints
from tfticket.masks import Masks
from tfticket.seeds import generator

__all__ = [
    "Reinitialize",
    "ReinitializeFromKept",
    "ReinitializeSparse",
    "Reshuffle",
    "SignedConstant",
]


@dataclass(frozen=True)
class Reinitialize(Action):
    """Kept weights are drawn anew from their layer's initialiser; the rest returns to step 0.

    The control of the lottery-ticket paper: same mask, another initialisation.

    Args:
        seed: seed of the draw.
        signed: whether each weight keeps the sign of its own initial value.

    References:
        Frankle & Carbin 2019, section 2, https://arxiv.org/abs/1803.03635;
        Zhou et al. 2019, section 3, https://arxiv.org/abs/1905.01067
    """

    name = "reinitialize"
    seed: int = 0
    signed: bool = False

    def __call__(self, weights: Arrays, masks: Masks, rewind_points: RewindPoints) -> dict:
        unknown = [p for p in masks if p not in rewind_points.draws]
        if unknown:
            raise ValueError(
                "`masks` must be over weights whose layer has an initialiser."
                f" Received: {unknown} without one"
            )
        initial, fresh = rewind_points.at(0), {}
        for path in masks:
            drawn = rewind_points.draws[path](self.seed)
            fresh[path] = _with_sign_of(initial[path], drawn) if self.signed else drawn
        return rewind_points.initial_with(fresh)


@dataclass(frozen=True)
class ReinitializeSparse(Action):
    """Kept weights are drawn anew, larger by `1 / √density` of their layer.

    He's and Glorot's rules divide by the number of inputs; in a sparse layer only the kept ones
    count, and a draw that ignores it lets the signal die out over the layers. Everything that has
    no mask returns to step 0.

    Args:
        seed: seed of the draw.

    References:
        Liu et al. 2019, "Rethinking the Value of Network Pruning", section 3 and appendix,
        https://arxiv.org/abs/1810.05270
    """

    name = "reinitialize_sparse"
    seed: int = 0

    def __call__(self, weights: Arrays, masks: Masks, rewind_points: RewindPoints) -> dict:
        drawn = Reinitialize(self.seed)(weights, masks, rewind_points)
        for path, mask in masks.items():
            factor = (mask.size / max(1, int(np.count_nonzero(mask)))) ** 0.5
            drawn[path] = (drawn[path] * factor).astype(drawn[path].dtype)
        return drawn


@dataclass(frozen=True)
class ReinitializeFromKept(Action):
    """Each kept weight is drawn, with replacement, from its layer's *kept* initial values.

    The distribution D_m of the lottery-ticket paper: does the ticket's advantage come from the
    values it starts from, or only from their distribution?

    Args:
        seed: seed of the draw.

    References:
        Frankle & Carbin 2019, appendix F.3, https://arxiv.org/abs/1803.03635
    """

    name = "reinitialize_from_kept"
    seed: int = 0

    def __call__(self, weights: Arrays, masks: Masks, rewind_points: RewindPoints) -> dict:
        initial, drawn = rewind_points.at(0), {}
        for path, mask in masks.items():
            kept = initial[path][mask]
            drawn[path] = np.array(initial[path])
            drawn[path][mask] = generator(self.seed, "kept", path).choice(kept, kept.size)
        return rewind_points.initial_with(drawn)


@dataclass(frozen=True)
class Reshuffle(Action):
    """Initial values change places within their layer.

    Args:
        seed: seed of the permutation.
        among: `"kept"` shuffles the kept initial values; `"layer"` all of the layer's initial
            values, so that kept weights may start from values of pruned ones.
        signed: whether each weight keeps the sign of its own initial value, and only magnitudes
            change places.

    References:
        Zhou et al. 2019, section 3, https://arxiv.org/abs/1905.01067
    """

    name = "reshuffle"
    seed: int = 0
    among: Literal["kept", "layer"] = "kept"
    signed: bool = False

    def __post_init__(self) -> None:
        if self.among not in ("kept", "layer"):
            raise ValueError(f"`among` must be 'kept' or 'layer'. Received: among={self.among!r}")

    def __call__(self, weights: Arrays, masks: Masks, rewind_points: RewindPoints) -> dict:
        initial, shuffled = rewind_points.at(0), {}
        for path, mask in masks.items():
            among = mask if self.among == "kept" else np.ones_like(mask)
            values = initial[path][among]
            moved = generator(self.seed, "reshuffle", path).permutation(values)
            shuffled[path] = np.array(initial[path])
            shuffled[path][among] = _with_sign_of(values, moved) if self.signed else moved
        return rewind_points.initial_with(shuffled)


@dataclass(frozen=True)
class SignedConstant(Action):
    """Every weight becomes ± the standard deviation of its layer's initial values.

    `w = std(w_i) · sign(w_i)`: all that is left of the initialisation is one bit per weight. An
    untrained masked network works best with it.

    Args:
        random_sign: whether the signs change places within the layer, as a control.
        seed: seed of that permutation.

    References:
        Zhou et al. 2019, sections 3 and 5, https://arxiv.org/abs/1905.01067
    """

    name = "signed_constant"
    random_sign: bool = False
    seed: int = 0

    def __call__(self, weights: Arrays, masks: Masks, rewind_points: RewindPoints) -> dict:
        initial, constant = rewind_points.at(0), {}
        for path in masks:
            signs = np.sign(initial[path])
            if self.random_sign:
                rng = generator(self.seed, "signs", path)
                signs = rng.permutation(signs.ravel()).reshape(signs.shape)
            constant[path] = signs * np.std(initial[path], dtype=np.float64)
        return rewind_points.initial_with(constant)


def _with_sign_of(initial: np.ndarray, values: np.ndarray) -> np.ndarray:
    return np.copysign(values, initial)
