"""The whole state of a training, to capture at one moment and to restore later.

Weights alone are not enough to go back: optimizer slots, the step count that learning-rate
schedules read, normalisation statistics and random seeds go with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tfticket import _keras, _optimizers, files, weights
from tfticket.errors import MismatchError

__all__ = [
    "TrainingState",
    "capture",
    "fresh_optimizer",
    "read_state",
    "restore",
    "write_state",
]

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class TrainingState:
    """Everything that a training goes on from; arrays are copies and read-only.

    Attributes:
        weights: every variable of the model by path, with normalisation statistics and, in
            Keras 3, the states of random seeds.
        optimizer: the optimizer's variables by name, in order of creation; empty without one.
        step: optimizer updates done, `optimizer.iterations`. Under gradient accumulation several
            batches make one update. A batch skipped by loss scaling counts in tf_keras only.
        learning_rate: the learning rate then; `None` without a single one. It is there to read:
            what `restore` writes is in `optimizer`.
        seeds: states of random generators that are no variables of the model: tf_keras keeps
            them apart, and only those of layers with a `tf.random.Generator`.
    """

    weights: Arrays
    optimizer: Arrays = field(default_factory=dict)
    step: int = 0
    learning_rate: float | None = None
    seeds: Arrays = field(default_factory=dict)

    def arrays(self) -> dict[str, np.ndarray]:
        """Returns the state as one flat mapping of arrays, to be stored in any format."""
        groups = {"weights": self.weights, "optimizer": self.optimizer, "seeds": self.seeds}
        found = {f"{g}/{name}": a for g, arrays in groups.items() for name, a in arrays.items()}
        found["step"] = np.array(self.step, np.int64)
        if self.learning_rate is not None:
            found["learning_rate"] = np.array(self.learning_rate, np.float64)
        return found

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> TrainingState:
        """Makes the state again from what `arrays` returned, in that order or sorted by name.

        Raises:
            ValueError: if that is not what the arrays are.
        """
        groups: dict[str, dict[str, np.ndarray]] = {"weights": {}, "optimizer": {}, "seeds": {}}
        scalars = {n: arrays[n].item() for n in ("step", "learning_rate") if n in arrays}
        for key in (k for k in arrays if k not in scalars):
            group, _, name = key.partition("/")
            if group not in groups:
                raise ValueError(
                    f"`arrays` must come from `TrainingState.arrays`. Received: key={key!r}"
                )
            groups[group][name] = arrays[key]
        if "step" not in scalars:
            raise ValueError("`arrays` must come from `TrainingState.arrays`: no 'step' in it.")
        return cls(**groups, **scalars)


def capture(model: Any) -> TrainingState:
    """Copies the whole training state of a model.

    Args:
        model: a built model of either Keras. If it is compiled, the variables of its optimizer
            are created if they are not there yet.

    Returns:
        A `TrainingState` that stays as it is when the model trains on.
    """
    held = _copies(weights.variables(model))
    seeds = _copies(_seeds(model))
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None:
        return TrainingState(held, seeds=seeds)
    return TrainingState(
        held,
        _copies(_optimizer_state(model)),
        step=_optimizers.steps_done(optimizer),
        learning_rate=_optimizers.learning_rate(optimizer),
        seeds=seeds,
    )


def restore(model: Any, state: TrainingState) -> None:
    """Writes a training state into a model and its optimizer; nothing is compiled or traced again.

    Masks in force do not hold here: `Enforcement.project` or `EnforceMasks` see to them before the
    next step.

    Args:
        model: a built model of the same architecture. If it is compiled, then with an optimizer
            of the same kind; its variables are created if need be.
        state: what to go back to. Without optimizer variables, the optimizer starts afresh;
            without seeds, random generators go on.

    Raises:
        MismatchError: if a path, shape or number of variables differs; nothing is written then.
    """
    pairs = _matched(state.seeds, _seeds(model), "random seeds") if state.seeds else []
    is_compiled = getattr(model, "optimizer", None) is not None
    if is_compiled and state.optimizer:
        pairs += _matched(state.optimizer, _optimizer_state(model), "optimizer variables")
    weights.write(model, state.weights)
    if is_compiled and not state.optimizer:
        fresh_optimizer(model)
    for variable, value in pairs:
        _keras.assign(variable, value)


def fresh_optimizer(model: Any, *, learning_rate: float | None = None) -> None:
    """Sets a compiled model's optimizer back to step 0: its variables as if just created.

    Args:
        model: a compiled, built model of either Keras.
        learning_rate: the learning rate to set. Schedules start over by themselves, but Keras does
            not remember the number it was compiled with once a callback has changed it: a
            `TrainingState` captured before does.
    """
    optimizer = model.optimizer
    variables = _optimizer_state(model)
    with model.distribute_strategy.scope():
        fresh = _optimizers.anew(optimizer)
        _optimizers.build(fresh, model.trainable_variables)
    initial = _optimizers.state(fresh).values()
    # The configuration holds the present learning rate, so the fresh one has it too.
    for variable, first in zip(variables.values(), initial, strict=True):
        _keras.assign(variable, _keras.to_numpy(first))
    if learning_rate is not None:
        optimizer.learning_rate = learning_rate


def write_state(path: Path, state: TrainingState) -> None:
    """Writes a training state as one file.

    Args:
        path: of the file.
        state: any.
    """
    # Numbered, because the format gives arrays back in any order, and theirs matters.
    arrays = {f"{i:05d}:{n}": a for i, (n, a) in enumerate(state.arrays().items())}
    files.write_arrays(path, arrays)


def read_state(path: Path) -> TrainingState:
    """Reads what `write_state` wrote.

    Args:
        path: of the file.

    Raises:
        CorruptFileError: if it is damaged; the message names it.
    """
    found = sorted(files.read_arrays(path).items())
    return TrainingState.from_arrays({name.partition(":")[2]: array for name, array in found})


def _optimizer_state(model: Any) -> dict[str, Any]:
    with model.distribute_strategy.scope():
        _optimizers.build(model.optimizer, model.trainable_variables)
    return _optimizers.state(model.optimizer)


def _seeds(model: Any) -> dict[str, Any]:
    """Finds tf_keras' random generators, which it keeps out of `model.variables`."""
    generators = {
        path: getattr(getattr(layer, "_random_generator", None), "_generator", None)
        for path, layer, _ in _keras.walk(model)
    }
    return {f"{p}/random_generator": g.state for p, g in generators.items() if g is not None}


def _copies(variables: Mapping[str, Any]) -> dict[str, np.ndarray]:
    copies = {name: _keras.to_numpy(v) for name, v in variables.items()}
    for array in copies.values():
        array.setflags(write=False)
    return copies


def _matched(arrays: Arrays, variables: Mapping[str, Any], what: str) -> list[tuple[Any, Any]]:
    """Pairs variables with arrays by order: names differ between instances of one model."""
    pairs = list(zip(arrays.items(), variables.items(), strict=False))
    wrong = [
        f"{n}: {a.shape} for {v}: {tuple(variable.shape)}"
        for (n, a), (v, variable) in pairs
        if a.shape != tuple(variable.shape)
    ]
    if wrong or len(arrays) != len(variables):
        raise MismatchError(
            f"the state must fit the model: it has {len(arrays)} {what}, {list(arrays)}, and the"
            f" model {len(variables)}, {list(variables)}. Of these the shapes differ: {wrong}."
        )
    return [(variable, array) for (_, array), (_, variable) in pairs]
