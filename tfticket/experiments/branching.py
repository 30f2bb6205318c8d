"""branch: a finished run, or one under way, is compared with something else from a level on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tfticket.controls import Branch
from tfticket.determinism import deterministic
from tfticket.experiments.growing import add_branches, try_controls
from tfticket.experiments.run_folder import RunFolder
from tfticket.experiments.spec import Spec
from tfticket.recipes.search_settings import SearchSettings
from tfticket.reports.outcome import Outcome

__all__ = ["branch", "check_branch"]


class _Wanted(NamedTuple):
    """The run that is branched, its settings, and controls with their levels."""

    folder: RunFolder
    spec: Spec
    pairs: list[tuple[str, int]]


def branch(
    path: str | Path, controls: Sequence[str], levels: Sequence[int] = (), **options: Any
) -> Outcome:
    """Trains controls of levels of a run, in its folder; what is there already stays as it is.

    Args:
        path: the run folder.
        controls: names of `controls.CONTROLS`, or `module:function` or `file.py:function`.
        levels: of which levels; none means the last.
        options: those of `experiments.runner.run`.

    Returns:
        The outcome of the run, the new controls in it.

    Raises:
        ValueError: if there is no such control or no such level; nothing is changed then.
        FileNotFoundError: if `path` is no run folder.
    """
    folder, spec, wanted = _wanted(path, controls, levels)
    from tfticket.experiments.plan import make_plan
    from tfticket.experiments.runner import run

    with deterministic(spec.common.seed):
        try_controls(make_plan(spec), folder, wanted)
    with folder.locked():
        add_branches(folder.root, [Branch(c, tuple(sorted(set(levels)))) for c in controls])
    return run(spec, path, **options)


def check_branch(path: str | Path, controls: Sequence[str], levels: Sequence[int] = ()) -> None:
    """Makes sure, before TensorFlow is loaded, that there are such a run, controls and levels.

    Whether a control can be made, only `branch` tells, which raises the same otherwise.

    Args:
        path: the run folder.
        controls: as for `branch`.
        levels: of which levels; none means the last.
    """
    _wanted(path, controls, levels)


def _wanted(path: str | Path, controls: Sequence[str], levels: Sequence[int]) -> _Wanted:
    folder = RunFolder(path)
    spec = folder.spec()
    SearchSettings(controls=tuple(controls))  # says what is no control
    if spec.common.distribution == "multi_worker":
        raise ValueError(
            "controls of a run with `distribution` multi_worker must be asked for by its settings:"
            " start it again on all workers with more `controls`, or other `control_levels`."
            f" Received: controls={list(controls)}"
        )
    last = folder.num_levels(0) - 1
    beyond = [level for level in levels if not 1 <= level <= last]
    if beyond or last < 1:
        there = f"levels 1 to {last} are trained" if last >= 1 else "no ticket is trained yet"
        raise ValueError(f"`levels` must be trained already: {there}. Received: {list(levels)}")
    pairs = [(c, level) for c in controls for level in levels or (last,)]
    return _Wanted(folder, spec, pairs)
