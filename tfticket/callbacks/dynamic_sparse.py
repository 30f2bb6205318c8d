"""DynamicSparse: masks that move inside one `fit`, while as many weights are kept all along."""

from __future__ import annotations

import warnings
from typing import Any, Literal

import numpy as np

from tfticket import _keras, _optimizers
from tfticket.callbacks.masking import Masking, check_held_at_zero
from tfticket.callbacks.update_clock import UpdateClock
from tfticket.enforcement import enforce
from tfticket.layouts import layouts
from tfticket.masks import Masks, ones_like
from tfticket.seeds import generator
from tfticket.selection import check_sparsity, get_scope, select
from tfticket.selection.regrowing import drop_and_grow, falling_fraction
from tfticket.share import warn_of_share
from tfticket.tickets import Ticket
from tfticket.weights import FilterLike, align, prunable_weights, variables

__all__ = ["GROWTHS", "DynamicSparse"]

#: What may come in the place of what goes, by method.
GROWTHS = ("rigl", "set", "static")
#: Where the paper's training stops to move masks.
_MOVING_SHARE = 0.75


class DynamicSparse(Masking):
    """Trains a sparse model from the start, its masks moving while it trains, in either Keras.

    Training begins with random masks of the exact sparsity. Every `frequency` optimizer updates a
    fraction of each kernel's kept weights goes, those of smallest magnitude, and as many come:
    RigL takes those of the largest gradient, which is gathered in that update's step alone, SET
    takes them at random. The fraction falls as half a cosine, from `fraction` to 0 at `end_step`.
    A weight that comes starts at 0 with empty optimizer slots; one that goes and comes at once
    stays as it is. The masks stay in force until `release`.

    The authors put the change of masks in the place of an update; here the update takes place
    first. Under loss scaling and gradient accumulation a step is an update, and its gradient that
    of all its batches. With `steps_per_execution` masks move at the first opportunity after. A
    further `fit` of the same model goes on with its masks: what was frozen meanwhile keeps them,
    and what can be trained only now stays dense. In a `fit` of another model the callback begins
    afresh. Weights that `BackupAndRestore` puts back bring their masks with them. Best weights that
    `EarlyStopping` puts back do not, and are cut: hand it epochs from where masks no longer move
    on, with `AfterPruning(EarlyStopping(...), this)`.

    Args:
        sparsity: fraction of the prunable weights that is masked, in [0, 1), at every step.
        method: `"rigl"`, `"set"`, or `"static"`, which leaves the first masks as they are.
        scope: how the kept weights are divided among kernels: `"erk"`, `"uniform"` or another.
        fraction: of each kernel's kept weights that moves at first, in (0, 1].
        frequency: updates from one move to the next.
        end_step: step from which on masks stay; `None` means three quarters of the first `fit`.
        prunable: which weights may be masked: a regex, a list, a callable or a `Filter`.
        masks: masks to start from, or a `Ticket`, for its masks; `None` draws them.
        seed: of the masks that are drawn, and of what SET grows.

    Raises:
        ValueError: if an argument is out of range; in `fit`, if there is no `end_step` and Keras
            does not know the number of steps, or if the model is trained on several devices.

    References:
        Evci et al. 2020, "Rigging the lottery: making all tickets winners",
        https://arxiv.org/abs/1911.11134; Mocanu et al. 2018, "Scalable training of artificial
        neural networks with adaptive sparse connectivity", https://arxiv.org/abs/1707.04780
    """

    _of_model = ("_enforcement", "_variables", "_clock", "_gradients")

    def __init__(
        self,
        sparsity: float,
        *,
        method: Literal["rigl", "set", "static"] = "rigl",
        scope: Any = "erk",
        fraction: float = 0.3,
        frequency: int = 100,
        end_step: int | None = None,
        prunable: FilterLike = None,
        masks: Masks | Ticket | None = None,
        seed: int = 0,
    ):
        check_sparsity(sparsity)
        if method not in GROWTHS:
            raise ValueError(f"`method` must be one of {GROWTHS}. Received: method={method!r}")
        if not 0 < fraction <= 1:
            raise ValueError(f"`fraction` must be in (0, 1]. Received: fraction={fraction}")
        for name, count in (("frequency", frequency), ("end_step", end_step)):
            if count is not None and (count != int(count) or count < 1):
                raise ValueError(
                    f"`{name}` must be an integer of at least 1. Received: {name}={count}"
                )
        self.sparsity, self.method, self.scope = float(sparsity), method, get_scope(scope)
        self.fraction, self.frequency, self.end_step = fraction, int(frequency), end_step
        check_held_at_zero(masks)
        self.seed, self._prunable, self._initial = seed, prunable, masks
        self._forget()

    def _forget(self) -> None:
        self._masks = self._enforcement = None
        self._clock: Any = None
        self._gradients: Any = None
        self._last_step: int | None = self.end_step
        #: `(step, number of weights that came)` at every move.
        self.history: list[tuple[int, int]] = []

    def on_train_begin(self, logs: Any = None) -> None:
        self._begin_afresh_if_new()
        if self.model.distribute_strategy.num_replicas_in_sync > 1:
            raise ValueError(
                "`model` must be trained on one device: gradients of several are not gathered."
                f" Received: {self.model.distribute_strategy.num_replicas_in_sync} devices"
            )
        self._has_begun, self._is_new = False, self._masks is None
        self._variables = prunable_weights(self.model, self._prunable).variables
        if self._masks is None:
            warn_of_share(self.model, self._prunable)
            # All kept until the first epoch: a backup may have been restored, or be yet to be.
            self._masks = ones_like(self._variables)
        if self._enforcement is None or self._enforcement.is_released:
            self._enforcement = enforce(self.model, self._masks)
            self._masks = self._enforcement.masks
        if self.method == "rigl":
            self._gradients = self._enforcement.gather_gradients(self.frequency)
        else:
            self._enforcement.attach()
        self._clock = UpdateClock(self.model)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        # As in EnforceMasks: a backup may have been restored by now, slots included.
        _optimizers.build(self.model.optimizer, self.model.trainable_variables)
        self._clock.sync()
        assert self._enforcement is not None
        if not self._has_begun and self._is_new:
            self._put(self._first_masks())
        self._enforcement.project()
        if not self._has_begun:
            self._has_begun = True
            self._plan(epoch)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        due = self._clock.due(batch, self._is_due)
        if due:
            self._move(due[-1])

    @property
    def is_done(self) -> bool:
        """Whether the masks have come to their last."""
        if self._last_step is None or self._clock is None:
            return False
        return self.method == "static" or self._clock.step >= self._last_step - 1

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        assert self._enforcement is not None
        due = self._clock.rest(self._is_due)
        if due and self.method != "rigl":  # no gradient was gathered where no batch was
            self._move(due[-1])
        self._enforcement.check()
        if isinstance(logs, dict):
            logs["sparsity"] = self.masks.sparsity

    def on_train_end(self, logs: Any = None) -> None:
        if not self._has_begun and self._is_new:  # a backup had nothing left to be trained
            self._clock.sync()
            self._put(self._first_masks())
        self._put_back_at_the_end()

    def _is_due(self, step: int) -> bool:
        is_moving = self.method != "static" and step % self.frequency == 0
        return is_moving and self._last_step is not None and step < self._last_step

    def _put(self, masks: Masks) -> None:
        assert self._enforcement is not None
        self._enforcement.update(masks)
        self._masks = self._enforcement.masks

    def _first_masks(self) -> Masks:
        """Masks of restored weights, or such that were given, or random ones of the sparsity."""
        first = self._masks_to_begin_with()
        restored = self._masks_of_restored(first) if self._clock.step else None
        return first if restored is None else restored

    def _masks_to_begin_with(self) -> Masks:
        paths = variables(self.model)
        if isinstance(self._initial, Ticket):
            return self._initial.masks_for(self.model)
        if self._initial is not None:
            renamed = align(Masks(self._initial), paths)
            return Masks({renamed[p]: m for p, m in self._initial.items()})
        everything = ones_like(self._variables)
        drawn = {
            p: generator(self.seed, "first masks", p).random(m.shape, np.float32)
            for p, m in everything.items()
        }
        axes = layouts(self.model, everything)
        return select(drawn, everything, self.sparsity, scope=self.scope, layouts=axes)

    def _plan(self, epoch: int) -> None:
        if self._last_step is not None:
            return
        ahead = self._clock.ahead(self.params, epoch)
        if ahead is None:
            raise ValueError(
                "`end_step` must be given where Keras does not know the number of steps: masks move"
                " until then. Or pass `steps_per_epoch` to `fit`."
            )
        self._last_step = round(_MOVING_SHARE * (self._clock.step + ahead))

    def _move(self, step: int) -> None:
        """Moves a fraction of every mask."""
        assert self._enforcement is not None and self._last_step is not None
        fraction = falling_fraction(step, self._last_step, self.fraction)
        dropped, grown = {}, {}
        for path, variable in self._variables.items():
            if path not in self.masks:
                continue  # it could not be trained when the masks were drawn, and stays dense
            mask, values = self.masks[path], _keras.view(variable)
            count = round(fraction * np.count_nonzero(mask))
            moved = drop_and_grow(values, mask, self._growth(path, step), count)
            dropped[path] = np.flatnonzero(mask & ~moved)
            grown[path] = np.flatnonzero(moved & ~mask)
        self._enforcement.move(dropped, grown)
        self._masks = self._enforcement.masks
        self.history.append((step, sum(places.size for places in grown.values())))

    def _growth(self, path: str, step: int) -> np.ndarray:
        """Returns what a kernel's weights come by: the larger, the sooner."""
        if self.method == "set":
            shape = self.masks[path].shape
            return generator(self.seed, "growth", path, step).random(shape, np.float32)
        found = np.abs(self._gradients.of(self._variables[path]))
        return np.where(np.isfinite(found), found, 0)  # a step that loss scaling has skipped

    def _masks_of_restored(self, first: Masks) -> Masks | None:
        """Reads masks off restored weights: what is not 0 is kept, and as much more as is due."""
        found, num_drawn = {}, 0
        for path, mask in first.items():
            is_kept = _keras.view(self._variables[path]) != 0
            missing = int(np.count_nonzero(mask)) - int(np.count_nonzero(is_kept))
            if missing < 0:
                return None  # denser than this callback has left them
            rest = np.flatnonzero(~is_kept)
            drawn = generator(self.seed, "restored", path).permutation(rest)[:missing]
            is_kept.reshape(-1)[drawn] = True
            found[path], num_drawn = is_kept, num_drawn + missing
        if num_drawn:
            warnings.warn(
                f"{num_drawn} of {first.num_kept} kept weights were exactly 0 when the weights"
                " were saved; which ones is not known, so as many were drawn.",
                UserWarning,
                stacklevel=3,
            )
        return Masks(found)
