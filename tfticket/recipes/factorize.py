"""Factorised layers: each kernel is trained as the product of two thinner ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from tfticket.recipes import fields
from tfticket.recipes._channels import training_flops
from tfticket.recipes.base import Paper, Recipe
from tfticket.settings import Count, Fraction, NonNegative

if TYPE_CHECKING:
    from typing_extensions import Self

    from tfticket.factorization import Factorized
    from tfticket.lottery import Level
    from tfticket.recipes.run.context import Run
    from tfticket.tickets import Ticket

__all__ = ["Factorize"]

_Share = Annotated[float, Field(gt=0, le=1)]
_SIZES = ("rank", "rank_scale", "energy", "parameters", "flops")


class Factorize(Recipe):
    """Train each kernel as the product of two thinner ones; the dense network beside it.

    Exactly one of `rank`, `rank_scale`, `energy`, `parameters` and `flops` says how thin. A level
    holds the product in the place of the kernel, which is the same network; files are of two plain
    layers for each.
    """

    paper: ClassVar[Paper] = Paper("Khodak et al. 2021", "https://arxiv.org/abs/2105.01029")
    usual_controls: ClassVar[tuple[str, ...]] = ("reinitialize",)

    rank: Count | None = None
    """Rank of every product."""
    rank_scale: _Share | None = None
    """Rank as a share of the smaller side of each unfolded kernel, at least 1."""
    energy: _Share | None = None
    """Least share of each kernel's squared norm that its rank must hold."""
    parameters: Fraction | None = None
    """Largest share of the network's parameters to be left; kernels hold about the same energy."""
    flops: Fraction | None = None
    """Largest share of the network's FLOPs to be left; kernels hold about the same energy."""
    begin: Literal["initial", "trained"] = "initial"
    """What is factorised: the initial network, or the trained one, which is then trained on by a
    new optimizer."""
    initialization: Literal["spectral", "random"] = "spectral"
    """Where factors come from: spectral is the singular value decomposition of the kernel, random
    draws each from the layer's own initialiser."""
    frobenius_decay: NonNegative | None = 1e-4
    """Factor of half the squared norm of each product in the loss, in place of weight decay of the
    factors; none leaves the network's regularisers and weight decay as they are."""
    layers: fields.Factorizable = None
    fine_tune_steps: fields.FineTuneSteps = None

    @model_validator(mode="after")
    def _one_size(self) -> Self:
        given = {name: value for name in _SIZES if (value := getattr(self, name)) is not None}
        if len(given) != 1:
            names = ", ".join(f"`{name}`" for name in _SIZES)
            raise ValueError(f"exactly one of {names} must be given. Received: {given}")
        return self

    def check(self, run: Run) -> None:
        """See `Recipe`; factorises the network once, so that it is known whether it can be."""
        self._factorized(run, self._size())

    def start(self, run: Run) -> Level:
        """Trains the dense network."""
        from tfticket import weights

        return run.dense(weights.read(run.model))

    def treat(self, run: Run, level: Level) -> Level:
        """Factorises the network and trains the factors."""
        from tfticket.rewinding import capture, restore
        from tfticket.tickets import Ticket

        restore(run.model, level.states[0] if self.begin == "initial" else level.trained)
        made = self._factorized(run, self._size())
        details = run.provenance(1, settings=self.to_dict(), ranks=made.report.ranks)
        ticket = Ticket(level.masks, capture(run.model).weights, details)
        return self._trained(run, ticket, made, level.states)

    def try_ticket(self, run: Run, ticket: Ticket) -> Level:
        """Factorises another start to the same ranks and trains the factors."""
        from tfticket.rewinding import TrainingState, restore

        restore(run.model, TrainingState(ticket.start_weights, step=0))
        made = self._factorized(run, {"rank": ticket.provenance["ranks"]})
        return self._trained(run, ticket, made, {})

    def handed_over(self, model: Any, level: Level) -> Any:
        """Returns the network with two plain layers for each factorised one."""
        from tfticket import factorization

        if not level.round:
            return model
        ranks = level.ticket.provenance["ranks"]
        return factorization.split(factorization.factorize(model, rank=ranks).model)

    def _size(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _SIZES}

    def _factorized(self, run: Run, size: dict[str, Any]) -> Factorized:
        from tfticket import factorization
        from tfticket.seeds import derived_seed

        is_random = self.initialization == "random"
        return factorization.factorize(
            run.model,
            **size,
            layers=self.layers,
            frobenius_decay=self.frobenius_decay,
            random_seed=derived_seed(run.seed, "factors") if is_random else None,
        )

    def _trained(self, run: Run, ticket: Ticket, made: Factorized, states: Any) -> Level:
        """Trains the factors, and measures what will be handed over."""
        from tfticket import factorization
        from tfticket.lottery import Level
        from tfticket.rewinding import TrainingState
        from tfticket.weights import read_all, write

        until = run.training.num_steps if self.begin == "initial" else self.fine_tune_steps
        log = run.train(made.model, [], until=None if until is None else int(until))
        held = factorization.multiplied(read_all(made.model))
        write(run.model, held)
        before, after = made.report.before, made.report.after
        log = {
            **log,
            "dense_flops": before.num_flops,
            "flops": after.num_flops,
            "dense_parameters": before.num_parameters,
            "parameters": after.num_parameters,
            "ranks": made.report.ranks,
            "left_whole": dict(made.report.skipped),
            "training_flops": training_flops(run, after.num_flops, log),
        }
        round_ = int(ticket.provenance["round"])
        state = TrainingState(held, step=log["end_step"])
        level = Level(round_, ticket, state, {}, log, states)
        metrics = dict(run.evaluate(self.handed_over(run.model, level)))
        return Level(round_, ticket, state, metrics, log, states)
