"""What came out of training one network, and of several replicates together."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = [
    "DENSE",
    "NOTED",
    "TICKET",
    "Result",
    "Statistic",
    "Summary",
    "best",
    "headline",
    "in_order",
    "parameters",
    "statistic",
    "summarize",
]

#: The arms that are no controls: level 0, and the levels after it.
DENSE, TICKET = "dense", "ticket"
#: Numbers of the log that are shown with the metrics.
NOTED = ("early_stop_step", "trained_steps", "num_channels", "parameters")
# The order in which arms are shown; others follow in that of the alphabet.
_ORDER = (
    *(DENSE, TICKET, "reinitialize_from_kept", "reshuffle", "reinitialize"),
    *("shuffle_mask", "random_sparse"),
)


@dataclass(frozen=True)
class Result:
    """One trained network.

    Args:
        replicate: number of the replicate, from 0.
        round: number of pruning rounds behind its masks.
        arm: `"dense"`, `"ticket"` or the name of a control.
        seed: of the replicate, or of the control.
        sparsity: fraction of the prunable weights masked out.
        num_kept: prunable weights kept.
        num_weights: prunable weights.
        metrics: by name; `None` where a number was not finite.
        log: what its training noted, such as `early_stop_step`.
    """

    replicate: int
    round: int
    arm: str
    seed: int
    sparsity: float
    num_kept: int
    num_weights: int
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    log: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Returns the result as plain JSON values."""
        return asdict(self)

    def value(self, name: str) -> float | None:
        """Returns a metric or a number of the log; `None` if there is none.

        Args:
            name: of it. `"trained_steps"` are the updates that the weights went through: those
                up to `end_step`, unless a recipe says otherwise.
        """
        found = self.metrics.get(name, self.log.get(name))
        if found is None and name == "trained_steps":
            found = self.log.get("end_step")
        return found if isinstance(found, (int, float)) else None


@dataclass(frozen=True)
class Statistic:
    """Mean and standard deviation over replicates.

    Args:
        mean: of the finite values.
        sd: their sample standard deviation; `None` for a single value.
        num: how many values.
        num_missing: values that were left out because they were not finite.
    """

    mean: float
    sd: float | None
    num: int
    num_missing: int = 0

    def text(self, digits: int = 4) -> str:
        """Renders `mean ± sd` with so many digits after the point.

        >>> statistic([0.9, 0.92]).text(), statistic([0.9]).text()
        ('0.9100 ± 0.0141', '0.9000')
        """
        mean = f"{self.mean:.{digits}f}"
        return mean if self.sd is None else f"{mean} ± {self.sd:.{digits}f}"


@dataclass(frozen=True)
class Summary:
    """All replicates of one arm at one level.

    Args:
        round: number of pruning rounds behind the masks.
        arm: `"dense"`, `"ticket"` or the name of a control.
        sparsity: fraction of the prunable weights masked out, the mean over replicates.
        num_kept: prunable weights kept, of the first replicate.
        num_replicates: how many networks were trained.
        statistics: by metric, and of what was noted in training: `early_stop_step`;
            `trained_steps`; `num_channels`, where channels are removed; `parameters`, where
            networks are smaller than the dense one.
    """

    round: int
    arm: str
    sparsity: float
    num_kept: int
    num_replicates: int
    statistics: Mapping[str, Statistic]

    @property
    def density(self) -> float:
        """`1 - sparsity`."""
        return 1.0 - self.sparsity

    def to_dict(self) -> dict[str, Any]:
        """Returns the summary as plain JSON values."""
        return asdict(self)


def statistic(values: Iterable[float | None]) -> Statistic | None:
    """Returns mean and standard deviation; `None` if no value is finite.

    >>> statistic([1.0, 3.0, None])
    Statistic(mean=2.0, sd=1.4142135623730951, num=2, num_missing=1)

    Args:
        values: numbers; `None`, NaN and infinities are counted and left out.
    """
    listed = list(values)
    finite = [float(v) for v in listed if v is not None and math.isfinite(v)]
    if not finite:
        return None
    sd = statistics.stdev(finite) if len(finite) > 1 else None
    return Statistic(statistics.fmean(finite), sd, len(finite), len(listed) - len(finite))


