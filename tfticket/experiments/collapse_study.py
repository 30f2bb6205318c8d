"""What scores of an untrained network may look at: a few examples, made up if there are none."""

from __future__ import annotations

from typing import Any

from tfticket import zoo
from tfticket.experiments.evidence import evidence_from
from tfticket.scores import Evidence
from tfticket.seeds import generator
from tfticket.zoo import Entry

__all__ = ["untrained_evidence"]

_NUM_MADE_UP = 100


def untrained_evidence(
    entry: Entry, model: Any, data: str | None, seed: int
) -> tuple[Evidence, tuple[str, ...]]:
    """Finds what scores that need a batch may look at.

    Args:
        entry: the network.
        model: the same, compiled.
        data: the data set of which ten examples of each class are taken; `None` makes a hundred
            examples up, standard normal with random labels.
        seed: chooses the examples, and is the evidence's own.

    Returns:
        The evidence, and what has to be said with it.

    Raises:
        ValueError: if there is no such data set.
    """
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
