"""What a recipe is given: the training its moments are read against, and one replicate's run."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tfticket import _keras, _optimizers
from tfticket.callbacks.report_progress import watched
from tfticket.clock import steps
from tfticket.enforcement import in_force
from tfticket.lottery import Level, train_dense, train_ticket
from tfticket.progress import TrainingProgress
from tfticket.recipes.run.checkpoints import checkpointed
from tfticket.recipes.run.stores import Trainings
from tfticket.recipes.search_settings import SearchSettings
from tfticket.rewinding import fresh_optimizer
from tfticket.scores import Evidence
from tfticket.tickets import Ticket
from tfticket.zoo.evidence import evidence_from
from tfticket.zoo.splits import Dataset
from tfticket.zoo.streams import Stream
from tfticket.zoo.training import Evaluate, Train, Training, check_fit, evaluate_on, train_on

__all__ = ["OnProgress", "Run", "Surroundings", "Task"]

OnProgress = Callable[[TrainingProgress], None]

_NUM_EPOCHS = 10


@dataclass(frozen=True)
class Task:
    """What a recipe is to be tried on, as far as its settings depend on it.

    Args:
        training: how long and on which batches.
        num_examples: in the train split; of a pipeline, as full batches as it has.
        pruning_rates: published for the network, by regular expression of weight paths.
        output_pattern: regular expression of the output layer's weights; `None` means the last
            prunable ones.
    """

    training: Training
    num_examples: int
    pruning_rates: Mapping[str, float] = field(default_factory=dict)
    output_pattern: str | None = None

    @classmethod
    def of(
        cls, common: SearchSettings, data: Dataset, num_steps: int | None, batch_size: int
    ) -> Task:
        """Makes the task that settings and data are.

        Args:
            common: the settings.
            data: what is learned.
            num_steps: of one training where the settings leave it open; `None` is ten epochs'.
            batch_size: where the settings and the data leave it open.

        Raises:
            ValueError: if a batch size is given and the data come in batches of another, or have
                fewer examples.
        """
        train, num_examples = data.train, len(data.train)
        batch_size = common.batch_size or batch_size
        if isinstance(train, Stream):
            if common.batch_size not in (None, train.batch_size):
                raise ValueError(
                    "`batch_size` must be left out: the data come in batches of"
                    f" {train.batch_size}. Received: batch_size={common.batch_size}"
                )
            batch_size = train.batch_size
            num_examples = train.num_batches * batch_size
        elif common.batch_size is None:
            batch_size = min(batch_size, num_examples)
        elif batch_size > num_examples:
            raise ValueError(
                "`batch_size` must be at most the number of training examples. Received:"
                f" batch_size={batch_size} for {num_examples} examples"
            )
        usual = max(1, round(_NUM_EPOCHS * num_examples / batch_size))
        return cls(common.training(num_steps or usual, batch_size), num_examples)

    def in_steps(self, moment: int | str, name: str) -> int:
        """Reads a moment as a step; an epoch is as many steps as there are examples for.

        Args:
            moment: a step, `"500it"` or `"2ep"`.
            name: how the user calls the moment, for messages.
        """
        if isinstance(moment, str) and moment.strip().endswith("ep"):
            epochs = float(moment.strip().removesuffix("ep"))
            return round(epochs * self.num_examples / self.training.batch_size)
        return steps(moment, name=name)


@dataclass(frozen=True)
class Surroundings:
    """What there is around a run.

    Args:
        on_progress: told now and then how far a training is.
        unfinished: folder where a recipe may keep what it is in the middle of, to go on from there
            in another process; emptied when the level is complete. `None` where nothing is kept.
        trainings: where trainings are that other runs need as well; `None` if there are none.
    """

    on_progress: OnProgress | None = None
    unfinished: Path | None = None
    trainings: Trainings | None = None


class Run:
    """One replicate: a model, and everything a recipe may do with it.

    Args:
        model: a compiled, built model; the weights it comes with are its initialisation, and its
            optimizer starts afresh.
        data: what it learns.
        training: how long and on which batches, with the replicate's own seed.
        seed: of the replicate.
        recipe_name: what tickets are to say they were found by.
        around: who is told how far it is, and where it keeps things.

    Raises:
        ValueError: if the data do not fit the model.
    """

    def __init__(
        self,
        model: Any,
        data: Dataset,
        training: Training,
        *,
        seed: int,
        recipe_name: str,
        around: Surroundings | None = None,
    ):
        around = around or Surroundings()
        self.model, self.data, self.training, self.seed = model, data, training, seed
        if _optimizers.steps_done(model.optimizer):  # it was saved after a training
            fresh_optimizer(model)
        check_fit(model, data, training)
        self._learning_rate = _optimizers.learning_rate(model.optimizer)
        trained = watched(train_on(data, training), around.on_progress)
        folder = None if around.unfinished is None else around.unfinished / "trainings"
        self._train: Train = checkpointed(trained, training, folder)
        self.evaluate: Evaluate = evaluate_on(data)
        self.on_progress: OnProgress = around.on_progress or (lambda progress: None)
        self.unfinished, self._trainings = around.unfinished, around.trainings
        self._recipe_name = recipe_name
        self._kept: dict[str, Any] = {}
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Run:
        return self

    def __exit__(self, *exception: Any) -> None:
        self._stack.__exit__(*exception)
        for enforced in in_force(self.model):
            enforced.release()

    def train(
        self,
        model: Any,
        callbacks: list[Any],
        until: int | None = None,
        *,
        may_share: bool = False,
    ) -> dict[str, Any]:
        """Trains as `zoo.train_on` says; from step 0 on, with the first learning rate.

        Args:
            model: the run's, or one made of it.
            callbacks: for `fit`.
            until: another step to train up to.
            may_share: whether this is the dense training, which other runs that start alike may
                take; never where something is in force on the model, as a penalty.
        """
        optimizer, first = model.optimizer, self._learning_rate
        is_at_start = not _optimizers.steps_done(optimizer)
        if is_at_start and first is not None and not _optimizers.is_scheduled(optimizer):
            optimizer.learning_rate = first  # a callback of an earlier training may have set it
        if self._trainings is None or not may_share:
            return self._train(model, callbacks, until)
        return self._trainings.trained(self._train, self.training, model, callbacks, until)

    @property
    def keras(self) -> Any:
        """The Keras of the model: `keras` or `tf_keras`."""
        return _keras.module(self.model)

    def provenance(self, round_: int, **details: Any) -> dict[str, Any]:
        """Returns what a ticket of this run says of itself.

        Args:
            round_: its round.
            details: what else.
        """
        return {"recipe": self._recipe_name, **details, "round": round_, "seed": self.seed}

    def dense(self, prunable: Mapping[str, np.ndarray], *, release: bool = True) -> Level:
        """Trains the model as it stands, every weight kept: level 0.

        Args:
            prunable: the weights that a mask is kept of, by path.
            release: whether the model is left without masks in force; `False` where a ticket of
                the same weights is trained next, so that nothing is traced again.
        """
        return train_dense(
            self.model,
            functools.partial(self.train, may_share=True),
            prunable,
            evaluate=self.evaluate,
            provenance=self.provenance(0),
            release=release,
        )

    def train_ticket(self, ticket: Ticket, *, until: int | None = None) -> Level:
        """Trains a ticket over the run's model, and measures it.

        The masks stay in force until others take their place or the run is over: whatever number
        of tickets is trained, their step is traced once.

        Args:
            ticket: over the model, whatever it holds.
            until: another step to train up to.
        """
        train = functools.partial(self.train, until=until)
        return train_ticket(self.model, train, ticket, evaluate=self.evaluate, release=False)

    def evidence(self, examples_per_class: int = 10, **known: Any) -> Evidence:
        """Returns the examples and the loss that a score may ask for.

        Args:
            examples_per_class: in the batch; for regression, ten times as many of all.
            known: other parts of `Evidence`.
        """
        found = evidence_from(self.data, self.model, examples_per_class, self.seed)
        return dataclasses.replace(found, **known)

    def kept(self, name: str, make: Callable[[], Any]) -> Any:
        """Makes something once in a run, and leaves it when the run is over.

        Args:
            name: of it.
            make: returns a context, which is entered.
        """
        if name not in self._kept:
            self._kept[name] = self._stack.enter_context(make())
        return self._kept[name]
