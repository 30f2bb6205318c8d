"""Makes networks and files, or takes them from the folder where they were made before."""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from tfticket import export, weights
from tfticket.compression.allocation import Allocation, marks
from tfticket.compression.budget import SizeOf
from tfticket.compression.candidate import Candidate
from tfticket.compression.choices import Choices
from tfticket.compression.lending import borrowed, seeded
from tfticket.compression.measure import Measure
from tfticket.compression.networks import effective_flops, masked, train_under
from tfticket.compression.predicting import FilePredictor
from tfticket.compression.store import Store
from tfticket.compression.timing import Stopwatch
from tfticket.compression.treatment import Treatment
from tfticket.errors import ExportError, MismatchError, NotFiniteError
from tfticket.export.choices import Quantized, Request
from tfticket.export.signature import Signature, output_names
from tfticket.export.source import Source
from tfticket.export.tflite import tflite_of
from tfticket.graph import Graph
from tfticket.masks import Masks
from tfticket.slimming import shrink

__all__ = ["Channels", "Workshop"]

_BATCH_SIZE = 64


@dataclass(frozen=True, eq=False)
class Channels:
    """What is known of the channels of a network.

    Args:
        graph: the groups.
        scores: which channels of a group go first.
        allocation: how many of each.
    """

    graph: Graph
    scores: Mapping[str, np.ndarray]
    allocation: Allocation


