"""Strong tickets: the trained network as what pruning leaves of a random one."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from tfticket.recipes.base import Paper, Recipe
from tfticket.settings import Count, Positive

if TYPE_CHECKING:
    from tfticket.lottery import Level
    from tfticket.recipes.run.context import Run
    from tfticket.tickets import Ticket

__all__ = ["StrongTicket"]


class StrongTicket(Recipe):
    """Train the dense network, and find it by pruning inside a wider random one, untrained.

    Level 1 is over the random network, with two plain layers for each one of the dense network. It
    and its controls are measured as they are.
    """

    paper: ClassVar[Paper] = Paper("Pensia et al. 2020", "https://arxiv.org/abs/2006.07990")
    usual_controls: ClassVar[tuple[str, ...]] = ("shuffle_mask", "reshuffle")
    trains_levels: ClassVar[bool] = False

    candidates: Annotated[Count, Field(le=32)] = 12
    """Random neurons for each weight: an error of ε takes about log2(1/ε)."""
    inputs: Literal["signed", "nonnegative"] = "signed"
    """What the network is given: nonnegative, as pixels are, needs half as many neurons for the
    first layer."""
    scale: Positive = 2.0
    """Of the random weights that lead to a layer's sums, as a multiple of its largest weight."""

    def check(self, run: Run) -> None:
        """See `Recipe`; every weight must be of a layer that can be approximated.

        Args:
            run: with its model at the initialisation.

        Raises:
            ValueError: if one is not, or inputs are negative that are said not to be.
        """
        from tfticket import strong_tickets
        from tfticket.zoo.splits import Split

        strong_tickets.gadgets(run.model, self.candidates, nonnegative_inputs=self._is_nonnegative)
        for part in ("train", "validation", "test") if self._is_nonnegative else ():
            split = getattr(run.data, part)
            arrays = split.arrays() if isinstance(split, Split) else {}
            if any((array < 0).any() for name, array in arrays.items() if name.startswith("x")):
                raise ValueError(
                    f"`inputs` must be 'signed': {part} examples have negative values."
                    f" Received: inputs={self.inputs!r}"
                )

    def start(self, run: Run) -> Level:
        """Trains the dense network."""
        from tfticket import weights

        return run.dense(weights.read(run.model))

    def treat(self, run: Run, level: Level) -> Level:
        """Prunes a random network to the trained one, and measures what is left."""
        from tfticket import strong_tickets
        from tfticket.rewinding import restore
        from tfticket.seeds import derived_seed

        restore(run.model, level.trained)
        found = strong_tickets.approximate(
            run.model,
            self.candidates,
            seed=derived_seed(run.seed, "strong ticket"),
            nonnegative_inputs=self._is_nonnegative,
            scale=self.scale,
        )
        details = run.provenance(1, **found.ticket.provenance)
        tried = self.try_ticket(run, dataclasses.replace(found.ticket, provenance=details))
        log = {**tried.log, "approximation": found.report.to_dict()}
        return dataclasses.replace(tried, log=log, states=level.states)

    def try_ticket(self, run: Run, ticket: Ticket) -> Level:
        """Measures a ticket over the random network as it is."""
        from tfticket.cloning import compile_like
        from tfticket.lottery import Level
        from tfticket.rewinding import TrainingState
        from tfticket.weights import write

        model, start = self.network(run.model, ticket), ticket.start_weights
        write(model, start)
        compile_like(model, run.model)
        metrics, log = dict(run.evaluate(model)), {"start_step": 0, "end_step": 0}
        round_ = int(ticket.provenance["round"])
        return Level(round_, ticket, TrainingState(start, step=0), metrics, log)

    def initial_ticket(self, level: Level) -> Ticket:
        """Returns the level's own ticket: its weights are as they were drawn."""
        return level.ticket

    def network(self, model: Any, ticket: Ticket) -> Any:
        """Returns the random network's architecture, not compiled; of level 0 the model."""
        from tfticket import strong_tickets

        if not ticket.provenance["round"]:
            return model
        found = strong_tickets.gadgets(
            model, self.candidates, nonnegative_inputs=self._is_nonnegative
        )
        return strong_tickets.random_network(model, found)

    @property
    def _is_nonnegative(self) -> bool:
        return self.inputs == "nonnegative"
