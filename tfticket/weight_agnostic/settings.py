"""Settings of the search, with the authors' values as defaults where theirs are for small tasks."""

from __future__ import annotations

import hashlib
import json
import math
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, model_validator
from typing_extensions import Self

from tfticket.settings import Count, NonNegative, Settings, as_list, each_once
from tfticket.weight_agnostic.activations import ACTIVATIONS, USUAL

__all__ = ["EvolutionSettings"]

_Share = Annotated[float, Field(ge=0, le=1)]


def _known(value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
    unknown = [name for name in value if name not in ACTIVATIONS]
    if unknown or not value:
        raise ValueError(
            f"`{info.field_name}` must be some of {list(ACTIVATIONS)}."
            f" Received: {info.field_name}={list(value)}"
        )
    return value


def _not_zero(value: tuple[float, ...], info: ValidationInfo) -> tuple[float, ...]:
    if not value or 0 in value or not all(map(math.isfinite, value)):
        raise ValueError(
            f"`{info.field_name}` must be at least one number, all finite and never 0, which"
            " connects nothing."
            f" Received: {info.field_name}={list(value)}"
        )
    return value


def _as_numbers(value: Any) -> Any:
    return (value,) if isinstance(value, (int, float)) else value


class EvolutionSettings(Settings):
    """How large a population is, how it is judged, and how the next one is made of it.

    The four odds are of what happens to a child; they need not add up to 1.
    """

    generations: Count = 256
    """Populations that are judged, one after the other."""
    population_size: Annotated[int, Field(ge=2, strict=True)] = 192
    """Networks of a population."""
    shared_weights: Annotated[
        tuple[float, ...],
        BeforeValidator(_as_numbers),
        AfterValidator(_not_zero),
        AfterValidator(each_once),
    ] = (-2.0, -1.0, -0.5, 0.5, 1.0, 2.0)
    """Values of the one weight that all connections of a network share; each network is judged
    with all of them."""
    activations: Annotated[
        tuple[str, ...], BeforeValidator(as_list), AfterValidator(_known), AfterValidator(each_once)
    ] = USUAL
    """What a new node may compute: linear, step, sine, gaussian, tanh, sigmoid, inverse, absolute,
    relu, cosine, squared."""
    initial_density: _Share = 0.05
    """Probability that a connection from an input to an output is there at the start."""
    simplicity_rate: _Share = 0.8
    """How often networks are ranked by mean reward and number of connections; otherwise by mean
    reward and that of the best weight."""
    elite_rate: Annotated[float, Field(ge=0, lt=1)] = 0.2
    """Fraction of the parents that live on unchanged."""
    cull_rate: Annotated[float, Field(ge=0, lt=1)] = 0.2
    """Fraction of a population, the last in rank, that are no parents."""
    tournament_size: Count = 8
    """Networks drawn for each child; the first in rank is its parent."""
    add_connection_odds: NonNegative = 0.2
    """Odds that a connection is added."""
    insert_node_odds: NonNegative = 0.25
    """Odds that a connection is split by a new node."""
    enable_odds: NonNegative = 0.05
    """Odds that a disabled connection is enabled."""
    change_activation_odds: NonNegative = 0.5
    """Odds that a node gets another activation."""
    check_every: Count = 16
    """Generations from one time that the best are validated and the search is kept to the next."""
    num_candidates: Count = 8
    """Networks that are validated then."""

    @model_validator(mode="after")
    def _can_change(self) -> Self:
        if not sum(self.odds):
            raise ValueError(
                "`add_connection_odds` or another of the odds must be above 0: no child would"
                f" differ from its parent. Received: {list(self.odds)}"
            )
        return self

    @property
    def odds(self) -> tuple[float, ...]:
        """Odds of the mutations, in the order of `mutations.MUTATIONS`."""
        first = (self.add_connection_odds, self.insert_node_odds)
        return (*first, self.enable_odds, self.change_activation_odds)

    def search_id(self, task: Any, seed: int) -> str:
        """Returns what tells one search from another: a digest of all that it depends on.

        Args:
            task: by its class, its numbers of inputs and outputs, and its `identity` if it has one.
            seed: of everything that is drawn.
        """
        own = {name: getattr(self, name) for name in EvolutionSettings.model_fields}
        kind, known = type(task), getattr(task, "identity", "")
        asked = [kind.__module__, kind.__qualname__, task.num_inputs, task.num_outputs, known]
        whole = [own, *asked, seed]
        return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()
