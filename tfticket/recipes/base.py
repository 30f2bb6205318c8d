"""What a recipe is: a paper's method as its settings and what it does with a network.

A recipe is one file of this package with one class: the settings as fields, each with its range,
default and meaning, and `treat`, which makes the next level of the one before. Everything else —
the Python function, the command line, keys of files, the table of the README — is made from that.
What these files import at their top is imported by `tfticket find --help` too, so TensorFlow and
what needs it are imported where they are used.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from tfticket.recipes import fields
from tfticket.settings import Settings, is_moment

if TYPE_CHECKING:
    from typing_extensions import Self

    from tfticket.filters import Filter
    from tfticket.lottery import Level
    from tfticket.recipes.run.context import Run, Task
    from tfticket.tickets import Ticket

__all__ = ["MaskingRecipe", "Paper", "Recipe", "WeightRecipe", "ordered_fields"]


class Paper(NamedTuple):
    """Where a method comes from.

    Args:
        authors: and year, as in `"Frankle & Carbin 2019"`.
        link: of the paper.
    """

    authors: str
    link: str


class Recipe(Settings):
    """A paper's method: how levels follow each other, from dense to the final sparsity.

    Level 0 is what `start` makes; `treat` makes each next one. `run.train` trains `run.model` as
    it stands; the seeds, batches and measurements are the run's.

    Attributes:
        paper: where it comes from.
        usual_controls: what its tickets are compared with unless `controls` says otherwise.
        trains_levels: whether networks after level 0 are trained; otherwise they are measured only.
    """

    paper: ClassVar[Paper]
    usual_controls: ClassVar[tuple[str, ...]] = ("reinitialize", "random_sparse")
    trains_levels: ClassVar[bool] = True

    def resolved(self, task: Task) -> Self:
        """Returns the recipe with every moment as a step, and nothing left open.

        Args:
            task: what it is to be tried on.

        Raises:
            ValueError: if the settings do not fit the task.
        """
        moments = {
            name: task.in_steps(getattr(self, name), name)
            for name, field in type(self).model_fields.items()
            if is_moment(field) and getattr(self, name) is not None
        }
        return self.model_copy(update=moments)

    def moments(self) -> tuple[int, ...]:
        """Returns, of a resolved recipe, the steps at which something happens in a training."""
        found = [getattr(self, n) for n, f in type(self).model_fields.items() if is_moment(f)]
        return tuple(step for step in found if step is not None)

    def num_rounds(self, run: Run) -> int:
        """Returns how many rounds it takes; there is one level more.

        Args:
            run: whose model it is asked of.
        """
        return 1

    def is_trained(self, round_: int, *, is_control: bool = False) -> bool:
        """Tells whether the network of a level is trained; as `trains_levels` says, as a rule.

        Args:
            round_: of the level; level 0 is trained at any rate.
            is_control: whether it is a control's.
        """
        del is_control
        return not round_ or self.trains_levels

    def besides(self) -> str:
        """Returns in words what a replicate does beside trainings that takes long, if it does."""
        return ""

    def check(self, run: Run) -> None:
        """Makes sure that the network can be treated; called before anything is trained.

        Args:
            run: with its model at the initialisation.

        Raises:
            ValueError: if it cannot.
        """

    def start(self, run: Run) -> Level:
        """Makes level 0; as a rule the network trained densely.

        Args:
            run: with its model at the initialisation.
        """
        raise NotImplementedError

    def treat(self, run: Run, level: Level) -> Level:
        """Makes the next level, trained and measured.

        Args:
            run: whatever its model holds.
            level: the one before, of this process or an earlier one.
        """
        raise NotImplementedError

    def try_ticket(self, run: Run, ticket: Ticket) -> Level:
        """Does with another ticket, a control, what is done with the recipe's own: trains it.

        Args:
            run: whatever its model holds.
            ticket: the control.
        """
        return run.train_ticket(ticket)

    def network(self, model: Any, ticket: Ticket) -> Any:
        """Returns the network that a ticket is over; as a rule `model`.

        Args:
            model: the run's, or one built like it.
            ticket: of a level, or a control.
        """
        del ticket
        return model

    def initial_ticket(self, level: Level) -> Ticket:
        """Returns what controls of a level are drawn from: its masks over the initial weights.

        Args:
            level: as a rule with the training state at step 0 among its states.
        """
        first = level.states[0]
        return dataclasses.replace(level.ticket, weights=first.weights, optimizer={}, step=0)

    def handed_over(self, model: Any, level: Level) -> Any:
        """Returns the network that a level's files are made of; as a rule `model`.

        Args:
            model: what `network` returned, with the level's trained weights.
            level: that was chosen.
        """
        del level
        return model


class MaskingRecipe(Recipe):
    """A recipe that masks weights, among those that its settings say."""

    prunable: fields.Prunable = None
    exclude: fields.Exclude = None
    kinds: fields.Kinds = None

    @property
    def filter(self) -> Filter:
        """Which weights may be masked."""
        from tfticket.filters import Filter

        given = {"exclude": self.exclude, "kinds": self.kinds}
        given = {n: v for n, v in given.items() if v is not None}
        return dataclasses.replace(Filter.of(self.prunable), **given)

    def start(self, run: Run) -> Level:
        """Trains the dense network.

        Args:
            run: with its model at the initialisation.
        """
        from tfticket import weights

        return run.dense(weights.read(run.model, self.filter))


class WeightRecipe(MaskingRecipe):
    """A recipe that masks weights in units that its settings say."""

    granularity: fields.Granularity = "weight"

    def check(self, run: Run) -> None:
        """Makes sure that the granularity fits the weights that may be masked.

        Args:
            run: with its model at the initialisation.

        Raises:
            ValueError: if it does not, or whole outputs of the network could go.
        """
        from tfticket import weights
        from tfticket.layouts import layouts
        from tfticket.selection import misfits

        shapes = {p: a.shape for p, a in weights.read(run.model, self.filter).items()}
        misfits(self.granularity, shapes, layouts(run.model, shapes))
        if getattr(self.granularity, "name", self.granularity) == "channel":
            _keep_outputs(run.model, shapes)


def _keep_outputs(model: Any, paths: Iterable[str]) -> None:
    """Raises `ValueError` if channels of a layer may go that are the network's outputs."""
    from tfticket.graph import channel_graph, is_network

    if not is_network(model):
        return  # nothing says what comes last
    layers = channel_graph(model).output_layers
    made = [p for p in paths if any(p.startswith(f"{layer}/") for layer in layers)]
    if made:
        raise ValueError(
            "`exclude` must name the weights that make the outputs: by channels, whole classes"
            f" would go. Received: granularity='channel', prunable {made}; give exclude={made[0]!r}"
        )


def ordered_fields(kind: type[Settings]) -> list[str]:
    """Returns the names of settings in the order to read them: those of most recipes come last.

    Args:
        kind: a recipe, or another kind of settings.
    """
    line = [c for c in reversed(kind.__mro__) if issubclass(c, Settings)]
    start = line.index(Recipe) + 1 if Recipe in line else 0
    # The first is what many recipes share; of those in this file, all.
    num_shared = max(1, sum(c.__module__ == __name__ for c in line[start:]))
    declared = [list(inspect.get_annotations(c)) for c in line[start:]]
    shared = reversed(declared[:num_shared])
    ordered = [name for names in [*declared[num_shared:], *shared] for name in names]
    return [name for name in dict.fromkeys(ordered) if name in kind.model_fields]
