"""What a search for a file may be told, besides its budget."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator

from tfticket.settings import Count, Natural, Positive, Settings, as_list, each_once
from tfticket.tflite.weight_types import WeightType

__all__ = ["Allocator", "Choices"]

Allocator = Literal["greedy", "global", "uniform"]


class Choices(Settings):
    """What a search may try, and for how long.

    Raises:
        ValueError: for what is unknown or out of range.
    """

    weights: Annotated[
        tuple[WeightType, ...], BeforeValidator(as_list), AfterValidator(each_once)
    ] = ("float32", "float16", "dynamic", "int8")
    """Types of weights that files are written with."""
    allocation: Allocator = "greedy"
    """How the channels that go are shared among layers: greedy takes them where the outputs change
    least for what is saved, uniform takes the same fraction everywhere, which was no worse where
    much had to go; global ranks all by their L1 norm over the mean of their group."""
    round_to: Count | None = None
    """Channels of each layer are kept in multiples of this; left out, of 8 where time is to be
    saved, for kernels compute as many at once (4 or 2 if no layer has 16 or 8), and any number
    where bytes are."""
    prunable: Any = None
    """Python only: which single weights may be masked: a regular expression of their paths, several
    of them, a callable or a `Filter`; left out, every kernel."""
    representative_data: Any = None
    """Python only: typical inputs, in the form of the model's: ranges of int8 files are measured on
    them, files are compared on them, normalisations re-estimated; left out, the first 256 of the
    validation inputs."""
    verify: bool | float = True
    """The largest difference between a file and Keras that passes, a fraction of the output range;
    True has a usual one for each type, as in `export.tflite`."""
    latency: Any = None
    """Python only: returns the milliseconds of one call of a file, of a phone for instance; left
    out, files are timed on this machine."""
    max_trainings: Natural = 12
    """How many networks with something taken away are tried at most, those that an earlier call has
    trained included."""
    max_minutes: Positive | None = None
    """Minutes of a call after which no further network is begun; left out, no end."""
