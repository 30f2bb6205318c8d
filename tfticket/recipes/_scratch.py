"""The baselines of "Rethinking": the pruned architecture, trained from new random weights."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import model_validator

from tfticket.recipes import fields
from tfticket.recipes._channels import (
    ChannelRecipe,
    search_by_penalty,
    train_small,
    training_flops,
)

if TYPE_CHECKING:
    from typing_extensions import Self

    from tfticket.filters import Filter
    from tfticket.lottery import Level
    from tfticket.masks import Masks
    from tfticket.recipes.run.context import Run
    from tfticket.tickets import Ticket

__all__ = ["FromScratch"]

#: The paper trains at most twice as long.
_LONGEST = 2.0
#: What is about removed channels only.
_OF_CHANNELS = ("widths", "penalty", "round_to", "max_channel_sparsity")
#: What scales start from where widths are discovered.
_INITIAL_SCALE = 0.5


class FromScratch(ChannelRecipe):
    """Trains what pruning would leave from new random weights.

    Give `channel_sparsity` for a smaller network, or `sparsity` for one with single weights masked,
    which are drawn for the number of inputs that is left: `actions.ReinitializeSparse`. By FLOPs,
    `steps = dense steps · min(2, dense FLOPs / FLOPs left)`.

    Attributes:
        budget: `"steps"` trains for as many steps as the dense network, `"flops"` for as many
            FLOPs, at most twice as many steps.
    """

    budget: ClassVar[Literal["steps", "flops"]]
    usual_controls: ClassVar[tuple[str, ...]] = ()  # it is a control itself

    channel_sparsity: fields.ChannelSparsity | None = None
    """Fraction of the removable channels that go; or give `sparsity`."""
    sparsity: fields.Sparsity | None = None
    """Fraction of the prunable weights masked out, by magnitude after the dense training; or give
    `channel_sparsity`."""
    widths: fields.Widths = "predefined"
    penalty: fields.Penalty = 1e-4
    """L1 penalty on the scales of BatchNormalization where widths are discovered; 0 is none."""
    prunable: fields.Prunable = None

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if (self.channel_sparsity is None) == (self.sparsity is None):
            raise ValueError(
                "exactly one of `channel_sparsity` and `sparsity` must be given. Received:"
                f" channel_sparsity={self.channel_sparsity}, sparsity={self.sparsity}"
            )
        if self.channel_sparsity is not None and self.prunable is not None:
            raise ValueError(
                "`prunable` must be left out where channels go: they are chosen by group, from all"
                f" weights at once. Received: prunable={self.prunable!r}"
            )
        self._require_used()
        return self

    def _require_used(self) -> None:
        """Refuses settings that nothing would be done with."""
        changed, unused = self.changed(), {}
        if self.sparsity is not None:
            unused = dict.fromkeys(_OF_CHANNELS, "where single weights are masked")
        elif self.widths == "predefined":
            unused = {"penalty": "where widths are predefined: it is what discovers them"}
        for name, why in unused.items():
            if name in changed:
                raise ValueError(
                    f"`{name}` must be left out {why}. Received: {name}={changed[name]!r}"
                )

    @property
    def needs_scales(self) -> bool:
        """See `ChannelRecipe`."""
        return self.widths == "discovered"

    @property
    def filter(self) -> Filter:
        """Which weights may be masked."""
        from tfticket.filters import Filter

        return Filter.of(self.prunable)

    def start(self, run: Run) -> Level:
        """See `ChannelRecipe`."""
        if self.channel_sparsity is not None:
            return super().start(run)
        from tfticket import weights

        return run.dense(weights.read(run.model, self.filter))

    def treat(self, run: Run, level: Level) -> Level:
        """Trains the pruned architecture from new weights."""
        return (self._sparse if self.channel_sparsity is None else self._small)(run, level)

    def try_ticket(self, run: Run, ticket: Ticket) -> Level:
        """See `Recipe`, or `ChannelRecipe` where channels go."""
        if self.channel_sparsity is not None:
            return super().try_ticket(run, ticket)
        return run.train_ticket(ticket)

    def handed_over(self, model: Any, level: Level) -> Any:
        """See `ChannelRecipe`."""
        return model if self.channel_sparsity is None else super().handed_over(model, level)

    def _small(self, run: Run, level: Level) -> Level:
        from tfticket import slimming
        from tfticket.rewinding import restore
        from tfticket.seeds import derived_seed
        from tfticket.zoo.initialization import initialize

        if self.widths == "discovered":
            log = search_by_penalty(run, level, self.penalty, _INITIAL_SCALE)
            masks = self._channels(run, "scale", "global")
        else:
            log, masks = {"training_flops": 0}, self._channels(run, "random", "layer")
        restore(run.model, level.states[0])
        small = slimming.shrink(run.model, masks, carry_optimizer=True)
        initialize(small.model, derived_seed(run.seed, "scratch"))
        ratio = small.report.before.num_flops / small.report.after.num_flops
        made = train_small(
            run,
            level,
            masks,
            log,
            small=small,
            until=self._num_steps(run, ratio),
            details={"settings": self.to_dict()},
        )
        return dataclasses.replace(made, log={**made.log, "budget": self._budget_said(ratio)})

    def _channels(self, run: Run, score: str, scope: str) -> Masks:
        from tfticket import slimming

        return slimming.channel_masks(
            run.model,
            self.channel_sparsity or 0.0,
            score=score,
            evidence=run.evidence(),
            scope=scope,
            limits=self.limits,
        )

    def _sparse(self, run: Run, level: Level) -> Level:
        from tfticket.graph import flops

        ticket = self._ticket(run, level)
        counted = flops(run.model, ticket.masks)
        ratio = counted.total / counted.effective_total
        made = run.train_ticket(ticket, until=self._num_steps(run, ratio))
        log = {
            **made.log,
            "dense_flops": counted.total,
            "flops": counted.effective_total,
            "training_flops": training_flops(run, counted.effective_total, made.log),
            "budget": self._budget_said(ratio),
        }
        return dataclasses.replace(made, log=log, states=level.states)

    def _ticket(self, run: Run, level: Level) -> Ticket:
        from tfticket import actions, scores
        from tfticket.actions import RewindPoints
        from tfticket.initializers import draws
        from tfticket.rewinding import restore
        from tfticket.seeds import derived_seed
        from tfticket.selection import select
        from tfticket.tickets import Ticket

        trained, initial = level.trained.weights, level.states[0].weights
        held = {p: trained[p] for p in level.masks}
        evidence = run.evidence(
            weights=held, rewind_points={0: {p: initial[p] for p in level.masks}}
        )
        restore(run.model, level.trained)
        found = scores.get("magnitude")(run.model, evidence)
        masks = select(found, level.masks, self.sparsity or 0.0, scope="global")
        drawn = RewindPoints({0: initial}, draws(run.model, masks))
        draw = actions.ReinitializeSparse(derived_seed(run.seed, "scratch"))
        details = run.provenance(1, settings=self.to_dict())
        return Ticket(masks, draw(trained, masks, drawn), details)

    def _num_steps(self, run: Run, ratio: float) -> int:
        """How many steps; `ratio` is of the dense network's FLOPs to those of what is trained."""
        times = min(ratio, _LONGEST) if self.budget == "flops" else 1.0
        return round(run.training.num_steps * times)

    def _budget_said(self, ratio: float) -> str:
        """Says how long the training was, and whether the cap cut it short."""
        if self.budget == "steps":
            return "as many steps as the dense network"
        if ratio <= _LONGEST:
            return "as many FLOPs as the dense network"
        return (
            f"{_LONGEST:g} times the dense network's steps, the most; equal FLOPs were {ratio:.2f}"
        )
