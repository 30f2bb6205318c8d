"""Every recipe by its name, and where it comes from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tfticket.experiments.findings import Findings
from tfticket.recipes.at_initialization import (
    grasp,
    magnitude_at_init,
    random_at_init,
    snip,
    synflow,
)
from tfticket.recipes.iterative import (
    fine_tuning,
    gradual,
    late_rewinding,
    learning_rate_rewinding,
    lottery_ticket,
)
from tfticket.recipes.structured import early_bird, l1_filters, scratch_b, scratch_e, slimming
from tfticket.recipes.supermask import bernoulli_supermask, edge_popup
from tfticket.recipes.untrained import zhou_supermask

__all__ = ["RECIPES", "Recipe"]


@dataclass(frozen=True)
class Recipe:
    """A named composition and where it comes from.

    Args:
        function: what to call.
        paper: authors and year.
        link: of the paper.
        files: of the package, where its parts are.
    """

    function: Callable[..., Findings]
    paper: str
    link: str
    files: tuple[str, ...]


_AT_INITIALIZATION = ("pruning.py", "experiments/at_initialization.py")
_STRUCTURED = ("slimming/shrink.py", "graph/groups.py", "experiments/channel_pruning.py")
_SUPERMASKS = ("supermasks/convert.py", "supermasks/plain.py", "experiments/supermask.py")
_ROUNDS = ("lottery.py", "experiments/rates.py", "schedules/exponential.py")

#: Every recipe by its name.
RECIPES: Mapping[str, Recipe] = {
    "lottery_ticket": Recipe(
        lottery_ticket,
        "Frankle & Carbin 2019",
        "https://arxiv.org/abs/1803.03635",
        (*_ROUNDS, "actions/rewind.py", "controls.py"),
    ),
    "late_rewinding": Recipe(
        late_rewinding,
        "Frankle et al. 2020",
        "https://arxiv.org/abs/1912.05671",
        (*_ROUNDS, "actions/rewind.py", "callbacks/record_rewind_point.py"),
    ),
    "learning_rate_rewinding": Recipe(
        learning_rate_rewinding,
        "Renda et al. 2020",
        "https://arxiv.org/abs/2003.02389",
        (*_ROUNDS, "actions/rewind.py", "rewinding.py"),
    ),
    "fine_tuning": Recipe(
        fine_tuning,
        "Han et al. 2015",
        "https://arxiv.org/abs/1506.02626",
        (*_ROUNDS, "actions/rewind.py"),
    ),
    "gradual": Recipe(
        gradual,
        "Zhu & Gupta 2017",
        "https://arxiv.org/abs/1710.01878",
        ("callbacks/prune_on_schedule.py", "schedules/curves.py", "experiments/gradual.py"),
    ),
    "synflow": Recipe(
        synflow,
        "Tanaka et al. 2020",
        "https://arxiv.org/abs/2006.05467",
        ("scores/synflow.py", *_AT_INITIALIZATION),
    ),
    "snip": Recipe(
        snip,
        "Lee et al. 2019",
        "https://arxiv.org/abs/1810.02340",
        ("scores/snip.py", *_AT_INITIALIZATION),
    ),
    "grasp": Recipe(
        grasp,
        "Wang et al. 2020",
        "https://arxiv.org/abs/2002.07376",
        ("scores/grasp.py", *_AT_INITIALIZATION),
    ),
    "magnitude_at_init": Recipe(
        magnitude_at_init,
        "Frankle et al. 2021",
        "https://arxiv.org/abs/2009.08576",
        ("scores/magnitude.py", *_AT_INITIALIZATION),
    ),
    "random_at_init": Recipe(
        random_at_init,
        "Frankle et al. 2021",
        "https://arxiv.org/abs/2009.08576",
        ("scores/random.py", *_AT_INITIALIZATION),
    ),
    "slimming": Recipe(
        slimming,
        "Liu et al. 2017",
        "https://arxiv.org/abs/1708.06519",
        ("slimming/penalty.py", *_STRUCTURED),
    ),
    "early_bird": Recipe(
        early_bird,
        "You et al. 2020",
        "https://arxiv.org/abs/1909.11957",
        ("early_bird.py", "callbacks/stop_at_early_bird.py", *_STRUCTURED),
    ),
    "l1_filters": Recipe(
        l1_filters,
        "Li et al. 2017",
        "https://arxiv.org/abs/1608.08710",
        ("slimming/channel_scores.py", *_STRUCTURED),
    ),
    "scratch_e": Recipe(
        scratch_e,
        "Liu et al. 2019",
        "https://arxiv.org/abs/1810.05270",
        ("experiments/scratch.py", "actions/redraw.py", *_STRUCTURED),
    ),
    "scratch_b": Recipe(
        scratch_b,
        "Liu et al. 2019",
        "https://arxiv.org/abs/1810.05270",
        ("experiments/scratch.py", "actions/redraw.py", *_STRUCTURED),
    ),
    "edge_popup": Recipe(
        edge_popup,
        "Ramanujan et al. 2020",
        "https://arxiv.org/abs/1911.13299",
        ("supermasks/maskers/ranked.py", *_SUPERMASKS),
    ),
    "bernoulli_supermask": Recipe(
        bernoulli_supermask,
        "Zhou et al. 2019",
        "https://arxiv.org/abs/1905.01067",
        ("supermasks/maskers/bernoulli.py", *_SUPERMASKS),
    ),
    "zhou_supermask": Recipe(
        zhou_supermask,
        "Zhou et al. 2019",
        "https://arxiv.org/abs/1905.01067",
        ("scores/magnitude.py", "actions/redraw.py", "experiments/untrained.py"),
    ),
}
