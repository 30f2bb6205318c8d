"""What a score is, and the evidence it may look at."""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, ClassVar

import numpy as np

from tfticket import _keras, devices, weights
from tfticket.masks import MaskedWeights

__all__ = ["Evidence", "MaskedWeights", "Score"]


@dataclass(frozen=True)
class Evidence:
    """All that a score may look at besides the model.

    Args:
        weights: present values of the prunable weights by path, masked ones 0; their paths and
            shapes are those of the scores. May be views of the model's memory: not to be written.
        rewind_points: weights by path at earlier steps, `{step: {path: array}}`; 0 is the
            initialisation.
        batch: `(inputs, targets)` to compute a loss on, or a list of such pairs.
        loss: `(targets, outputs) -> scalar`, a Keras loss or its name; for several outputs a list
            or mapping of these.
        seed: seed of scores that draw random numbers.
        masks: the present masks by path, for scores that compare weights with each other; `None`
            keeps all.
        movement: `−Σ w · ∂L/∂w` over the updates so far, by path, as it is summed inside `fit`.
    """

    weights: Mapping[str, np.ndarray]
    rewind_points: Mapping[int, Mapping[str, np.ndarray]] = field(default_factory=dict)
    batch: tuple[Any, Any] | list[tuple[Any, Any]] | None = None
    loss: Any = None
    seed: int | None = None
    masks: Mapping[str, np.ndarray] | None = None
    movement: Mapping[str, np.ndarray] | None = None

    @property
    def batches(self) -> list[tuple[Any, Any]]:
        """The batches as a list of `(inputs, targets)`, whether one, several or none is given."""
        if self.batch is None:
            return []
        listed = self.batch if isinstance(self.batch, list) else [self.batch]
        if any(not isinstance(pair, tuple) or len(pair) != 2 for pair in listed):
            raise ValueError(
                "`batch` must be a pair (inputs, targets) or a list of such pairs."
                f" Received: {type(self.batch).__name__} of {[type(b).__name__ for b in listed]}"
            )
        return list(listed)

    @property
    def initial_weights(self) -> Mapping[str, np.ndarray]:
        """The weights at step 0.

        Raises:
            ValueError: if step 0, or one of the weights at it, was not recorded.
        """
        initial = self.rewind_points.get(0, {})
        missing = [p for p in self.weights if p not in initial]
        if missing:
            raise ValueError(
                "`rewind_points` must have every prunable weight at step 0, the initialisation:"
                f" {missing} are missing. Received: steps {sorted(self.rewind_points)}"
            )
        return initial


class Score(abc.ABC):
    """One number per weight, larger = keep.

    A score looks at the model and the evidence and changes neither. Which scores compete is the
    selection's business: those of masked weights are computed and not looked at. The weights that
    are scored are those of the evidence, whatever the model holds.

    Attributes:
        name: the score's name in configurations.
        needs: what of the evidence it cannot do without.
    """

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "of_weights" not in vars(cls) and {"compute", "__call__"} & vars(cls).keys():
            cls.of_weights = Score.of_weights  # the parent's says nothing about this score

    def __call__(self, model: Any, evidence: Evidence) -> dict[str, np.ndarray]:
        """Scores every prunable weight.

        Args:
            model: a built model of either Keras.
            evidence: what the score may look at.

        Returns:
            `{path: float array}` with the paths and shapes of `evidence.weights`.

        Raises:
            ValueError: if the evidence lacks what the score needs, or a weight is NaN or infinite.
            RuntimeError: if the model is of Keras 3 on another backend than TensorFlow.
        """
        _keras.flavour_or_none(model)  # a stand-in for a model is of neither Keras
        self.require(evidence)
        found = devices.outside_scopes(lambda: self.compute(model, evidence))
        if not all(np.isfinite(np.sum(score)) for score in found.values()):
            weights.require_finite(model, evidence.weights)
        return found

    def require(self, evidence: Evidence, coming: Sequence[str] = ()) -> None:
        """Raises `ValueError` if evidence lacks what the score needs.

        Args:
            evidence: what it may look at.
            coming: what of the evidence will be there when the score is computed.
        """
        asked = [n for n in self.needs if n not in coming]
        missing = [n for n in asked if not getattr(evidence, n) and n != "seed"]
        if "seed" in asked and evidence.seed is None:
            missing.append("seed")
        if missing:
            only = " It is summed in `fit` by `callbacks.PruneOnSchedule`, as in movement_pruning."
            advice = only if "movement" in missing else ""
            raise ValueError(
                f"`evidence` must have {', '.join(missing)}: the score {self.name!r} needs it."
                f"{advice} Received: {', '.join(f'{n}={getattr(evidence, n)!r}' for n in missing)}"
            )

    def config(self) -> dict[str, Any]:
        """Returns the name and settings, from which `get` makes the score again."""
        settings = fields(self) if is_dataclass(self) else ()
        return {"name": self.name, **{f.name: getattr(self, f.name) for f in settings if f.init}}

    def of_weights(self, weights: np.ndarray) -> np.ndarray | None:
        """Returns the scores of any weights by themselves; `None` if they depend on more.

        Args:
            weights: present values, a few or all, of any shape.
        """
        return None

    @abc.abstractmethod
    def compute(self, model: Any, evidence: Evidence) -> dict[str, np.ndarray]:
        """Computes the scores; the needs have been checked."""
