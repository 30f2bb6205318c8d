"""Weight-agnostic networks: the topology is searched, with one weight for all connections."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from pydantic import AfterValidator, PlainSerializer

from tfticket import references
from tfticket.recipes import fields
from tfticket.recipes.base import Paper, Recipe
from tfticket.settings import Count
from tfticket.weight_agnostic.settings import EvolutionSettings
from tfticket.weight_agnostic.tasks import REWARDS, reward_function

if TYPE_CHECKING:
    from tfticket.lottery import Level
    from tfticket.recipes.run.context import Run
    from tfticket.tickets import Ticket
    from tfticket.weight_agnostic import Champion, State, Supervised, Verdict

__all__ = ["WeightAgnostic"]

#: Where a ticket says which network it is over.
_NETWORK, _WEIGHT = "network", "shared_weight"


def _is_reward(value: Any) -> Any:
    found = references.resolve(value) if isinstance(value, str) and ":" in value else value
    if found is not None and not callable(found) and found not in REWARDS:
        raise ValueError(
            f"`reward` must be one of {list(REWARDS)}, module:function or file.py:function, or in"
            f" Python a function. Received: reward={value!r}"
        )
    return value


class WeightAgnostic(EvolutionSettings, Recipe):
    """Search a topology that does well with any one weight that all its connections share.

    Level 0 trains the network that is given, to compare with; the search takes from it only what
    goes in and out. Level 1 is the best topology, with the shared weight that is best on
    validation, measured untrained. Controls have other connections, as many on each level, or
    weights of their own. Inputs and targets are one array each.
    """

    paper: ClassVar[Paper] = Paper("Gaier & Ha 2019", "https://arxiv.org/abs/1906.04358")
    usual_controls: ClassVar[tuple[str, ...]] = ("shuffle_mask", "reinitialize")

    reward: Annotated[Any, AfterValidator(_is_reward), PlainSerializer(fields.named)] = None
    """What networks are judged by: log_likelihood, accuracy, minus_squared_error, or a function of
    outputs [networks, outputs, weights, examples] and targets, module:function or file.py:function,
    in Python the function itself; left out, the first for classes and the last for values."""
    examples_per_generation: Count = 1000
    """Training examples that a generation is judged on, drawn anew for each."""
    train_connections: bool = False
    """Whether the connections are trained afterwards, each for itself: level 2."""

    def num_rounds(self, run: Run) -> int:
        """See `Recipe`."""
        return 2 if self.train_connections else 1

    def is_trained(self, round_: int, *, is_control: bool = False) -> bool:
        """See `Recipe`: level 1 is not."""
        del is_control
        return round_ != 1

    def besides(self) -> str:
        """See `Recipe`: the search."""
        return f"a search of {self.generations:,} generations of {self.population_size:,} networks"

    def check(self, run: Run) -> None:
        """Makes sure that there is one array to see and one to say.

        Args:
            run: with its model at the initialisation.
        """
        from tfticket.zoo.splits import Split

        data, outputs = run.data, run.model.output_shape
        kinds = {p: sorted(s.arrays()) for p, s in data.splits.items() if isinstance(s, Split)}
        found = {p: kinds.get(p, "a pipeline") for p in data.splits}
        is_fit = all(kind == ["x", "y"] for kind in found.values())
        if not is_fit or run.training.class_weight is not None:
            raise ValueError(
                "`data` must be two arrays in memory, inputs and targets, all examples counting the"
                f" same: the search draws examples of its own. Received: {found}"
            )
        if not isinstance(outputs, tuple) or len(outputs) != 2:
            raise ValueError(
                "`model` must have one vector as its output: a network of the search has."
                f" Received: outputs of shape {outputs}"
            )
        if data.num_classes is not None and outputs[1] < max(2, data.num_classes):
            raise ValueError(
                f"`model` must have an output for each of the {data.num_classes} classes."
                f" Received: {outputs[1]} outputs"
            )

        self._try_reward(run, outputs[1])
        self._task(run)  # looks at the examples

    def _try_reward(self, run: Run, num_outputs: int) -> None:
        """Has two networks judged on two examples, so that what does not fit is told first."""
        targets = run.data.train.y[:2]
        shape = (2, num_outputs, len(self.shared_weights), len(targets))
        wanted, reward = (2, *shape[2:]), self._reward(run)
        try:
            found = np.shape(reward_function(reward)(np.zeros(shape, np.float32), targets))
            said = f"it returns an array of shape {found}"
        except Exception as error:
            found, said = None, f"{type(error).__name__}: {error}"
        if found != wanted:
            raise ValueError(
                "`reward` must be for the data: of outputs [networks, outputs, weights, examples]"
                f" = {shape} and targets {targets.shape} it returns [networks, weights, examples]"
                f" = {wanted}. Received: reward={self.reward!r}; {said}"
            )

    def start(self, run: Run) -> Level:
        """Trains the network that is given.

        Args:
            run: with its model at the initialisation.
        """
        from tfticket import weights

        return run.dense(weights.read(run.model))

    def treat(self, run: Run, level: Level) -> Level:
        """Searches the topology; or trains its connections."""
        if level.round == 0:
            return dataclasses.replace(self._searched(run), states=level.states)
        provenance = {**level.ticket.provenance, "round": level.round + 1}
        ticket = dataclasses.replace(level.ticket, provenance=provenance)
        made = self.try_ticket(run, ticket)
        log = {**made.log, "remarks": level.log["remarks"]}
        return dataclasses.replace(made, log=log, states=level.states)

    def try_ticket(self, run: Run, ticket: Ticket) -> Level:
        """Measures a ticket as it is, or at level 2 trains its connections.

        Args:
            run: whatever its model holds.
            ticket: over a network of the search.
        """
        from tfticket.lottery import train_ticket
        from tfticket.recipes._untrained import measured

        model = self.network(run.model, ticket)
        if ticket.provenance["round"] == 1:
            return measured(run, ticket, model)
        return train_ticket(model, run.train, ticket, evaluate=run.evaluate)

    def network(self, model: Any, ticket: Ticket) -> Any:
        """See `Recipe`; after level 0 it is the network of the search, compiled like `model`."""
        from tfticket import _keras
        from tfticket.cloning.compiling import compile_like
        from tfticket.weight_agnostic import Champion, keras_model

        if _NETWORK not in ticket.provenance:
            return model
        made = keras_model(
            Champion.from_dict(ticket.provenance[_NETWORK]),
            ticket.provenance[_WEIGHT],
            keras=_keras.module(model),
            input_shape=model.input_shape[1:],
            probabilities=_gives_probabilities(model),
        )
        compile_like(made, model)
        return made

    def initial_ticket(self, level: Level) -> Ticket:
        """See `Recipe`; the shared weight is what a network of the search starts from."""
        return level.ticket

    def _searched(self, run: Run) -> Level:
        from tfticket.progress import TrainingProgress
        from tfticket.weight_agnostic import Champion, evolve, keras_model, ticket_of, tuned_weight

        state = evolve(
            self._task(run),
            self,
            seed=run.seed,
            folder=run.unfinished,
            on_generation=lambda s: run.on_progress(
                TrainingProgress(s.generation, 0, self.generations)
            ),
        )
        champion = Champion.of(state.champion)
        x, y = run.data.validation.x, run.data.validation.y
        weight = tuned_weight(champion, x, y, self._reward(run))
        found = {_NETWORK: champion.to_dict(), _WEIGHT: weight}
        found = run.provenance(1, settings=self.to_dict(), **found)
        made = keras_model(champion, weight, keras=run.keras)
        level = self.try_ticket(run, ticket_of(champion, made, weight, **found))
        verdict = self._verdict(run, champion, weight)
        log = {"generations": state.generation, "hidden_nodes": len(champion.activations)}
        log |= {"connections": champion.num_connections, "verdict": verdict.to_dict()}
        log |= {"history": _columns(state), "remarks": [_said(champion, verdict)]}
        return dataclasses.replace(level, log={**level.log, **log})

    def _task(self, run: Run) -> Supervised:
        from tfticket.weight_agnostic import Supervised

        train, validation = run.data.train, run.data.validation
        return Supervised(
            train.x,
            train.y,
            validation.x,
            validation.y,
            num_outputs=run.model.output_shape[1],
            reward=self._reward(run),
            batch_size=self.examples_per_generation,
        )

    def _reward(self, run: Run) -> Any:
        usual = "minus_squared_error" if run.data.num_classes is None else "log_likelihood"
        given = self.reward or usual
        is_own = isinstance(given, str) and given not in REWARDS
        return references.resolve(given) if is_own else given

    def _verdict(self, run: Run, champion: Champion, weight: float) -> Verdict:
        from tfticket.weight_agnostic import verdict_on

        reward = self._reward(run)
        return verdict_on(
            champion,
            run.data.test.x,
            run.data.test.y,
            reward=reward if run.data.num_classes is None else "accuracy",
            shared_weights=np.array(self.shared_weights),
            tuned=weight,
            seed=run.seed,
        )


def _gives_probabilities(model: Any) -> bool:
    import tensorflow as tf

    from tfticket.tracing.examples import evaluation, input_specs
    from tfticket.tracing.losses import output_kinds

    traced = tf.function(evaluation(model), autograph=False)
    return output_kinds(traced.get_concrete_function(input_specs(model))) == ["probabilities"]


def _columns(state: State) -> dict[str, list[float | None]]:
    from tfticket.weight_agnostic.states import HISTORY
    from tfticket.zoo.training import finite

    columns = zip(HISTORY, state.history.T, strict=True)
    return {name: [finite(v) for v in column] for name, column in columns}


def _said(champion: Champion, verdict: Verdict) -> str:
    swept = ", ".join(f"{r:.4f} at {w}" for w, r in verdict.by_weight.items())
    ensemble = "" if verdict.ensemble is None else f"; of all together {verdict.ensemble:.4f}"
    return (
        f"the topology has {champion}; on test, with one shared weight: {swept}; mean"
        f" {verdict.mean:.4f}; random ones {verdict.random:.4f} ± {verdict.random_deviation:.4f};"
        f" {verdict.tuned_weight:.3g}, chosen on validation, {verdict.tuned:.4f}{ensemble}"
    )
