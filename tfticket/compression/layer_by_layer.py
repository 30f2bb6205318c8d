"""sensitivity: what a network loses as parts of one layer after the other are masked."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfticket import _keras, files, weights
from tfticket.compression import metrics
from tfticket.compression.lending import borrowed
from tfticket.compression.measure import Measure
from tfticket.compression.report import Sensitivity, SensitivityRow
from tfticket.compression.store import changes, identity
from tfticket.enforcement import enforce, in_force
from tfticket.errors import CorruptFileError
from tfticket.graph import channel_graph
from tfticket.masks import Masks
from tfticket.selection import budget, check_sparsity, keep_top
from tfticket.slimming.channel_scores import channel_scores
from tfticket.slimming.channel_selection import select_channels
from tfticket.tracing import lent
from tfticket.weights import FilterLike

__all__ = ["SPARSITIES", "sensitivity"]

#: What is tried of each kind where nothing else is asked for.
SPARSITIES: Mapping[str, tuple[float, ...]] = {
    "weights": (0.5, 0.7, 0.8, 0.9, 0.95, 0.98),
    "channels": (0.125, 0.25, 0.5, 0.75),
}


def sensitivity(
    model: Any,
    validation: Any,
    metric: Any = "accuracy",
    *,
    sparsities: Mapping[str, Sequence[float]] | None = None,
    prunable: FilterLike = None,
    train: Callable[[Any], Any] | None = None,
    cache: str | Path | None = None,
    on_row: Callable[[SensitivityRow, int], None] | None = None,
) -> Sensitivity:
    """Measures what a trained network loses as parts of single layers are masked.

    Of each prunable weight those of smallest magnitude are masked, of each channel group the
    channels of smallest L1 norm, everything else as it is. The model is left as it was.

    Args:
        model: a built model of either Keras, trained; compiled, if it is fine-tuned.
        validation: `(inputs, targets)` that the metric is measured on: validation data, for what is
            chosen by it. Or a function `evaluate(predict)` that returns the metric, where
            `predict(inputs)` returns outputs.
        metric: one of `METRICS` by name, or a `Metric`; with a function, what it returns.
        sparsities: fractions to mask, in (0, 1), by kind: `"weights"`, `"channels"`; `None` means
            `SPARSITIES`. A kind that is left out is not tried.
        prunable: which weights may be masked: a regex, a list, a callable or a `Filter`.
        train: trains the model for a little, as by `model.fit`, with the masks in force; each
            time from the weights and the optimizer that the model came with. `None` trains nothing.
        cache: JSON file in which every row is kept as soon as it is measured; the same call goes
            on where it stopped. `None` keeps nothing.
        on_row: called with every row when it is measured, and how many there will be.

    Returns:
        A `Sensitivity`; networks without removable channels have rows of weights alone, and a note.

    Raises:
        ValueError: for what is out of range or not finite, and to fine-tune under others' masks.
        FileExistsError: if `cache` is of another network, other data or other settings.
    """
    _require_free(model, train)
    measure = Measure.given(metrics.get(metric), validation)
    tries, notes = _tries(model, _checked(sparsities), prunable)
    dense = measure.of_model(model)
    kept = _Cache.open(cache, _settings(model, measure, tries, train))
    rows = []
    for number, one in enumerate(tries):
        row = kept.rows[number] if number < len(kept.rows) else None
        if row is None:
            values = _measured(model, measure, one.make(), train)
            row = one.row(measure.metric, dense, values)
            kept.add(row)
        rows.append(row)
        if on_row is not None:
            on_row(row, len(tries))
    about = (measure.metric.name, measure.metric.higher_is_better)
    return Sensitivity(*about, dense, tuple(rows), tuple(notes))


@dataclass(frozen=True)
class _Try:
    """One layer of which something is masked.

    Args:
        name: of the weight or the group.
        kind: what is masked.
        size: how many there are.
        asked: fraction that is to be masked.
        sparsity: fraction that is.
        make: returns masks of the weights that are touched.
    """

    name: str
    kind: str
    size: int
    asked: float
    sparsity: float
    make: Callable[[], Masks]

    def row(self, metric: metrics.Metric, dense: float, values: list[float]) -> SensitivityRow:
        """Returns the row of the metric without, and perhaps with, fine-tuning."""
        pairs = [number for value in values for number in (value, metric.loss(dense, value))]
        return SensitivityRow(self.name, self.kind, self.size, self.asked, self.sparsity, *pairs)


def _require_free(model: Any, train: Any) -> None:
    """Refuses to let others' masks go, which fine-tuning under ours would do."""
    if train is not None and in_force(model):
        raise ValueError(
            "`model` must have no masks in force to be fine-tuned under others: release them first,"
            " or leave `train` out. Received: a model with masks in force"
        )


def _checked(sparsities: Mapping[str, Sequence[float]] | None) -> dict[str, list[float]]:
    asked = SPARSITIES if sparsities is None else sparsities
    unknown = set(asked) - set(SPARSITIES)
    if unknown or not any(asked.values()):
        raise ValueError(
            "`sparsities` must have fractions by kind, of weights, channels or both."
            f" Received: sparsities={dict(asked)}"
        )
    for value in (v for values in asked.values() for v in values):
        check_sparsity(value)
        if not value:
            raise ValueError("`sparsities` must be greater than 0: that is the dense network.")
    return {kind: sorted(values) for kind, values in asked.items()}