def summarize(results: Sequence[Result]) -> list[Summary]:
    """Puts the replicates of each arm and level together, by round, tickets before controls.

    Args:
        results: of any number of replicates, arms and levels.
    """
    groups: dict[tuple[int, str], list[Result]] = {}
    for result in results:
        groups.setdefault((result.round, result.arm), []).append(result)
    return [
        _summary(round_, arm, groups[round_, arm], parameters(groups[round_, arm], results))
        for round_, arm in sorted(groups, key=lambda key: _place(*key))
    ]


def parameters(some: Sequence[Result], results: Iterable[Result]) -> Statistic | None:
    """Returns how many parameters some networks of a run have, if smaller ones are in it.

    >>> dense = Result(0, 0, DENSE, 0, 0.0, 90, 90)
    >>> log = {"parameters": 20, "dense_parameters": 100}
    >>> ticket = Result(0, 1, TICKET, 0, 0.0, 90, 90, {}, log)
    >>> [parameters([r], [dense, ticket]).text(0) for r in (dense, ticket)]
    ['100', '20']

    Args:
        some: the networks, of one arm at one level.
        results: of all networks: those that are smaller say how large the dense ones are.

    Returns:
        All that is trained or measured in a network; `None` where it is not noted.
    """
    found = [r.value("parameters") for r in some]
    if all(r.arm == DENSE for r in some):
        found = [r.value("dense_parameters") for r in results if "dense_parameters" in r.log]
    return statistic(n for n in found if n is not None)


def in_order(results: Iterable[Result]) -> list[Result]:
    """Sorts results: by replicate its levels, then its controls, always in the same order.

    Args:
        results: in any order.
    """

    def place(result: Result) -> tuple[int, bool, tuple[int, int, str]]:
        is_control = result.arm not in (DENSE, TICKET)
        return (result.replicate, is_control, _place(result.round, result.arm))

    return sorted(results, key=place)


def headline(names: Iterable[str]) -> str:
    """Returns the metric that tells most: the accuracy, else the first one compiled, else the loss.

    >>> headline(["test_loss", "test_auc", "test_sparse_categorical_accuracy"])
    'sparse_categorical_accuracy'
    >>> headline(["test_loss", "test_head_accuracy", "test_tail_accuracy"])
    'head_accuracy'

    Args:
        names: of metrics, with `validation_` or `test_` before them.
    """
    known = _compiled(names)
    return (_accuracies(known) or known or ["loss"])[0]


def _compiled(names: Iterable[str]) -> list[str]:
    """The metrics a model was compiled with, without the losses."""
    stems = {n: n.removeprefix("validation_").removeprefix("test_") for n in names}
    own = dict.fromkeys(stem for name, stem in stems.items() if stem != name)
    return [name for name in own if name != "loss" and not name.endswith("_loss")]


def _accuracies(names: Iterable[str]) -> list[str]:
    return [n for n in names if n in ("accuracy", "acc") or n.endswith(("_accuracy", "_acc"))]


def best(results: Sequence[Result]) -> Result:
    """Returns the result with the best validation: highest accuracy, then lowest loss.

    Where there is no accuracy, or one of each of several outputs, the lowest loss alone. Results
    without a finite validation loss come last, and equal ones in the given order. Test figures are
    not looked at.

    Args:
        results: at least one.

    Raises:
        ValueError: if there is none.
    """
    if not results:
        raise ValueError("`results` must hold at least one result. Received: results=[]")
    return min(results, key=_rank)


def _place(round_: int, arm: str) -> tuple[int, int, str]:
    return (round_, _ORDER.index(arm) if arm in _ORDER else len(_ORDER), arm)


def _rank(result: Result) -> tuple[float, float]:
    loss, accuracies = result.value("validation_loss"), _accuracies(_compiled(result.metrics))
    accuracy = result.value(f"validation_{accuracies[0]}") if len(accuracies) == 1 else None
    if loss is None or not math.isfinite(loss):
        return (math.inf, math.inf)
    return (-(accuracy or 0.0), loss)


def _summary(
    round_: int, arm: str, group: Sequence[Result], num_parameters: Statistic | None
) -> Summary:
    names = dict.fromkeys(name for r in group for name in r.metrics)
    noted = [n for n in NOTED if any(r.value(n) is not None for r in group)]
    names |= dict.fromkeys(noted)
    found = {name: statistic([r.value(name) for r in group]) for name in names}
    found["parameters"] = num_parameters
    return Summary(
        round=round_,
        arm=arm,
        sparsity=statistics.fmean(r.sparsity for r in group),
        num_kept=group[0].num_kept,
        num_replicates=len(group),
        statistics={name: value for name, value in found.items() if value is not None},
    )
