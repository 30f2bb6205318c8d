"""What a score is, and the evidence it may look at."""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

__all__ = ["Evidence", "Score"]


@dataclass(frozen=True)
class Evidence:
    """All that a score may look at besides the model.

    Args:
        weights: present values of the prunable weights by path; their paths and shapes are those
            of the scores. May be views of the model's memory: not to be written to.
        rewind_points: weights by path at earlier steps, `{step: {path: array}}`; 0 is the
            initialisation.
        batch: `(inputs, targets)` to compute a loss on.
        loss: `(targets, logits) -> scalar`.
        seed: seed of scores that draw random numbers.
    """

    weights: Mapping[str, np.ndarray]
    rewind_points: Mapping[int, Mapping[str, np.ndarray]] = field(default_factory=dict)
    batch: tuple[Any, Any] | None = None
    loss: Callable[[Any, Any], Any] | None = None
    seed: int | None = None


class Score(abc.ABC):
    """One number per weight, larger = keep.

    A score looks at the model and the evidence, changes neither, and knows nothing of masks:
    which scores compete is the selection's business. Members list what they need in `needs`.
    """

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]] = ()

    def __call__(self, model: Any, evidence: Evidence) -> dict[str, np.ndarray]:
        """Scores every prunable weight.

        Args:
            model: a built model of either Keras.
            evidence: what the score may look at.

        Returns:
            `{path: float array}` with the paths and shapes of `evidence.weights`.

        Raises:
            ValueError: if the evidence lacks what the score needs.
        """
        missing = [n for n in self.needs if not getattr(evidence, n) and n != "seed"]
        if "seed" in self.needs and evidence.seed is None:
            missing.append("seed")
        if missing:
            raise ValueError(
                f"`evidence` must have {', '.join(missing)}: the score {self.name!r} needs it."
                f" Received: {', '.join(f'{n}={getattr(evidence, n)!r}' for n in missing)}"
            )
        return self.compute(model, evidence)

    @abc.abstractmethod
    def compute(self, model: Any, evidence: Evidence) -> dict[str, np.ndarray]:
        """Computes the scores; the needs have been checked."""