def _tries(
    model: Any, sparsities: Mapping[str, Sequence[float]], prunable: FilterLike
) -> tuple[list[_Try], list[str]]:
    tries = _of_weights(model, sparsities.get("weights", ()), prunable)
    if not sparsities.get("channels"):
        return tries, []
    graph = channel_graph(model)
    if not graph.groups:
        reasons = "; ".join(sorted(set(graph.refused.values()))) or "no layer makes any"
        return tries, [f"no channels can be removed: {reasons}"]
    return tries + _of_channels(model, graph, sparsities["channels"]), []


def _of_weights(model: Any, sparsities: Sequence[float], prunable: FilterLike) -> list[_Try]:
    if not sparsities:
        return []
    own = weights.prunable_weights(model, prunable).variables

    def make(path: str, num_kept: int) -> Masks:
        magnitudes = np.abs(_keras.value_of(own[path]))
        return Masks({path: keep_top([magnitudes], [np.ones(magnitudes.shape, bool)], num_kept)[0]})

    found = []
    for path, variable in own.items():
        size = int(np.prod(variable.shape))
        kept = {s: budget({path: (size,)}, s, "layer", minimum=1)[0].num_kept for s in sparsities}
        for num_kept in dict.fromkeys(count for count in kept.values() if count < size):
            asked = next(s for s, count in kept.items() if count == num_kept)
            made = functools.partial(make, path, num_kept)
            found.append(_Try(path, "weights", size, asked, 1 - num_kept / size, made))
    return found


def _of_channels(model: Any, graph: Any, sparsities: Sequence[float]) -> list[_Try]:
    def make(kept: Mapping[str, np.ndarray]) -> Masks:
        masks = graph.masks(kept)
        return Masks({p: m for p, m in masks.items() if not m.all()})

    found = []
    for name, own in channel_scores(model, graph, "l1").items():
        shares = set()
        for sparsity in sparsities:
            kept = select_channels(graph, {name: own}, sparsity, scope="layer")
            share = 1 - np.count_nonzero(kept[name]) / len(own)
            if share and share not in shares:  # few channels: the next sparsity is the same
                shares.add(share)
                make_own = functools.partial(make, kept)
                found.append(_Try(name, "channels", len(own), sparsity, share, make_own))
    return found


def _measured(
    model: Any,
    measure: Measure,
    masks: Masks,
    train: Callable[[Any], Any] | None,
) -> list[float]:
    """The metric under masks, and after fine-tuning where there is any; then all is put back."""
    variables = weights.variables(model)
    masked = {p: np.where(masks[p], _keras.value_of(variables[p]), 0) for p in masks}
    with lent(model, masked) if train is None else borrowed(model):
        weights.write(model, masked)
        values = [measure.of_model(model)]
        if train is not None:
            with enforce(model, masks) as enforcement:
                train(model)
                enforcement.check()
            values.append(measure.of_model(model))
        return values


def _settings(model: Any, measure: Measure, tries: Sequence[_Try], train: Any) -> dict:
    """What rows depend on; of functions the name."""
    name = getattr(train, "__qualname__", type(train).__name__) if train else ""
    return {
        **identity(model),
        "measure": measure.digest(),
        "tries": [[t.name, t.kind, round(t.sparsity, 9)] for t in tries],
        "train": name,
    }


class _Cache:
    """Rows in a file, if one is given.

    Args:
        path: of the file, or `None`.
        settings: what the rows depend on.
        rows: those that are there.
    """

    def __init__(self, path: Path | None, settings: dict[str, Any], rows: list[SensitivityRow]):
        self.path, self.settings, self.rows = path, settings, rows

    @classmethod
    def open(cls, path: str | Path | None, settings: dict[str, Any]) -> _Cache:
        """Reads what an earlier call has left.

        Raises:
            FileExistsError: if that is of something else.
        """
        if path is None or not Path(path).exists():
            return cls(None if path is None else Path(path), settings, [])
        path = Path(path)
        try:
            record = files.unsealed(files.read_json(path), path)
            rows = [SensitivityRow(**row) for row in record["rows"]]
        except (CorruptFileError, KeyError, TypeError) as error:
            raise FileExistsError(
                f"`cache` must be new, or a file of an earlier call: {error}. Received: {path}"
            ) from error
        changed = changes(record["settings"], json.loads(json.dumps(settings)))
        if changed:
            raise FileExistsError(
                "`cache` must be of the same network, data and settings; give another file, or"
                f" delete this one. Received: {path}, where other than now: {changed}"
            )
        return cls(path, settings, rows)

    def add(self, row: SensitivityRow) -> None:
        """Keeps a row before the next one is measured."""
        self.rows.append(row)
        if self.path is not None:
            rows = [dataclasses.asdict(r) for r in self.rows]
            files.write_json(self.path, files.sealed({"settings": self.settings, "rows": rows}))
