"""Channels removed for good, after training.

Level 0 is the dense network; level 1 finds channels, shrinks the network and trains what is left of
it. The level holds masks over the network of before, and the trained weights in their old places,
which is the same network; `shrink` makes it small again.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tfticket import slimming
from tfticket.experiments.dense import dense_level
from tfticket.experiments.methods import in_steps
from tfticket.experiments.training import Evaluate, Train, Training
from tfticket.graph import channel_graph, flops
from tfticket.lottery import Level, train_ticket
from tfticket.masks import Masks
from tfticket.rewinding import TrainingState, capture, restore
from tfticket.scores import Evidence
from tfticket.slimming import ChannelLimits, Shrunk, shrink
from tfticket.tickets import Ticket
from tfticket.weights import Filter, FilterLike, read_all, write

__all__ = ["ChannelPruning", "handed_over", "training_flops"]

#: A backward pass costs about two forward ones.
_PASSES = 3


@dataclass(frozen=True)
class ChannelPruning:
    """Trains, removes the channels worth least, and fine-tunes the smaller network.

    Args:
        channel_sparsity: fraction of the channels that may go to remove, in (0, 1).
        score: what a channel is worth, as for `slimming.channel_scores`.
        scope: where channels are ranked.
        limits: of the channels of a group.
        fine_tune_steps: of the smaller network, at the learning rate that training ended with;
            `None` means as many as of the dense one.
        training: filled in by `in_steps`.
    """

    channel_sparsity: float
    score: Any = "l1"
    scope: Any = "layer"
    limits: ChannelLimits = field(default_factory=ChannelLimits)
    fine_tune_steps: int | str | None = None
    training: Training = field(default_factory=lambda: Training(1))

    def in_steps(self, training: Training, num_examples: int) -> ChannelPruning:
        """Returns the same with every moment as a step of that training."""
        wanted = training.num_steps if self.fine_tune_steps is None else self.fine_tune_steps
        steps = in_steps(wanted, training, num_examples, "fine_tune_steps")
        return dataclasses.replace(self, fine_tune_steps=steps, training=training)

    def moments(self) -> tuple[int, ...]:
        """Returns how many steps of fine-tuning there are."""
        return (int(self.fine_tune_steps or 0),)

    def num_rounds(self, model: Any, prunable: FilterLike = None) -> int:
        """Returns 1: there is the dense level, and the smaller network."""
        return 1

    def levels(
        self,
        model: Any,
        train: Train,
        *,
        evaluate: Evaluate,
        prunable: FilterLike = None,
        seed: int = 0,
        resume: Level | None = None,
        evidence: Evidence | None = None,
    ) -> Iterator[Level]:
        """Yields the levels after `resume`, each when it has been trained.

        Raises:
            ValueError: if `prunable` are given: channels are chosen by group, not by weight.
        """
        if prunable not in (None, Filter()):
            raise ValueError(
                "`prunable` must be left out: channels are chosen by group, from all weights at"
                f" once. Received: prunable={prunable!r}"
            )
        level, told = resume, {"channel_pruning": self._told(), "seed": seed}
        if level is None:
            every = channel_graph(model).masks({})
            level = dense_level(
                model, train, every, evaluate=evaluate, provenance={**told, "round": 0}
            )
            yield level
        if level.round == 0:
            masks, log = self._found(model, train, level, evidence or Evidence({}, seed=seed))
            start = capture(model)
            ticket = Ticket(masks, start.weights, {**told, "round": 1})
            small = self._shrunk(model, masks, seed)
            log |= self._trained(small, train)
            yield _level(model, small, ticket, log, evaluate, level)

    def try_ticket(self, model: Any, train: Train, ticket: Ticket, *, evaluate: Evaluate) -> Level:
        """Shrinks the network to another ticket and trains it from the ticket's start.

        Args:
            model: of the ticket's architecture, whatever its weights.
            train: trains the smaller network.
            ticket: its masks and start.
            evaluate: returns the metrics.
        """
        masks = ticket.masks_for(model)
        restore(model, TrainingState(ticket.start_weights, step=0))
        small = shrink(model, masks, carry_optimizer=True)
        left = Ticket(small.masks, read_all(small.model), dict(ticket.provenance))
        level = train_ticket(small.model, train, left, evaluate=evaluate)
        log = {**level.log, **_costs(small)}
        trained = TrainingState(small.put(level.trained.weights, read_all(model)))
        return dataclasses.replace(level, ticket=ticket, trained=trained, log=log)

    def _told(self) -> dict[str, Any]:
        fields = dataclasses.asdict(self)
        del fields["training"]
        return {"method": type(self).__name__, **fields}

    def _found(
        self, model: Any, train: Train, dense: Level, evidence: Evidence
    ) -> tuple[Masks, dict[str, Any]]:
        """Brings the model to where it is shrunk, and says which channels go."""
        restore(model, dense.trained)
        return self._masks(model, evidence), {"training_flops": 0}

    def _masks(self, model: Any, evidence: Evidence) -> Masks:
        return slimming.channel_masks(
            model,
            self.channel_sparsity,
            score=self.score,
            evidence=evidence,
            scope=self.scope,
            limits=self.limits,
        )

    def _shrunk(self, model: Any, masks: Masks, seed: int) -> Shrunk:
        return shrink(model, masks, carry_optimizer=True)

    def _until(self, small: Shrunk) -> int:
        """The step at which training of the smaller network ends."""
        return self.training.num_steps + int(self.fine_tune_steps or 0)

    def _trained(self, small: Shrunk, train: Train) -> dict[str, Any]:
        log = train(small.model, [], until=self._until(small))
        return log | _costs(small) | {"small_training_flops": self._spent(small.model, log)}

    def _spent(self, model: Any, log: dict[str, Any]) -> int:
        return training_flops(
            flops(model).total, (log["end_step"] - log["start_step"]) * self.training.batch_size
        )


def handed_over(method: Any, model: Any, level: Level) -> Any:
    """Returns the network that a level's files are made of.

    Args:
        method: that found the level.
        model: with the level's trained weights.
        level: of the search.

    Returns:
        A smaller model, where the method removes channels; else `model`.
    """
    if not isinstance(method, ChannelPruning) or not level.round:
        return model
    return shrink(model, level.masks).model


def training_flops(forward: int, num_examples: int) -> int:
    """Returns what training costs: three times the forward pass of every example.

    >>> training_flops(forward=100, num_examples=64)
    19200

    Args:
        forward: FLOPs of one example.
        num_examples: that go through the network, batches times their size.
    """
    return _PASSES * forward * num_examples


def _costs(small: Shrunk) -> dict[str, Any]:
    before, after = small.report.before, small.report.after
    return {
        "dense_flops": before.num_flops,
        "flops": after.num_flops,
        "dense_parameters": before.num_parameters,
        "parameters": after.num_parameters,
        "channels": {g.name: g.after for g in small.report.groups},
    }


def _level(
    model: Any,
    small: Shrunk,
    ticket: Ticket,
    log: dict[str, Any],
    evaluate: Evaluate,
    dense: Level,
) -> Level:
    """The level of a trained smaller network; the model holds its weights in their old places."""
    metrics = dict(evaluate(small.model))
    masked = Ticket(ticket.masks, read_all(model)).start_weights
    held = small.put(read_all(small.model), masked)
    write(model, held)
    log["training_flops"] += log.pop("small_training_flops")
    trained = TrainingState(held, step=log["end_step"])
    return Level(1, ticket, trained, metrics, log, dense.states)
