"""The model that a file is made of, with examples that the two are compared on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from tfticket.export.signature import Signature, reference, signature
from tfticket.litert.evidence import require_seeing, require_telling

__all__ = ["Original", "require_samples"]

SEED = 0


@dataclass(frozen=True)
class Original:
    """A model and examples to compare a file of it on.

    Args:
        model: of either Keras; nothing in it changes.
        given: its signature.
        samples: inputs by name, `[examples, ...]`.
    """

    model: Any
    given: Signature
    samples: Mapping[str, np.ndarray]

    @classmethod
    def of(
        cls, model: Any, inputs: Any, num_samples: int, *, given: Signature | None = None
    ) -> Original:
        """Takes the examples to compare on, or draws them with a fixed seed.

        Args:
            model: of either Keras.
            inputs: examples; `None` to draw them.
            num_samples: how many, at least 1.
            given: its signature, if known.

        Raises:
            ValueError: for no examples, or some that do not fit or could show nothing.
        """
        require_samples(num_samples)
        given = given or signature(model, inputs)
        if inputs is None:
            return cls(model, given, given.sample(num_samples, SEED))
        samples = given.take(inputs, num_samples)
        require_telling(samples, "inputs")
        return cls(model, given, samples)

    @cached_property
    def outputs(self) -> Mapping[str, np.ndarray]:
        """What the model computes, by name, `[examples, ...]`, fit to be compared with.

        Raises:
            ExportError: if an output is NaN, or all of one are infinite.
        """
        found = reference(self.model, self.given, self.samples)
        require_seeing(found)
        return found

    @property
    def num_samples(self) -> int:
        """How many examples there are."""
        return len(self.samples[self.given.names[0]])


def require_samples(num_samples: int) -> None:
    """Makes sure that a file is compared on something.

    Raises:
        ValueError: for a number below 1.
    """
    if num_samples < 1:
        raise ValueError(
            "`num_samples` must be at least 1: a file is compared on examples."
            f" Received: num_samples={num_samples}"
        )
