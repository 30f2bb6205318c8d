"""A model that one or several TFLite files are made of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tfticket.export.convert import dense_tflite, served
from tfticket.export.original import Original, require_samples
from tfticket.export.signature import Signature, signature
from tfticket.tflite.file import File

__all__ = ["NUM_SAMPLES", "Source"]

#: That a file is compared on.
NUM_SAMPLES = 256


@dataclass(frozen=True, eq=False)
class Source:
    """A model, and what all TFLite files of it have in common.

    It is traced, converted to float32 and asked what it computes when the first file needs that,
    and not again: while it is in use, the model has to stay as it is.

    Args:
        model: of either Keras, built.
        examples: what files are compared on; `None` to draw them.
        num_samples: how many, at least 1.

    Raises:
        ValueError: for no examples.
    """

    model: Any
    examples: Any
    num_samples: int = NUM_SAMPLES

    def __post_init__(self):
        require_samples(self.num_samples)

    @cached_property
    def given(self) -> Signature:
        """What the model takes."""
        return signature(self.model, self.examples)

    @cached_property
    def original(self) -> Original:
        """What files are compared with, fit to show a difference.

        Raises:
            ValueError: for examples that do not fit or tell nothing.
            ExportError: if an output is NaN, or all of one are infinite.
        """
        original = Original.of(self.model, self.examples, self.num_samples, given=self.given)
        _ = original.outputs  # what cannot be compared with is refused before anything is converted
        return original

    @cached_property
    def module(self) -> Any:
        """The model with its forward pass as one function."""
        return served(self.model, self.given)

    @cached_property
    def exact(self) -> File:
        """The dense float32 file.

        Raises:
            ExportError: if the converter refuses the model.
        """
        return dense_tflite(self.model, self.given, self.module)
