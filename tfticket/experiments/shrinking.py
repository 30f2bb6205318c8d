"""Shrinking what is on disk: the network of a run, or a `.keras` file with zeros in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tfticket import _keras, export, files, weights, zoo
from tfticket.determinism import deterministic
from tfticket.experiments.run_folder import RunFolder
from tfticket.export import keras_archive
from tfticket.export.signature import signature
from tfticket.files import archives
from tfticket.masks import Masks, ones_like
from tfticket.reports.outcome import choose
from tfticket.rewinding import restore
from tfticket.scores import Evidence
from tfticket.tflite.sizes import raw_bytes

if TYPE_CHECKING:
    from tfticket.slimming import ChannelLimits, ShrinkReport

__all__ = ["Shrinking", "check_shrinking", "shrink_saved"]

_NUM_EXAMPLES = 8
_BATCH_SIZE = 64


@dataclass(frozen=True)
class Shrinking:
    """What became of a network on disk.

    Args:
        path: of the smaller network's file.
        file_bytes: its size.
        report: what was saved.
        max_relative_difference: of the outputs from those of the masked network.
    """

    path: str
    file_bytes: int
    report: ShrinkReport
    max_relative_difference: float

    def to_dict(self) -> dict[str, Any]:
        """Returns everything as plain JSON values."""
        own = {n: getattr(self, n) for n in ("path", "file_bytes", "max_relative_difference")}
        return {**own, **self.report.to_dict()}

    def __str__(self) -> str:
        return (
            f"{self.report}\n{self.path}: {self.file_bytes:,} bytes; outputs differ from those of"
            f" the masked network by {self.max_relative_difference:.1e} of the largest"
        )


def shrink_saved(
    path: str | Path,
    out: str | Path,
    *,
    channel_sparsity: float | None = None,
    score: str = "l1",
    scope: str = "layer",
    limits: ChannelLimits | None = None,
    allow_inexact: bool = False,
    norm_batches: int = 0,
) -> Shrinking:
    """Removes what a network does not need, and writes the smaller one.

    Args:
        path: a run folder, of which the chosen level is taken, or a `.keras` file, whose zeros are
            its masks.
        out: of the new `.keras` file.
        channel_sparsity: fraction of the channels to remove besides, by `score`, without training
            afterwards; `None` removes only what changes nothing.
        score: what a channel is worth then.
        scope: where channels are ranked then.
        limits: rounding and the largest sparsity of a group then.
        allow_inexact: whether to remove constant channels also where zero padding makes a
            difference.
        norm_batches: over how many batches of the run's training examples the statistics of batch
            normalisations are taken anew, once the outputs were compared; 0 leaves them.

    Returns:
        A `Shrinking`.

    Raises:
        ValueError: if `path` is neither, or an argument is out of range.
        ExportError: if the file does not load again or computes something else.
    """
    check_shrinking(path, out, channel_sparsity=channel_sparsity, norm_batches=norm_batches)
    from tfticket import slimming

    model, masks, data = _network(Path(path))
    if channel_sparsity is not None:
        chosen = slimming.channel_masks(
            model,
            channel_sparsity,
            score=score,
            evidence=Evidence({}, seed=0),
            scope=scope,
            limits=limits,
        )
        masks = Masks({p: m & masks.get(p, True) for p, m in chosen.items()} | _rest(masks, chosen))
    small = slimming.shrink(model, masks, allow_inexact=allow_inexact)
    difference = slimming.max_relative_difference(model, masks, small.model, _inputs(model))
    if norm_batches:
        seen = zoo.batches(data.train, batch_size=_BATCH_SIZE, num_steps=norm_batches, seed=0)
        slimming.reestimate_norms(small.model, seen)
    export.keras_file(small.model, out)
    return Shrinking(str(out), raw_bytes(out), small.report, difference)


def check_shrinking(
    path: str | Path,
    out: str | Path,
    *,
    channel_sparsity: float | None = None,
    norm_batches: int = 0,
) -> None:
    """Makes sure of what can be told before TensorFlow is loaded.

    What is raised is as for `shrink_saved`.

    Args:
        path: a run folder or a `.keras` file.
        out: of the new `.keras` file.
        channel_sparsity: fraction of the channels to remove besides.
        norm_batches: over how many batches statistics are to be taken anew.
    """
    path = Path(path)
    _check(path, channel_sparsity, norm_batches)
    _check_out(Path(out))
    if path.suffix != ".keras":
        RunFolder(path).settings()
    elif not path.is_file():
        raise ValueError(f"`path` must be an existing file or run folder. Received: {path}")


def _check_out(out: Path) -> None:
    """Tells before anything is computed what the writer would tell after it."""
    if out.suffix != ".keras":
        raise ValueError(f"`out` must end in .keras: Keras goes by it. Received: out={str(out)!r}")
    files.require_free(out, is_ours=archives.is_ours(out), overwrite=False, is_file=True)


def _check(path: Path, channel_sparsity: float | None, norm_batches: int) -> None:
    if channel_sparsity is not None and not 0 <= channel_sparsity < 1:
        raise ValueError(
            "`channel_sparsity` must be in [0, 1): it is a fraction of the channels."
            f" Received: channel_sparsity={channel_sparsity}"
        )
    if norm_batches < 0:
        raise ValueError(
            "`norm_batches` must be at least 0, which leaves the statistics as they are."
            f" Received: norm_batches={norm_batches}"
        )
    if norm_batches and path.suffix == ".keras":
        raise ValueError(
            "`norm_batches` must be left out for a .keras file: it has no training examples. Call"
            f" slimming.reestimate_norms with your own. Received: norm_batches={norm_batches}"
        )


def _inputs(model: Any) -> Any:
    """Random inputs to compare on."""
    given = signature(model)
    drawn = given.sample(_NUM_EXAMPLES, seed=0)
    return given.pack([drawn[name] for name in given.names])


def _rest(masks: Mapping[str, np.ndarray], chosen: Masks) -> dict[str, np.ndarray]:
    return {p: m for p, m in masks.items() if p not in chosen}


def _network(path: Path) -> tuple[Any, Masks, Any]:
    """Loads the network and its masks, and of a run the data."""
    if path.suffix == ".keras":
        model = keras_archive.load(path)
        return model, _zeros(model), None
    folder = RunFolder(path)
    spec = folder.spec()
    folder.check()
    chosen = choose(folder.results())
    from tfticket.experiments.plan import make_plan

    with deterministic(spec.common.seed):
        plan = make_plan(spec)
        level = folder.level(chosen.replicate, chosen.round)
        model = plan.recipe.network(plan.build(chosen.seed), level.ticket)
        restore(model, level.trained)
        masks = level.ticket.masks_for(model)
        if masks.num_kept == masks.num_weights:  # what is smaller then, is another network
            model = plan.recipe.handed_over(model, level)
            masks = ones_like(weights.read(model))
    return model, masks, plan.data


def _zeros(model: Any) -> Masks:
    """Every trainable number that is 0 counts as masked: in inference it makes no difference."""
    ids = {id(v) for v in model.trainable_variables}
    found = {p: v for p, v in weights.variables(model).items() if id(v) in ids}
    return Masks({p: _keras.to_numpy(v) != 0 for p, v in found.items()})
