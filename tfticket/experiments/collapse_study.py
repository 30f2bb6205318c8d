"""Layer collapse of a network by name, for several scores, without any training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tfticket import collapse, scores, zoo
from tfticket.collapse import CollapseCurve
from tfticket.experiments.evidence import evidence_from
from tfticket.experiments.search import Event
from tfticket.scores import Evidence
from tfticket.seeds import generator
from tfticket.tables import aligned
from tfticket.weights import FilterLike, prunable
from tfticket.zoo import Entry

__all__ = ["CollapseStudy", "study_collapse"]

_NUM_MADE_UP = 100


@dataclass(frozen=True)
class CollapseStudy:
    """What each score leaves of each layer at each compression.

    Args:
        model: the network's name.
        seed: of the initial weights, the batch and random scores.
        curves: one per score.
        notes: what has to be said with them.
    """

    model: str
    seed: int
    curves: tuple[CollapseCurve, ...]
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Returns the study as plain JSON values, with the kept weights of every layer."""
        return {
            "model": self.model,
            "seed": self.seed,
            "notes": list(self.notes),
            "scores": collapse.rows(self.curves),
            "kept": [row for curve in self.curves for row in curve.table()],
        }

    def __str__(self) -> str:
        header = ["score", "rounds", "critical", "first collapse", "disconnected", "emptied first"]
        lines = [
            [
                row["score"],
                str(row["rounds"]),
                "none"
                if row["critical_compression"] is None
                else _short(row, "critical_compression"),
                "no collapse" if row["first_collapse"] is None else _short(row, "first_collapse"),
                "never"
                if row["first_disconnection"] is None
                else _short(row, "first_disconnection"),
                _first_of(row["collapsed_layers"]),
            ]
            for row in collapse.rows(self.curves)
        ]
        maximal = self.curves[0].maximal_compression
        title = f"{self.model}, seed {self.seed}: compression ratios up to {maximal:,.0f}, maximal"
        return "\n".join([title, "", aligned(header, lines), *(f"Note: {n}." for n in self.notes)])


def study_collapse(
    model: str,
    score_names: Sequence[str],
    *,
    keras: str = "keras",
    seed: int = 0,
    data: str | None = None,
    rounds: dict[str, int] | None = None,
    per_decade: int = 4,
    filters: FilterLike = None,
    on_event: Callable[[Event], None] | None = None,
) -> CollapseStudy:
    """Finds the critical compression of scores on a network as it is initialised.

    Args:
        model: a name of the zoo, `module:function`, `file.py:function` or a `.keras` file.
        score_names: names of scores.
        keras: which Keras.
        seed: of the initial weights, the batch and random scores.
        data: where SNIP and GraSP take ten examples of each class from; `None` makes a hundred of
            them up, standard normal with random labels.
        rounds: in how many rounds each compression is reached, by score; a hundred for SynFlow and
            one for others where left out.
        per_decade: how many compressions are tried to a factor of 10.
        filters: which weights may be masked.
        on_event: told what happens.

    Raises:
        ValueError: if a name is unknown.
    """
    listed = [scores.get(name) for name in score_names]
    entry = zoo.get_model(model)
    network = entry.compiled(keras=keras, seed=seed)
    evidence, notes = _evidence(entry, network, data, seed)
    sizes = [variable.shape for variable in prunable(network, filters).variables.values()]
    num_weights = sum(_product(shape) for shape in sizes)
    grid = collapse.compression_grid(num_weights, len(sizes), per_decade)
    tell = _Teller(on_event, len(grid) * len(listed))
    by_name = {**collapse.PAPER_ROUNDS, **(rounds or {})}
    curves = [
        collapse.critical_compression(
            network,
            score,
            compression_ratios=grid,
            rounds=by_name.get(score.name, 1),
            filters=filters,
            evidence=evidence,
            on_compression=tell.of(score.name),
            check_flow=True,
        )
        for score in listed
    ]
    return CollapseStudy(model, seed, tuple(curves), notes)


class _Teller:
    """Counts compressions over all scores."""

    def __init__(self, on_event: Callable[[Event], None] | None, num_planned: int):
        self.on_event, self.num_planned, self.num_done = on_event, num_planned, 0

    def of(self, score: str) -> Callable[[float, Any], None]:
        def tell(ratio: float, kept: Any) -> None:
            self.num_done += 1
            emptied = [path for path, count in kept.items() if not count]
            ending = f": {len(emptied)} layers emptied" if emptied else ""
            text = f"{score} at compression {ratio:.4g}{ending}"
            if self.on_event is not None:
                self.on_event(Event("note", text, self.num_done, self.num_planned))

        return tell


def _evidence(
    entry: Entry, model: Any, data: str | None, seed: int
) -> tuple[Evidence, tuple[str, ...]]:
    if data is not None:
        dataset = zoo.load_data(data, seed=seed)
        notes = (dataset.notes,) if dataset.notes else ()
        return evidence_from(dataset, model, 10, seed), notes
    rng = generator(seed, "made-up examples")
    shape = (_NUM_MADE_UP, *model.input_shape[1:])
    x = rng.standard_normal(shape).astype("float32")
    if entry.task == "regression":
        y: Any = rng.standard_normal((_NUM_MADE_UP, model.output_shape[-1])).astype("float32")
    else:
        y = rng.integers(0, model.output_shape[-1], _NUM_MADE_UP)
    note = f"scores that need a batch saw {_NUM_MADE_UP} made-up examples with random labels"
    return Evidence({}, batch=(x, y), loss=model.loss, seed=seed), (note,)


def _product(shape: Sequence[int]) -> int:
    product = 1
    for length in shape:
        product *= int(length)
    return product


def _short(row: dict[str, Any], name: str) -> str:
    return f"{row[name]:,.4g}"


def _first_of(paths: list[str]) -> str:
    return "-" if not paths else paths[0] + (f" and {len(paths) - 1} more" if paths[1:] else "")
