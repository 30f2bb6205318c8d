"""A search that keeps everything in memory: what the recipes return."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfticket import zoo
from tfticket.experiments.determinism import seeded
from tfticket.experiments.methods import Method
from tfticket.experiments.outcome import Outcome, choose, smaller_network
from tfticket.experiments.search import OnEvent, Plan, carry_out
from tfticket.experiments.shelves import Memory
from tfticket.experiments.training import Training
from tfticket.lottery import Level
from tfticket.tickets import Ticket
from tfticket.zoo import Dataset, Split
from tfticket.zoo.splits import cut

__all__ = ["Findings", "as_dataset", "search"]

_NUM_EPOCHS = 10


@dataclass(frozen=True)
class Findings:
    """What a recipe found.

    Args:
        outcome: every figure, and which ticket was chosen on validation.
        levels: by replicate, from dense to the final sparsity, with masks and trained weights.
    """

    outcome: Outcome
    levels: tuple[tuple[Level, ...], ...]

    @property
    def level(self) -> Level:
        """The last level of the replicate with the best validation."""
        chosen = self.outcome.chosen
        return self.levels[chosen.replicate][chosen.round]

    @property
    def ticket(self) -> Ticket:
        """The ticket of that level."""
        return self.level.ticket

    def __str__(self) -> str:
        return str(self.outcome)


def search(
    model_fn: Callable[..., Any],
    data: Any,
    method: Method,
    *,
    num_steps: int | None = None,
    batch_size: int = 64,
    eval_every: int | None = None,
    seed: int = 0,
    on_event: OnEvent | None = None,
    **settings: Any,
) -> Findings:
    """Carries out a method on the caller's own model and data, in memory.

    Args:
        model_fn: returns a compiled, built model; given the seed if it has a parameter `seed`.
        data: what `as_dataset` takes.
        method: a recipe with its numbers.
        num_steps: optimizer updates of one training; `None` means ten epochs' worth.
        batch_size: examples per update.
        eval_every: steps between validations; `None` means none.
        seed: of replicate 0 and of the validation examples.
        on_event: told what happens.
        settings: others of `Plan`: `replicates`, `controls`, `control_levels`, `prunable`.
    """
    dataset = as_dataset(data, seed)
    usual = max(1, round(_NUM_EPOCHS * len(dataset.train) / batch_size))
    training = Training(num_steps or usual, batch_size, seed, eval_every)
    plan = Plan(_builder(model_fn), dataset, method, training, seed=seed, **settings)
    shelf = Memory()
    carry_out(plan, shelf, on_event)
    results = shelf.results()
    chosen = choose(results)
    notes = (*filter(None, [dataset.notes]), *smaller_network(chosen))
    outcome = Outcome(tuple(results), chosen, notes=notes)
    levels = tuple(
        tuple(shelf.level(number, round_) for round_ in range(shelf.num_levels(number)))
        for number in range(plan.replicates)
    )
    return Findings(outcome, levels)


def as_dataset(data: Any, seed: int = 0) -> Dataset:
    """Makes a `Dataset` of what callers have.

    Args:
        data: a `Dataset`; `((x_train, y_train), (x_test, y_test))`; or `(x, y)`, of which a tenth
            is cut off as the test, and the outcome says so.
        seed: chooses what is cut off.

    Raises:
        TypeError: if it is none of these.
    """
    if isinstance(data, Dataset):
        return data
    if not isinstance(data, (tuple, list)) or len(data) != 2:
        raise TypeError(
            "`data` must be a Dataset, ((x_train, y_train), (x_test, y_test)) or (x, y)."
            f" Received: {type(data).__name__}"
        )
    first, second = data
    if isinstance(first, (tuple, list)) and isinstance(second, (tuple, list)):
        return zoo.from_arrays(tuple(first), tuple(second), seed=seed)  # type: ignore[arg-type]
    count = max(1, len(first) // 10)
    train, test = cut(Split(np.asarray(first), np.asarray(second)), count, seed, "test")
    notes = f"test: {count} of the {len(first)} given examples, cut off with seed {seed}"
    return zoo.from_arrays((train.x, train.y), (test.x, test.y), seed=seed, notes=notes)


def _builder(model_fn: Callable[..., Any]) -> Callable[[int], Any]:
    takes_seed = "seed" in inspect.signature(model_fn).parameters

    def build(seed: int) -> Any:
        with seeded(seed):
            model = model_fn(seed=seed) if takes_seed else model_fn()
        if getattr(model, "optimizer", None) is None:
            raise ValueError(
                "`model_fn` must return a compiled model: it is trained as it is compiled."
                f" Received: {type(model).__name__} without an optimizer"
            )
        return model

    return build
