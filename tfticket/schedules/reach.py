"""Will the planned training get where the schedule wants to go?"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, Literal

from tfticket.errors import UnreachableSparsityError
from tfticket.schedules.adoption import as_schedule
from tfticket.schedules.base import FOREVER, Schedule

__all__ = ["check_reachable", "falls_short", "reachable_sparsity"]

_ROUNDING = 1e-6


def reachable_sparsity(
    schedule: Any, num_steps: int, start_step: int = 0, *, current_sparsity: float = 0.0
) -> Any:
    """Returns the sparsity at which training of so many steps would end.

    A tfmot schedule is taken as tfmot follows it: from step 1 on, and at `end_step` only if its
    frequency hits it. A schedule of ours also prunes at `start_step`, before the first update.

    Args:
        schedule: a `Schedule`, or one of tfmot's.
        num_steps: optimizer updates planned, >= 0.
        start_step: optimizer updates already done when training starts, >= 0.
        current_sparsity: sparsity of the model when training starts.

    Returns:
        Sparsity in [0, 1); `{pattern: sparsity}` for a `PerPath`.

    Example:
        >>> from tfticket.schedules import Polynomial
        >>> slow = Polynomial(0.75, begin_step=1000, end_step=5000)
        >>> round(reachable_sparsity(slow, num_steps=1600), 4)
        0.2894
    """
    last = _last_pruning(schedule, start_step, start_step + num_steps)
    if last is None:
        return current_sparsity
    reached = as_schedule(schedule).sparsity_at(last)
    if isinstance(reached, Mapping):
        return {pattern: max(sparsity, current_sparsity) for pattern, sparsity in reached.items()}
    return max(reached, current_sparsity)


def check_reachable(
    schedule: Any,
    num_steps: int,
    start_step: int = 0,
    *,
    current_sparsity: float = 0.0,
    on_unreachable: Literal["raise", "warn"] = "raise",
) -> Any:
    """Complains before training if it would end below the schedule's final sparsity.

    Args:
        schedule: a `Schedule`, or one of tfmot's.
        num_steps: optimizer updates planned, >= 0.
        start_step: optimizer updates already done when training starts, >= 0.
        current_sparsity: sparsity of the model when training starts.
        on_unreachable: `"raise"` an error or `"warn"` and go on.

    Returns:
        What `reachable_sparsity` returns.

    Raises:
        UnreachableSparsityError: if the target is missed and `on_unreachable` is `"raise"`.
    """
    if on_unreachable not in ("raise", "warn"):
        raise ValueError(
            "`on_unreachable` must be 'raise' or 'warn': a missed target is never passed over."
            f" Received: on_unreachable={on_unreachable!r}"
        )
    reached = reachable_sparsity(schedule, num_steps, start_step, current_sparsity=current_sparsity)
    target = as_schedule(schedule).curve(1.0)
    if falls_short(reached, target):
        message = _complaint(schedule, reached, target, start_step, num_steps)
        if on_unreachable == "raise":
            raise UnreachableSparsityError(message)
        warnings.warn(message, UserWarning, stacklevel=2)
    return reached


def _last_pruning(schedule: Any, first: int, last: int) -> int | None:
    # The last step in [first, last] at which the schedule prunes; None if there is none.
    is_ours = isinstance(schedule, Schedule)
    mine = as_schedule(schedule)
    end = mine._known_end()
    latest = last if end == FOREVER else min(last, end)
    turn = mine.begin_step + (latest - mine.begin_step) // mine.frequency * mine.frequency
    candidates = [turn, mine.last_step] if is_ours else [turn]
    earliest = max(first, mine.begin_step) if is_ours else max(first + 1, mine.begin_step)
    return max((s for s in candidates if s is not None and earliest <= s <= last), default=None)


def falls_short(reached: Any, target: Any) -> bool:
    """Tells whether a sparsity is below another, in any place where they differ by place.

    Args:
        reached: a sparsity, or one per pattern.
        target: likewise.
    """
    if isinstance(target, Mapping):
        at = reached if isinstance(reached, Mapping) else dict.fromkeys(target, reached)
        return any(falls_short(at[pattern], target[pattern]) for pattern in target)
    return reached < target - _ROUNDING


def _complaint(schedule: Any, reached: Any, target: Any, start_step: int, num_steps: int) -> str:
    mine = as_schedule(schedule)
    wanted = mine.begin_step if mine.end_step == FOREVER else mine.end_step
    advice = (
        "Train longer, or let the schedule end earlier (begin_step, end_step, frequency;"
        " `from_epochs` counts in epochs)."
    )
    if wanted is not None and wanted <= start_step:
        advice = (
            f"Steps are those of the optimizer, which has made {start_step}: let the schedule begin"
            " there, or compile the model anew, which counts from 0."
        )
    return (
        f"`schedule` must end within the training: it aims at sparsity {_rounded(target)} at step"
        f" {wanted}, but training runs from step {start_step} to {start_step + num_steps} and would"
        f" end at sparsity {_rounded(reached)}. {advice}"
        f" Received: num_steps={num_steps}, start_step={start_step}, begin_step={mine.begin_step},"
        f" end_step={mine.end_step}, frequency={mine.frequency}"
    )


def _rounded(sparsity: Any) -> Any:
    if isinstance(sparsity, Mapping):
        return {pattern: round(value, 4) for pattern, value in sparsity.items()}
    return round(sparsity, 4)
