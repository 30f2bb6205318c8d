"""Channels removed for good: what the recipes that leave a smaller network share.

Level 0 is the dense network; level 1 finds channels, shrinks the network and trains what is left of
it. The level holds masks over the network of before, and the trained weights in their old places,
which is the same network; `shrink` makes it small again.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from tfticket.recipes import fields
from tfticket.recipes.base import Recipe

if TYPE_CHECKING:
    from tfticket.lottery import Level
    from tfticket.masks import Masks
    from tfticket.recipes.run.context import Run
    from tfticket.slimming import ChannelLimits, Shrunk
    from tfticket.tickets import Ticket

__all__ = ["ChannelRecipe", "search_by_penalty", "train_small", "training_flops"]

#: A backward pass costs about two forward ones.
_PASSES = 3


class ChannelRecipe(Recipe):
    """A recipe that removes channels, down to limits that its settings say."""

    usual_controls: ClassVar[tuple[str, ...]] = ("reinitialize",)

    round_to: fields.RoundTo = 1
    max_channel_sparsity: fields.MaxChannelSparsity = 1.0

    @property
    def needs_scales(self) -> bool:
        """Whether channels are chosen by their BatchNormalization scales."""
        return False

    @property
    def limits(self) -> ChannelLimits:
        """What a selection of channels must keep to."""
        from tfticket.slimming import ChannelLimits

        return ChannelLimits(self.round_to, self.max_channel_sparsity)

    def check(self, run: Run) -> None:
        """See `Recipe`; where scales choose channels, there must be some."""
        from tfticket.slimming.penalty import scales_of

        if self.needs_scales:
            scales_of(run.model)

    def start(self, run: Run) -> Level:
        """Trains the dense network.

        Args:
            run: with its model at the initialisation.
        """
        from tfticket.graph import channel_graph

        graph = channel_graph(run.model)
        level = run.dense(graph.masks({}))
        counts = _counted({name: g.num_channels for name, g in graph.groups.items()})
        return dataclasses.replace(level, log={**(level.log or {}), **counts})

    def try_ticket(self, run: Run, ticket: Ticket) -> Level:
        """Shrinks the network to another ticket and trains it from the ticket's start.

        Args:
            run: whatever its model holds.
            ticket: its masks and start.
        """
        from tfticket.lottery import train_ticket
        from tfticket.rewinding import TrainingState, restore
        from tfticket.slimming import shrink
        from tfticket.tickets import Ticket
        from tfticket.weights import read_all

        masks = ticket.masks_for(run.model)
        restore(run.model, TrainingState(ticket.start_weights, step=0))
        small = shrink(run.model, masks, carry_optimizer=True)
        left = Ticket(small.masks, read_all(small.model), dict(ticket.provenance))
        level = train_ticket(small.model, run.train, left, evaluate=run.evaluate)
        log = {**level.log, **_costs(small)}
        trained = TrainingState(small.put(level.trained.weights, read_all(run.model)))
        return dataclasses.replace(level, ticket=ticket, trained=trained, log=log)

    def handed_over(self, model: Any, level: Level) -> Any:
        """Returns the smaller network.

        Args:
            model: with the level's trained weights.
            level: that was chosen.
        """
        from tfticket.slimming import shrink

        return shrink(model, level.masks).model if level.round else model


def train_small(
    run: Run,
    dense: Level,
    masks: Masks,
    log: dict[str, Any],
    *,
    small: Shrunk,
    until: int,
    details: Mapping[str, Any],
) -> Level:
    """Trains a smaller network and puts its weights in their old places.

    Args:
        run: its model holds what the smaller network was made of.
        dense: the level before.
        masks: the channels that went.
        log: of finding them, with `training_flops`.
        small: the smaller network at its start.
        until: the step at which its training ends.
        details: what the ticket says of itself besides, with the recipe's `settings`.

    Returns:
        Level 1.
    """
    from tfticket.graph import flops
    from tfticket.lottery import Level
    from tfticket.rewinding import TrainingState, capture
    from tfticket.tickets import Ticket
    from tfticket.weights import read_all, write

    ticket = Ticket(masks, capture(run.model).weights, run.provenance(1, **details))
    trained = run.train(small.model, [], until=until)
    spent = training_flops(run, flops(small.model).total, trained)
    log = log | trained | _costs(small) | _channels(small, details["settings"])
    log["training_flops"] += spent
    metrics = dict(run.evaluate(small.model))
    masked = Ticket(masks, read_all(run.model)).start_weights
    held = small.put(read_all(small.model), masked)
    write(run.model, held)
    state = TrainingState(held, step=log["end_step"])
    return Level(1, ticket, state, metrics, log, dense.states)


def search_by_penalty(
    run: Run,
    dense: Level,
    penalty: float,
    initial_scale: float | None,
    *,
    callbacks: Sequence[Any] = (),
    until: int | None = None,
) -> dict[str, Any]:
    """Trains from the initial weights with a penalty on normalisation scales.

    Args:
        run: its model holds the trained network afterwards.
        dense: has the initial state.
        penalty: 0 is none.
        initial_scale: what scales start from; `None` leaves them as they are.
        callbacks: for the training.
        until: another step to train up to.

    Returns:
        The log of the search, and the `training_flops` it took.
    """
    from tfticket import slimming
    from tfticket.graph import flops
    from tfticket.rewinding import restore

    restore(run.model, dense.states[0])
    penalized: Any = contextlib.nullcontext()
    if penalty:
        penalized = slimming.penalize_scales(run.model, penalty, initial_scale=initial_scale)
    with penalized:
        log = run.train(run.model, [*callbacks], until)
    spent = training_flops(run, flops(run.model).total, log)
    return {"search": log, "training_flops": spent}


def training_flops(run: Run, forward: int, log: Mapping[str, Any]) -> int:
    """Returns what a training cost: three times the forward pass of every example.

    Args:
        run: says how many examples are in a batch.
        forward: FLOPs of one example.
        log: of the training, with its first and last step.
    """
    num_examples = (log["end_step"] - log["start_step"]) * run.training.batch_size
    return _PASSES * forward * num_examples


def _costs(small: Shrunk) -> dict[str, Any]:
    before, after = small.report.before, small.report.after
    return {
        "dense_flops": before.num_flops,
        "flops": after.num_flops,
        "dense_parameters": before.num_parameters,
        "parameters": after.num_parameters,
        **_counted({g.name: g.after for g in small.report.groups}),
    }


def _counted(channels: dict[str, int]) -> dict[str, Any]:
    return {"channels": channels, "num_channels": sum(channels.values())}


def _channels(small: Shrunk, settings: Mapping[str, Any]) -> dict[str, Any]:
    """How many channels are gone, and why they are not as many as was asked for."""
    groups, asked = small.report.groups, settings["channel_sparsity"]
    total, removed = sum(g.before for g in groups), small.report.num_removed
    found: dict[str, Any] = {
        "channel_sparsity": removed / total if total else 0.0,
        "asked_channel_sparsity": asked,
        "dense_channels": total,
    }
    if abs(removed - asked * total) >= max(1, len(groups) / 2):  # more than counts are rounded
        limits = ", ".join(f"{n}={settings[n]}" for n in ("round_to", "max_channel_sparsity"))
        found["missed"] = (
            f"{removed} of {total} removable channels are gone ({removed / total:.3f}), where"
            f" channel_sparsity={asked:g} was asked for: {limits}, one channel of each group stays,"
            " and groups whose channels have no score keep all"
        )
    return found
