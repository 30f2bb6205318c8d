"""find_ticket: train, prune, act, again, level by level."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from tfticket import weights as weights_
from tfticket.actions import RewindPoints
from tfticket.callbacks import EnforceMasks, RecordRewindPoint
from tfticket.callbacks.report_progress import watched
from tfticket.initializers import draws
from tfticket.levels import Level
from tfticket.masks import Masks, ones_like
from tfticket.measuring import Evaluate, measured
from tfticket.progress import ProgressLines
from tfticket.pruning import next_masks
from tfticket.pruning_method import PruningMethod
from tfticket.rewinding import TrainingState, capture, restore
from tfticket.scores import Evidence
from tfticket.seeds import derived_seed
from tfticket.share import warn_of_share
from tfticket.tickets import Ticket
from tfticket.weights import FilterLike

__all__ = ["Level", "Search", "find_ticket", "train_dense", "train_ticket"]

#: Trains a model with the callbacks it is given; what it returns is kept as the level's `log`.
Train = Callable[[Any, list[Any]], Any]


def find_ticket(
    model: Any,
    train: Train,
    method: PruningMethod | None = None,
    *,
    evaluate: Evaluate | None = None,
    prunable: FilterLike = None,
    seed: int = 0,
    resume: Level | None = None,
    evidence: Evidence | None = None,
    progress: bool = False,
    **choices: Any,
) -> Iterator[Level]:
    """Finds a ticket by iterative pruning: yields each level as it has been trained.

    Training is the caller's: `train(model, callbacks)` trains from `model.optimizer.iterations`
    to the end, usually by `model.fit(..., callbacks=callbacks)`. The callbacks keep pruned weights
    out of every step and record the rewind point.

    Args:
        model: a compiled, built model of either Keras at its initialisation. It is trained in
            place; between two levels it holds the weights of the level just yielded.
        train: trains the model; must pass the callbacks on.
        method: the choices in one; or give its parts by name: `schedule=`, `score=`, `scope=`,
            `action=`, `rounds=`.
        evaluate: returns a level's metrics by name, or as `model.evaluate` does.
        prunable: which weights may be masked: a regex, a list, a callable or a `Filter`.
        seed: seed of scores that draw random numbers.
        resume: a level of an earlier run of the same search, to go on after.
        evidence: batch and loss, where the score needs them; the rest is the search's own.
        progress: whether to show each level's figures and, on a terminal or in a notebook, how far
            a training is and what is left.
        **choices: the parts of `method`.

    Returns:
        An iterator over `rounds + 1` levels, from dense on, each trained when it is asked for.

    Raises:
        EnforcementError: if `train` let a pruned weight change, or trained another model.
        NotFiniteError: if a loss or weight is not finite after a training.
        ValueError: if an argument is out of range.

    References:
        Frankle & Carbin 2019, "The Lottery Ticket Hypothesis", https://arxiv.org/abs/1803.03635
    """
    if method is not None and choices:
        raise TypeError(
            f"`method` must be given whole or in parts. Received also: {sorted(choices)}"
        )
    method = method or PruningMethod(**choices)
    options: Any = {"evaluate": evaluate, "prunable": prunable, "seed": seed}
    search = Search(model, train, method, evidence=evidence, progress=progress, **options)
    return _levels(search, resume)


def _levels(search: Search, resume: Level | None) -> Iterator[Level]:
    with search:
        level = resume
        if level is None:
            level = search.dense()
            yield level
        while level.round < search.method.num_rounds:
            level = search.next(level)
            yield level


def train_dense(
    model: Any,
    train: Train,
    prunable: Mapping[str, np.ndarray],
    *,
    evaluate: Evaluate | None = None,
    provenance: Mapping[str, Any] | None = None,
    release: bool = True,
) -> Level:
    """Trains a model as it stands, every weight kept: level 0 of what prunes once.

    Args:
        model: a compiled model at its initialisation.
        train: trains the model; must pass the callbacks on.
        prunable: the weights that a mask is kept of, by path.
        evaluate: returns the metrics after training.
        provenance: of the level's ticket.
        release: as for `train_ticket`.

    Returns:
        Level 0, with the initial state among its states.
    """
    initial = capture(model)
    ticket = Ticket(ones_like(prunable), initial.weights, dict(provenance or {}))
    level = train_ticket(model, train, ticket, evaluate=evaluate, release=release)
    return dataclasses.replace(level, states={0: initial})


def train_ticket(
    model: Any,
    train: Train,
    ticket: Ticket,
    *,
    evaluate: Evaluate | None = None,
    release: bool = True,
) -> Level:
    """Trains a ticket alone, as it is: the experiment that tells what it is worth.

    Args:
        model: a compiled model of the ticket's architecture, whatever its weights.
        train: trains the model; must pass the callbacks on.
        ticket: the masks and the start, with the optimizer state if it starts later than 0.
        evaluate: returns the metrics after training.
        release: whether the masks are taken from the model at the end. Left in force, until others
            take their place or `enforcement.in_force(model)` are released, they spare another
            training of the same model that TensorFlow traces its step anew.

    Returns:
        A `Level` of the round that the ticket's provenance tells, if any.
    """
    masks = ticket.masks_for(model)
    restore(model, TrainingState(ticket.start_weights, ticket.optimizer, step=ticket.step))
    callback = EnforceMasks(masks, ticket.pruned_values_for(model))
    try:
        log = train(model, [callback])
        callback.check(model)
    except BaseException:
        callback.release()
        raise
    if release:
        callback.release()
    metrics = measured(evaluate, model)
    return Level(int(ticket.provenance.get("round", 0)), ticket, capture(model), metrics, log)


class Search:
    """One search for a ticket by iterative pruning, level by level; see `find_ticket`.

    Masks stay in force between levels until the search is left, as a context or by `release`.

    Args:
        model: a compiled model at its initialisation.
        train: trains the model; must pass the callbacks on.
        method: the choices.
        evaluate: returns a level's metrics, by name.
        prunable: which weights may be masked: a regex, a list, a callable or a `Filter`.
        seed: seed of scores that draw random numbers.
        evidence: batch and loss, where the score needs them.
        provenance: what the tickets are to tell of themselves besides.
        progress: whether to show it, as `find_ticket` says.
    """

    def __init__(
        self,
        model: Any,
        train: Train,
        method: PruningMethod,
        *,
        evaluate: Evaluate | None = None,
        prunable: FilterLike = None,
        seed: int = 0,
        evidence: Evidence | None = None,
        provenance: Mapping[str, Any] | None = None,
        progress: bool = False,
    ):
        method.score.require(evidence or Evidence({}), coming=("rewind_points", "seed", "masks"))
        variables = weights_.prunable_weights(model, prunable).variables
        warn_of_share(model, prunable)
        self._display = ProgressLines() if progress else None
        self.train = watched(train, self._display and self._display.progress)
        self.model, self.method, self.evaluate = model, method, evaluate
        self.seed, self.evidence = seed, evidence or Evidence({})
        self._details = dict(provenance or {})
        self._draws = draws(model, variables)
        self._enforced = EnforceMasks(ones_like(variables))

    def __enter__(self) -> Search:
        return self

    def __exit__(self, *exception: object) -> None:
        self.release()

    def release(self) -> None:
        """Lets go of the model: masks are not in force any more."""
        self._enforced.release()
        if self._display is not None:
            self._display.close()

    def dense(self) -> Level:
        """Trains level 0 and records the state that the action goes back to."""
        initial = capture(self.model)
        if initial.step:
            raise ValueError(
                "`model` must be at its initialisation, with a fresh optimizer: a search starts at"
                f" step 0. Received: model.optimizer.iterations={initial.step}"
            )
        recorder = RecordRewindPoint(self.method.action.rewind_step or 0)
        masks = ones_like(self._prunable(initial.weights))
        ticket = Ticket(masks, initial.weights, self._provenance(0))
        level = self._trained(0, ticket, [recorder])
        return dataclasses.replace(level, states={0: initial, recorder.step: recorder.state})

    def next(self, level: Level) -> Level:
        """Prunes after a level's training, acts, and trains again.

        Args:
            level: of this search, in this process or one before.
        """
        restore(self.model, level.trained)  # whatever was done with the model since
        round_, trained = level.round + 1, level.trained.weights
        evidence = dataclasses.replace(
            self.evidence,
            weights=self._prunable(trained),
            rewind_points={s: self._prunable(state.weights) for s, state in level.states.items()},
            seed=derived_seed(self.seed, "score", round_),
        )
        masks = next_masks(self.model, self.method, round_, level.masks, evidence)
        state = self._act(level, masks)
        optimizer = state.optimizer if state.step else {}  # nothing to remember at step 0
        held = self.method.pruned(trained, masks, self._points(level))
        provenance = self._provenance(round_)
        ticket = Ticket(masks, state.weights, provenance, optimizer, state.step, held)
        restore(self.model, dataclasses.replace(state, weights=ticket.start_weights))
        trained_level = self._trained(round_, ticket, [])
        return dataclasses.replace(trained_level, states=level.states)

    def _act(self, level: Level, masks: Masks) -> TrainingState:
        """Returns the state the next level starts from; pruned weights not yet set to 0."""
        action = self.method.action
        if action.rewind_step is None:
            back = level.trained
        else:
            step = max(level.states)  # only the initialisation and the rewind point are there
            back = level.states[step]
            action = action.at_step(step)  # "2ep" and the like are known as a step by now
        start = action(level.trained.weights, masks, self._points(level))
        return dataclasses.replace(back, weights=start)

    def _points(self, level: Level) -> RewindPoints:
        return RewindPoints({s: st.weights for s, st in level.states.items()}, self._draws)

    def _trained(self, round_: int, ticket: Ticket, callbacks: list[Any]) -> Level:
        """Trains the model as it stands, under the ticket's masks, and measures it."""
        num_levels = self.method.num_rounds + 1
        what = f"level {round_} of {num_levels - 1} at sparsity {ticket.masks.sparsity:.4f}"
        if self._display is not None:
            self._display.begin(what, round_, num_levels)
        self._enforced.update(ticket.masks, ticket.pruned_values)
        log = self.train(self.model, [self._enforced, *callbacks])
        self._enforced.check(self.model)
        metrics = measured(self.evaluate, self.model)
        if self._display is not None:
            figures = [f"{name} {value:.4f}" for name, value in metrics.items()]
            self._display.done(", ".join([what, *figures]), round_ + 1, num_levels)
        return Level(round_, ticket, capture(self.model), metrics, log)

    def _prunable(self, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {p: arrays[p] for p in self._enforced.masks}

    def _provenance(self, round_: int) -> dict[str, Any]:
        own = {"method": self.method.config(), "round": round_, "seed": self.seed}
        return {**self._details, **own}