@dataclass(frozen=True, eq=False)
class Workshop:
    """Makes networks and files of one model.

    Args:
        model: trained; between any two calls it is as it came.
        train: trains a network in place, or `None`.
        measure: the metric on validation data.
        given: what the model takes.
        calibration: typical inputs.
        store: where everything is kept.
        choices: how files are written.
        dense: the metric of the model.
        size_of: what of a file is counted.
    """

    model: Any
    train: Callable[[Any], Any] | None
    measure: Measure
    given: Signature
    calibration: Any
    store: Store
    choices: Choices
    dense: float
    size_of: SizeOf
    _failed: set[str] = field(default_factory=set)

    def drop(self, metric: float) -> float:
        """Returns how much worse than the model a metric is.

        Args:
            metric: of a network or a file.
        """
        return self.measure.metric.loss(self.dense, metric)

    def network(self, treatment: Treatment, channels: Channels | None) -> dict[str, Any]:
        """Trains a network, if that was not done before, and returns what is known of it.

        Args:
            treatment: what is done to it.
            channels: of the model, if any can go.

        Returns:
            `"metric"`, on validation data, or `None` with the `"reason"` why there is none;
            `"seconds"` that it took.
        """
        name = treatment.name
        if self.store.get("networks", name) is None:
            begun = time.monotonic()
            try:
                with (
                    self.treated(treatment, channels) as (network, masks),
                    seeded(self.model, name),
                ):
                    train_under(masks, network, self.train, self._batches)
                    arrays = weights.read_all(network)
                    metric = self.measure.of_model(network)
            except (MismatchError, NotFiniteError) as error:
                failed = {"metric": None, "reason": str(error)}
                self.store.put("networks", name, {**failed, "seconds": time.monotonic() - begun})
            else:
                seconds = time.monotonic() - begun
                self.store.put_weights(name, arrays, metric=metric, seconds=seconds)
        return self.store.get("networks", name)

    def files(self, treatment: Treatment, channels: Channels | None, stopwatch: Stopwatch) -> list:
        """Writes and measures the files of a trained network, those that are not there yet.

        Args:
            treatment: what was done to it.
            channels: of the model, if any can go.
            stopwatch: times them.

        Returns:
            A `Candidate` for each file that passed its comparisons.
        """
        names = {kind: f"{treatment.name}-{kind}" for kind in self.kinds(treatment)}
        missing = [kind for kind, name in names.items() if self._is_missing(name)]
        if missing:
            with self.treated(treatment, channels) as (network, _):
                arrays = self.store.weights(treatment.name)
                if arrays is not None:
                    weights.write(network, arrays)
                source = self.source(network)
                for kind in missing:
                    self._file(source, treatment, kind, stopwatch)
        return [c for name in names.values() if (c := self.store.candidate(name)) is not None]

    def measured(self) -> list[Candidate]:
        """Returns every file in the folder that is of a type that is asked for."""
        names = self.store.record.get("files", {})
        found = [c for name in names if (c := self.store.candidate(name)) is not None]
        return [c for c in found if c.weights in self.choices.weights]

    def _is_missing(self, name: str) -> bool:
        """Whether a file is to be made; what failed in an earlier call is tried once again."""
        known = self.store.get("files", name)
        return known is None or ("failed" in known and name not in self._failed)

    def kinds(self, treatment: Treatment) -> tuple[str, ...]:
        """Returns the types of weights that make something of what was done to a network.

        Zeros make files of floats smaller, and blocks of them those of float32 faster; integers
        are always dense, so that zeros show after compression alone.

        Args:
            treatment: what was done.
        """
        useful = self.choices.weights
        if treatment.granularity != "weight":
            useful = ("float32",)
        elif treatment.sparsity and self.size_of == "file":
            useful = ("float32", "float16")
        return tuple(kind for kind in self.choices.weights if kind in useful)

    @contextlib.contextmanager
    def treated(
        self, treatment: Treatment, channels: Channels | None
    ) -> Iterator[tuple[Any, Masks | None]]:
        """Yields a network that is treated, not trained; the model is as it came afterwards.

        Args:
            treatment: what is done to it.
            channels: of the model, if any can go.

        Yields:
            The network, and the masks of its single weights, if any are masked.
        """
        if treatment.channels and channels is not None:
            stage = channels.allocation.at(treatment.channels)
            masks = channels.graph.masks(marks(channels.scores, stage.kept))
            is_compiled = getattr(self.model, "optimizer", None) is not None
            network = shrink(self.model, masks, carry_optimizer=is_compiled).model
            yield network, masked(network, treatment, self.choices.prunable)
            return
        with borrowed(self.model):
            yield self.model, masked(self.model, treatment, self.choices.prunable)

    def _batches(self) -> Iterator[Any]:
        taken = self.given.take(self.calibration, None)
        size = self.given.fixed_batch_size or _BATCH_SIZE
        num_examples = len(next(iter(taken.values())))
        is_fixed = self.given.fixed_batch_size is not None
        for start in range(0, num_examples // size * size if is_fixed else num_examples, size):
            yield self.given.pack([taken[n][start : start + size] for n in self.given.names])

    def _file(self, source: Source, treatment: Treatment, kind: Any, stopwatch: Stopwatch) -> None:
        name = f"{treatment.name}-{kind}"
        path = self.store.file(name)
        try:
            report = self.write(source, treatment, kind, path)
            metric = self.measure.of(self.predictor(path))
            (latency,) = stopwatch.time(path)
        except (ExportError, NotFiniteError) as error:
            self.store.put("files", name, {"failed": str(error)})
            self._failed.add(name)
            return
        made = Candidate(
            treatment,
            kind,
            str(path),
            report.layout,
            metric,
            self.drop(metric),
            report.file_bytes,
            report.gzip_bytes,
            latency,
            effective_flops(source.model),
        )
        self.store.put_candidate(name, made)

    def predictor(self, path: Path) -> FilePredictor:
        """Returns the `predict` of a file, in the form of the model's own.

        Args:
            path: of a file of the model, or of a network that was made of it.
        """
        return FilePredictor(path, self.given, *self._outputs)

    @functools.cached_property
    def _outputs(self) -> tuple[Any, tuple[str, ...]]:
        """What the model's `predict` returns, of two examples, and the names of its parts."""
        taken = self.given.take(self.calibration, None)
        size = self.given.fixed_batch_size or min(2, len(next(iter(taken.values()))))
        found = self.model.predict(self.given.pack([a[:size] for a in taken.values()]), verbose=0)
        return found, tuple(output_names(self.model, len(tf.nest.flatten(found))))

    def source(self, network: Any) -> Source:
        """Returns a network as files are made of it, for as long as it stays as it is.

        Args:
            network: as it is to be written.
        """
        return Source(network, self.calibration)

    def write(
        self, source: Source, treatment: Treatment, kind: Any, path: Path, *, verify: bool = True
    ) -> export.ExportReport:
        """Writes the file of a network.

        Args:
            source: the network.
            treatment: what was done to it.
            kind: the type of its weights.
            path: of the file; one that is there is replaced.
            verify: whether to run and compare it.

        Raises:
            ExportError: if no file passes.
        """
        asked = Request(
            Quantized.of(kind),
            sparse="auto" if treatment.granularity == "weight" else "compute",
            representative_data=self.calibration if kind == "int8" else None,
            inputs=self.calibration,
            verify=self.choices.verify if verify else False,
        )
        return tflite_of(source, path, asked, overwrite=True)
