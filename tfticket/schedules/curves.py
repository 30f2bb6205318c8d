"""The plain curves: one shot, constant, linear, polynomial."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

from tfticket.schedules.base import FOREVER, Schedule, as_sparsity

__all__ = ["Constant", "Linear", "OneShot", "Polynomial"]


@dataclasses.dataclass(frozen=True)
class OneShot(Schedule):
    """Prunes once: nothing before progress 1, everything there. SNIP and GraSP prune so.

    Args:
        final_sparsity: sparsity in [0, 1).
        begin_step: the one step to prune at; `end_step` is the same.

    Example:
        >>> OneShot(0.9).curve(0.5), OneShot(0.9).curve(1.0)
        (0.0, 0.9)
    """

    final_sparsity: float
    end_step: int | None = dataclasses.field(default=None, kw_only=True)

    rounds: ClassVar[int | None] = 1

    def __post_init__(self):
        if self.end_step is None:
            self._keep("end_step", self.begin_step)
        super().__post_init__()
        if self.end_step != self.begin_step:
            raise ValueError(
                "`end_step` must be `begin_step`: a one-shot schedule prunes at one step only."
                f" Received: begin_step={self.begin_step}, end_step={self.end_step}"
            )
        self._keep("final_sparsity", as_sparsity(self.final_sparsity, "final_sparsity"))

    def formula(self, progress: Any) -> Any:
        """Returns `final_sparsity` at progress 1 and 0 before."""
        return self.final_sparsity * (progress // 1)


@dataclasses.dataclass(frozen=True)
class Constant(Schedule):
    """Keeps one sparsity from `begin_step` on, as tfmot's `ConstantSparsity` does.

    Args:
        final_sparsity: sparsity in [0, 1).
        end_step: last step to prune at; -1, the default, goes on to the end of training.

    Example:
        >>> Constant(0.5, begin_step=10).sparsity_at(10)
        0.5
    """

    final_sparsity: float
    end_step: int | None = dataclasses.field(default=FOREVER, kw_only=True)

    def __post_init__(self):
        super().__post_init__()
        self._keep("final_sparsity", as_sparsity(self.final_sparsity, "final_sparsity"))

    def formula(self, progress: Any) -> Any:
        """Returns `final_sparsity` at every progress."""
        return self.final_sparsity + 0.0 * progress


@dataclasses.dataclass(frozen=True)
class Linear(Schedule):
    """Rises by the same sparsity in every round: `s(p) = s1 + (s0 - s1)·(1 - p)`.

    Args:
        final_sparsity: sparsity at progress 1, in [0, 1).
        initial_sparsity: sparsity at progress 0, in [0, final_sparsity].

    Example:
        >>> Linear(0.5).curve(0.5)
        0.25
    """

    final_sparsity: float
    initial_sparsity: float = dataclasses.field(default=0.0, kw_only=True)

    def __post_init__(self):
        super().__post_init__()
        self._keep_rising_sparsities()

    def formula(self, progress: Any) -> Any:
        """Returns the straight line from `initial_sparsity` to `final_sparsity`."""
        return (self.initial_sparsity - self.final_sparsity) * (1.0 - progress) + (
            self.final_sparsity
        )


@dataclasses.dataclass(frozen=True)
class Polynomial(Schedule):
    """Prunes fast at first and slowly at the end: `s(p) = s1 + (s0 - s1)·(1 - p)^power`.

    Step by step the same float32 numbers as tfmot's `PolynomialDecay`, except that a sparsity
    that falls is refused, `begin_step == end_step` divides nothing by zero, and `end_step` is
    always pruned at.

    Args:
        final_sparsity: sparsity at progress 1, in [0, 1).
        initial_sparsity: sparsity at progress 0, in [0, final_sparsity].
        power: exponent, > 0.

    Example:
        >>> Polynomial(0.75).curve(0.5)
        0.65625

    References:
        Zhu and Gupta 2017, To prune, or not to prune: https://arxiv.org/abs/1710.01878
    """

    final_sparsity: float
    initial_sparsity: float = dataclasses.field(default=0.0, kw_only=True)
    power: float = dataclasses.field(default=3, kw_only=True)

    def __post_init__(self):
        super().__post_init__()
        self._keep_rising_sparsities()
        if not self.power > 0:
            raise ValueError(
                "`power` must be greater than 0: sparsity has to rise."
                f" Received: power={self.power!r}"
            )

    def formula(self, progress: Any) -> Any:
        """Returns tfmot's polynomial decay."""
        return (self.initial_sparsity - self.final_sparsity) * (1.0 - progress) ** self.power + (
            self.final_sparsity
        )
