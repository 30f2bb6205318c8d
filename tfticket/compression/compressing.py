"""compress: a trained model and a budget in, a verified file out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from tfticket import files
from tfticket.compression import metrics
from tfticket.compression.budget import Budget
from tfticket.compression.candidate import Candidate, best, nearest
from tfticket.compression.choices import Choices
from tfticket.compression.measure import Measure
from tfticket.compression.metrics import Metric
from tfticket.compression.preparing import (
    calibration_of,
    channels_of,
    require_possible,
    settings_of,
)
from tfticket.compression.result import Compressed, TestValues
from tfticket.compression.search import Search
from tfticket.compression.store import Store
from tfticket.compression.timing import Stopwatch
from tfticket.compression.treatment import DENSE
from tfticket.compression.workshop import Workshop
from tfticket.errors import ExportError
from tfticket.export.signature import Signature, signature
from tfticket.litert._litert import runtime_version
from tfticket.litert.evidence import require_telling
from tfticket.retracing import without_hints

__all__ = ["compress", "opened"]


def compress(
    model: Any,
    train: Callable[[Any], Any] | None = None,
    *,
    validation: Any,
    test: Any = None,
    metric: Any = "accuracy",
    budget: Budget,
    out: str | Path,
    on_event: Callable[[str, int, int], None] | None = None,
    **choices: Any,
) -> Compressed:
    """Finds a file of a trained model that fits a device, and loses no more than is allowed.

    Tried are types of weights, removed channels, masked weights, masked blocks, and channels with
    either: each amount is bisected. Every network is trained by `train`, written, verified and
    measured as a file. What is measured is kept in `out` before it is used: after a kill the same
    call goes on, and with another budget it takes what is there.

    Args:
        model: a built model of either Keras, trained; left as it was. Subclassed ones lose no
            channels.
        train: `train(network)` trains a network in place, for a little, as by `network.fit`; it is
            given the model itself with masks in force, or a smaller one, compiled as the model is.
            What is random is seeded by what was done to the network. `None` trains nothing:
            normalisations are re-estimated.
        validation: `(inputs, targets)`, or a function `evaluate(predict)` that returns the metric,
            where `predict(inputs)` returns outputs of a model or a file. It decides every choice.
        test: the same of test data: of each file that a call chooses it is measured once. `None`
            for none.
        metric: one of `METRICS` by name, or a `Metric`; with a function, what it returns.
        budget: the limits, and what is best within them.
        out: the folder of networks, files and measurements; new, or one to go on in.
        on_event: is given a text, how many trainings are done, and how many there are at most.
        **choices: the fields of `Choices`, `max_trainings=6` for instance.

    Returns:
        A `Compressed`; where nothing fits, its best is the nearest file.

    Raises:
        ValueError: for what is out of range, not finite, or a `train` that trains nothing.
        FileExistsError, TicketError: if `out` is of something else, or another process is in it.
        ExportError: if no file can be written.
    """
    measure, tested = _measures(metrics.get(metric), validation, test)
    begun = opened(model, train, measure, budget, Choices(**choices), out, tested)
    with begun as (workshop, stopwatch), without_hints():
        channels = channels_of(workshop, stopwatch)
        return _result(Search(workshop, *channels, stopwatch, budget, on_event).run(), tested)


@contextmanager
def opened(
    model: Any,
    train: Any,
    measure: Measure,
    budget: Budget,
    choices: Choices,
    out: str | Path,
    tested: Measure | None = None,
) -> Iterator[tuple[Workshop, Stopwatch]]:
    """Opens the folder of a search, new or begun, and writes the file that others are timed with.

    Args:
        model: trained.
        train: as for `compress`.
        measure: the metric on validation data.
        budget: the limits, and how times are taken.
        choices: how networks and files are made.
        out: the folder.
        tested: the metric on test data, of which the form alone is looked at here.

    Yields:
        What makes networks and files, and what times them.

    Raises:
        ValueError, FileExistsError, TicketError: as for `compress`, before anything long starts.
    """
    require_possible(model, train)
    calibration = calibration_of(choices, measure)
    given = signature(model, calibration)
    taken = given.take(calibration, None)
    require_telling(taken, "representative_data")
    _require_form(tested, given)
    known = (measure.of_model(model), budget.size_of)
    with Store.opened(out, settings_of(model, train, measure, taken, budget, choices)) as store:
        workshop = Workshop(model, train, measure, given, calibration, store, choices, *known)
        reference = _reference(workshop)
        yield workshop, Stopwatch(store, budget, reference, taken, choices.latency, given)


def _measures(metric: Metric, validation: Any, test: Any) -> tuple[Measure, Measure | None]:
    tested = None if test is None else Measure.given(metric, test, "test")
    return Measure.given(metric, validation), tested


def _require_form(tested: Measure | None, given: Signature) -> None:
    """Test data are looked at last: what is wrong with their form is said before anything long."""
    if tested is None or tested.examples is None:
        return
    try:
        taken = given.take(tested.examples[0], None)
    except ValueError as error:
        raise ValueError(f"`test` must have inputs that the model takes: {error}") from None
    wrong = [name for name, array in taken.items() if not np.isfinite(array).all()]
    if wrong:
        raise ValueError(f"`test` must be finite. Received: {wrong[0]!r} with NaN or infinities")


def _reference(workshop: Workshop) -> Path:
    """The dense float32 file, which all others are timed against."""
    store = workshop.store
    path, known = store.file("reference"), store.get("digests", "reference")
    if known is None or files.sha256_of(path) != known:
        workshop.write(workshop.source(workshop.model), DENSE, "float32", path, verify=False)
        store.put("digests", "reference", files.sha256_of(path))
    return path


def _result(search: Search, tested: Measure | None) -> Compressed:
    workshop, budget = search.workshop, search.budget
    if not search.candidates:
        raise ExportError(f"no file could be written: {'; '.join(search.notes)}")
    chosen = best(search.candidates, budget) or nearest(
        search.candidates, budget, abs(workshop.dense)
    )
    metric = workshop.measure.metric
    return Compressed(
        metric.name,
        metric.higher_is_better,
        workshop.dense,
        budget,
        tuple(search.candidates),
        chosen,
        _conditions(search.stopwatch),
        None if tested is None else _tested(search, tested, chosen),
        tuple(search.notes),
    )


def _conditions(stopwatch: Stopwatch) -> str:
    if stopwatch.own is not None:
        return "as the given function says"
    budget = stopwatch.budget
    threads = f"{budget.num_threads} thread{'s' * (budget.num_threads > 1)}"
    return (
        f"median [10%, 90%] on this machine, batch {stopwatch.batch_size}, {threads},"
        f" {runtime_version()}, each in turn with the dense float32 file"
    )


def _tested(search: Search, measure: Measure, chosen: Candidate) -> TestValues:
    """Measures model, dense file and chosen file on test data, once."""
    workshop = search.workshop
    name = f"{Path(chosen.path).name} on {measure.digest()}"
    known = workshop.store.get("tests", name)
    if known is None:
        paths = (search.stopwatch.reference, Path(chosen.path))
        values = [measure.of_model(workshop.model)]
        values += [measure.of(workshop.predictor(path)) for path in paths]
        known = dict(zip(("model", "dense_file", "best"), values, strict=True))
        workshop.store.put("tests", name, known)
    return TestValues(**known)
