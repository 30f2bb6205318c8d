"""PruneOnSchedule: gradual pruning inside one `fit`."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from tfticket import _keras, _optimizers
from tfticket.callbacks.masking import Masking, check_held_at_zero
from tfticket.callbacks.scheduled_masks import are_at, masks_of_restored
from tfticket.callbacks.update_clock import UpdateClock, last_turn
from tfticket.enforcement import enforce, in_force
from tfticket.layouts import layouts
from tfticket.masks import Masks, ones_like
from tfticket.pruning_method import PruningMethod
from tfticket.schedules import as_schedule, check_reachable
from tfticket.schedules.reach import falls_short
from tfticket.scores import Evidence
from tfticket.share import warn_of_share
from tfticket.tickets import Ticket
from tfticket.weights import FilterLike, align, prunable_weights, variables

__all__ = ["PruneOnSchedule"]


class PruneOnSchedule(Masking):
    """Prunes a model while it trains, as a schedule says, in either Keras and without wrappers.

    After each step at which the schedule prunes, the survivors are ranked anew and the lowest are
    masked out until the scheduled sparsity is reached exactly. Masks never grow, and what is
    masked is out of the next step already. Nothing has to be stripped afterwards: `model` is a
    plain Keras model with zeros, and `masks` tells which. The masks stay in force until `release`.

    A further `fit` of the same model, compiled anew or not, goes on with its masks; weights that
    can be trained only now start all kept. In a `fit` of another model the callback begins afresh.
    Weights that `BackupAndRestore` puts back, in whatever order of callbacks, bring their masks
    with them: the zeros that are there, if they are as many as the schedule says at that step. Sums
    of movement begin anew there, and a warning says so.

    With `steps_per_execution` Keras calls back once per execution: pruning then takes place at the
    first opportunity after the scheduled step.

    Args:
        schedule: a `Schedule` with a step clock, or a tfmot schedule. A step is an update of the
            optimizer, by its own count: under gradient accumulation it takes several batches, and
            a later `fit` goes on counting. Step 0 is before the first.
        score: what each weight is worth; a name or a `Score`.
        scope: where scores are ranked, `"layer"` or `"global"`.
        granularity: the unit that is masked together.
        prunable: which weights may be masked: a regex, a list, a callable or a `Filter`.
        evidence: what the score needs besides the weights.
        masks: masks to start from, such as `masks.from_zeros(model)`, or a `Ticket`, for its masks;
            `None` means those in force on the model, and all kept where there are none.
        on_unreachable: whether to `"raise"` or `"warn"`, before training, if the planned steps do
            not reach the schedule's final sparsity. Where training ends before it is reached all
            the same, a warning says so.

    Raises:
        UnreachableSparsityError: in `fit`, before the first step.
        EnforcementError: in `fit`, if a layer is under LoRA, or a pruned weight has changed.

    References:
        Zhu & Gupta 2017, "To prune, or not to prune", https://arxiv.org/abs/1710.01878
    """

    _of_model = ("_enforcement", "_variables", "_clock", "_movement")

    def __init__(
        self,
        schedule: Any,
        *,
        score: Any = "magnitude",
        scope: Any = "layer",
        granularity: Any = "weight",
        prunable: FilterLike = None,
        evidence: Evidence | None = None,
        masks: Masks | Ticket | None = None,
        on_unreachable: Literal["raise", "warn"] = "raise",
    ):
        self.schedule = as_schedule(schedule)
        self._method = PruningMethod(self.schedule, score, scope, granularity, rounds=1)
        self._prunable = prunable
        self._evidence = evidence or Evidence({}, seed=0)
        check_held_at_zero(masks)
        if masks is not None and not isinstance(masks, Ticket):
            masks = Masks(masks)
        self._initial_masks = masks
        self._on_unreachable: Literal["raise", "warn"] = on_unreachable
        self._forget()

    def _forget(self) -> None:
        initial = self._initial_masks
        self._masks = initial.masks if isinstance(initial, Ticket) else initial
        self._enforcement = self._movement = None
        self._clock: Any = None
        self._sparsity: Any = None
        self._shrinking = self._method.shrinking()
        self._is_done = False
        #: `(step, sparsity)` at every pruning.
        self.history: list[tuple[int, float]] = []

    @property
    def is_done(self) -> bool:
        """Whether the schedule's final sparsity has been reached."""
        if not self._is_done and self._enforcement is not None:
            target = self.schedule.curve(1.0)
            self._is_done = self._sparsity == target or are_at(
                self._ranked, target, self._method, self._layouts
            )
        return self._is_done

    def on_train_begin(self, logs: Any = None) -> None:
        self._begin_afresh_if_new()
        self._clock = UpdateClock(self.model)
        self._has_begun, self._will_fall_short = False, False
        self._variables = prunable_weights(self.model, self._prunable).variables
        self._layouts = layouts(self.model, self._variables)
        current = self._enforcement
        self._is_new = current is None
        if (
            current is not None
            and not current.is_released
            and set(self._variables) <= {*current.masks}
        ):
            current.attach()
        else:
            warn_of_share(self.model, self._prunable)
            current = self._enforcement = enforce(self.model, self._masks_to_start_from())
            self._masks, self._sparsity, self._is_done = current.masks, None, False
        if "movement" in self._method.score.needs:
            self._movement = current.sum_movement(self._movement)

    def _masks_to_start_from(self) -> Masks:
        """The masks so far, or those in force; what has none yet starts all kept."""
        paths, known, ticket = variables(self.model), self._masks, self._initial_masks
        if isinstance(ticket, Ticket) and known is ticket.masks:
            known = ticket.masks_for(self.model)
        kept = dict(ones_like(self._variables))
        if known is None:
            for earlier in in_force(self.model):
                if not set(kept).isdisjoint(earlier.masks):
                    kept |= earlier.masks
        else:
            renamed = align(known, paths)
            kept |= {renamed[path]: mask for path, mask in known.items()}
        return Masks({path: kept[path] for path in paths if path in kept})

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        # As in EnforceMasks: a backup may have been restored by now, slots included.
        _optimizers.build(self.model.optimizer, self.model.trainable_variables)
        self._clock.sync()
        if not self._has_begun and self._is_new:
            self._take_over()
        if self._enforcement is not None:
            self._enforcement.project()
        if not self._has_begun:  # the first epoch of this `fit`; it need not be epoch 0
            if self._movement is not None and self._is_new:
                self._check_movement(epoch)
            self._has_begun, self._is_new = True, False
            self._plan(epoch)
            self._follow([self._clock.step])

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._follow(self._clock.due(batch, self.schedule.should_prune))

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._follow(self._clock.rest(self.schedule.should_prune))
        if self._enforcement is not None:
            self._enforcement.check()
        if isinstance(logs, dict):
            logs["sparsity"] = self.masks.sparsity

    def on_train_end(self, logs: Any = None) -> None:
        self._clock.sync()
        self._put_back_at_the_end()
        if not self._will_fall_short and not self.is_done:
            asked = self.schedule.curve(1.0)
            warnings.warn(
                f"training ended at step {self._clock.step}, before the schedule did: the sparsity"
                f" is {self.masks.sparsity:.4f}, and {asked} was asked for. Train on with this"
                " callback, or let the schedule end earlier.",
                UserWarning,
                stacklevel=2,
            )

    def _check_movement(self, epoch: int) -> None:
        """Refuses to rank sums that nothing was added to yet; warns of what has been forgotten."""
        step = self._clock.step
        asked = self.schedule.sparsity_at(step)
        has_to_rank = not are_at(self._ranked, asked, self._method, self._layouts)
        if self.schedule.should_prune(step) and has_to_rank:
            raise ValueError(
                "`schedule` must begin after some updates: movement is summed in this training, and"
                f" none has been made at step {step}. Begin later, or from sparsity 0."
                f" Received: schedule={self.schedule!r}"
            )
        if epoch:
            warnings.warn(
                f"movement is summed anew from step {step} on: a backup does not hold the sums of"
                f" the {epoch} epochs before, so the masks will not be those of a training in one.",
                UserWarning,
                stacklevel=3,
            )

    def _take_over(self) -> None:
        """Takes the zeros of restored weights for masks, if the schedule would have made them."""
        found = self._masks_of_restored(self._clock.step) if self._clock.step else None
        if found is not None:
            self._put(found)

    def _masks_of_restored(self, step: int) -> Masks | None:
        sparsity = self.schedule.sparsity_at(last_turn(self.schedule, step))
        held = {p: _keras.view(v) for p, v in self._variables.items()}
        return masks_of_restored(held, self._ranked, sparsity, self._method, self._layouts)

    @property
    def _ranked(self) -> Masks:
        """The masks of what is trained now; frozen weights keep theirs and are not ranked."""
        masks = self.masks
        is_all = len(masks) == len(self._variables)
        return masks if is_all else Masks({p: masks[p] for p in self._variables})

    def _put(self, masks: Masks) -> None:
        """Puts masks of what is trained now in force, beside those of frozen weights."""
        assert self._enforcement is not None
        self._enforcement.update(Masks({p: masks.get(p, m) for p, m in self.masks.items()}))
        self._masks = self._enforcement.masks

    def _plan(self, epoch: int) -> None:
        """Complains now if the schedule's end will not be reached."""
        planned = self._clock.planned(self.params, epoch)
        if planned is not None and not (self._ranked.sparsity and self.is_done):
            reached = check_reachable(
                self.schedule,
                planned,
                self._clock.step,
                current_sparsity=self._ranked.sparsity,
                on_unreachable=self._on_unreachable,
            )
            self._will_fall_short = falls_short(reached, self.schedule.curve(1.0))

    def _follow(self, steps: Iterable[int]) -> None:
        """Prunes if the schedule does so at any of these steps, as at the last of them."""
        due = [s for s in steps if self.schedule.should_prune(s)]
        if due:
            self._prune(due[-1])

    def _prune(self, step: int) -> None:
        sparsity = self.schedule.sparsity_at(step)
        if sparsity == self._sparsity or self._enforcement is None:
            return
        dropped = self._dropped(sparsity)
        if dropped is not None:
            self._enforcement.move(dropped)
            self._masks = self._enforcement.masks
        else:
            self._put(self._selected(sparsity))
        self._sparsity = sparsity
        self.history.append((step, self.masks.sparsity))

    def _selected(self, sparsity: Any) -> Masks:
        """Ranks all survivors anew."""
        evidence = replace(
            self._evidence, weights={p: _keras.view(v) for p, v in self._variables.items()}
        )
        if self._movement is not None:
            sums = {p: self._movement.of(v) for p, v in self._variables.items()}
            evidence = replace(evidence, movement=sums)
        scores = self._method.score(self.model, evidence)
        return self._method.select(scores, self._ranked, sparsity, self._layouts)

    def _dropped(self, sparsity: Any) -> dict[str, np.ndarray] | None:
        """Finds the little that has to go since the last time; `None` if it is not that little."""
        if self._shrinking is None:
            return None
        return self._shrinking.dropped(_Present(self._variables), self._ranked, sparsity)


class _Present(Mapping[str, np.ndarray]):
    """The present values of variables by path, each looked at when it is asked for."""

    def __init__(self, variables: Mapping[str, Any]):
        self._variables = variables

    def __getitem__(self, path: str) -> np.ndarray:
        return _keras.view(self._variables[path])

    def __iter__(self) -> Iterator[str]:
        return iter(self._variables)

    def __len__(self) -> int:
        return len(self._variables)
