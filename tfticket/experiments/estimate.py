"""What an experiment would train, and about how long and how large it becomes."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import Any

from tfticket import weights
from tfticket.determinism import deterministic
from tfticket.experiments.plan import checked, make_plan
from tfticket.experiments.spec import Spec
from tfticket.recipes.run import Plan
from tfticket.zoo import train_on

__all__ = ["Estimate", "estimate"]

_SECONDS = 2.0


@dataclass(frozen=True)
class Estimate:
    """What is to be expected of an experiment.

    Args:
        num_levels: of each replicate, the dense one included.
        num_trainings: of all replicates, controls included; what is only measured is not counted.
        num_steps: of one training.
        seconds_per_step: measured for a moment on this machine.
        seconds: of all trainings, if each is as long as the dense one.
        bytes_on_disk: of the run folder, without the files that are exported.
        besides: what each replicate does beside trainings that takes long, which is not measured.
    """

    num_levels: int
    num_trainings: int
    num_steps: int
    seconds_per_step: float
    seconds: float
    bytes_on_disk: int
    besides: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Returns everything as plain JSON values."""
        return dataclasses.asdict(self)

    def __str__(self) -> str:
        minutes = self.seconds / 60
        besides = f"; each replicate makes {self.besides}, not measured" if self.besides else ""
        return (
            f"{self.num_levels} levels a replicate, {self.num_trainings} networks trained in all,"
            f" for {self.num_steps:,} steps each\n"
            f"about {minutes:,.1f} minutes ({1000 * self.seconds_per_step:.2f} ms a step here;"
            f" evaluation and pruning come on top{besides})\n"
            f"about {self.bytes_on_disk / 1e6:,.1f} MB on disk, without exported files"
        )


def estimate(spec: Spec, *, download: bool = False) -> Estimate:
    """Says what an experiment would train; trains for a few seconds to measure a step.

    Args:
        spec: the experiment.
        download: whether tensorflow-datasets may download what is missing.

    Raises:
        ValueError: if the spec does not fit network and data.
    """
    with deterministic(spec.common.seed):
        plan = make_plan(spec, download=download)
        levels = checked(plan) + 1
        compared = plan.comparisons(levels - 1)
        with plan.run(0) as run:
            num_bytes = sum(a.nbytes for a in weights.read_all(run.model).values())
            per_step = _seconds_per_step(plan, run.model)
    trained = 1 + sum(plan.recipe.is_trained(level) for level in range(1, levels))
    trained += sum(plan.recipe.is_trained(level, is_control=True) for level, _ in compared)
    trainings = plan.replicates * trained
    steps = plan.task.training.num_steps
    # A level keeps its start and its trained state, whose optimizer has up to two slots a weight;
    # a control keeps its start, a replicate its first state.
    kept = plan.replicates * (4 * levels + len(compared) + 1)
    seconds, besides = trainings * steps * per_step, plan.recipe.besides()
    return Estimate(levels, trainings, steps, per_step, seconds, kept * num_bytes, besides)


def _seconds_per_step(plan: Plan, model: Any) -> float:
    """Times steps after those of a first call, which traces."""
    per_call = int(getattr(model, "steps_per_execution", 1) or 1)
    train = train_on(plan.data, dataclasses.replace(plan.task.training, eval_every=None))
    train(model, [], until=per_call)
    done, more, start = per_call, per_call, time.monotonic()
    while done == per_call or time.monotonic() - start < _SECONDS:
        more *= 2  # opening a pipeline, and reading to where it goes on, counts less and less
        done += more
        train(model, [], until=done)
    return (time.monotonic() - start) / (done - per_call)
