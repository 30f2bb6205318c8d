"""What the optimizers of both Kerases hold, read off the instance: slots and state.

Keras 3, tf_keras and tf_keras' legacy optimizers keep their variables in three different ways,
and loss scaling wraps any of them in another optimizer. Nothing else needs to know.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfticket import _keras

__all__ = [
    "Slot",
    "anew",
    "batches_done",
    "batches_per_step",
    "build",
    "is_elementwise",
    "is_scheduled",
    "iterations",
    "key",
    "learning_rate",
    "members",
    "num_variables",
    "slots",
    "state",
    "steps_done",
]

#: Optimizers that leave a weight of value 0 at exactly 0 while its gradient and slots are 0.
#: Measured for each; Muon, Ftrl, Adafactor and schedule-free averaging are not among them.
_ELEMENTWISE = frozenset(
    ["Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "Lamb", "Lion", "Nadam", "RMSprop", "SGD"]
)
_AVERAGES = "_model_variables_moving_average"
_NOT_SLOTS = ("_variables", "_trainable_variables")


@dataclass(frozen=True)
class Slot:
    """One of the arrays that an optimizer keeps beside a weight, of the weight's shape.

    Attributes:
        variable: the optimizer's variable.
        initial: the value it is created with.
        is_average: whether it averages the weight's values; others gather its gradients.
    """

    variable: Any
    initial: float = 0.0
    is_average: bool = False


def members(optimizer: Any) -> list[Any]:
    """Lists an optimizer and those it wraps, outermost first."""
    inner = getattr(optimizer, "inner_optimizer", None)  # loss scaling, in either Keras
    wrapped = [inner] if inner is not None else list(getattr(optimizer, "optimizers", ()))
    return [optimizer, *(m for o in wrapped for m in members(o))]


def key(variable: Any) -> Any:
    """Identifies a variable through the wrappers of mixed precision and distribution."""
    native = _keras.native(variable)
    container = getattr(native, "_distributed_container", None)
    return (container() if container is not None else native)._unique_id


def build(optimizer: Any, variables: Sequence[Any]) -> None:
    """Creates an `optimizer`'s variables for a model's trainable `variables`, if not yet done."""
    if hasattr(optimizer, "_create_all_weights"):  # tf_keras.optimizers.legacy
        optimizer._create_all_weights(list(variables))
    elif not getattr(optimizer, "built", False):
        optimizer.build(list(variables))


def anew(optimizer: Any) -> Any:
    """Makes an optimizer like another, with the same learning-rate schedule if it has one.

    Keras writes down a schedule of the user's own but does not always read it.

    Args:
        optimizer: of either Keras; as before afterwards.
    """
    keras: Any = _keras.module(optimizer)
    schedules = keras.optimizers.schedules
    held = vars(optimizer).get("_learning_rate")
    if not isinstance(held, schedules.LearningRateSchedule):
        return type(optimizer).from_config(optimizer.get_config())
    try:
        vars(optimizer)["_learning_rate"] = schedules.ExponentialDecay(1.0, 1, 1.0)
        config = optimizer.get_config()
    finally:
        vars(optimizer)["_learning_rate"] = held
    return type(optimizer).from_config({**config, "learning_rate": held})


def is_elementwise(optimizer: Any) -> bool:
    """Tells whether masked gradients alone are known to keep pruned weights at exactly 0.

    By exact class: what a subclass does with a gradient is anybody's guess.
    """
    wrapped = members(optimizer)
    leaves = [m for m in wrapped if len(members(m)) == 1]
    return all(
        type(m).__module__.startswith(("keras.src.optimizers", "tf_keras.src.optimizers"))
        and type(m).__name__ in _ELEMENTWISE
        for m in leaves
    )


def slots(optimizer: Any, variable: Any) -> Iterator[Slot]:
    """Yields an optimizer's slots of one variable; none before the optimizer is built.

    Args:
        optimizer: an optimizer of either Keras.
        variable: a variable it trains.
    """
    for member in members(optimizer):
        is_legacy = hasattr(member, "get_slot_names")
        for name, slot in (_legacy_slots if is_legacy else _listed_slots)(member, variable):
            if hasattr(slot, "assign") and tuple(slot.shape) == tuple(variable.shape):
                yield Slot(slot, _initial(member, name), is_average=name == _AVERAGES)


def num_variables(optimizer: Any) -> list[int]:
    """Counts the variables that an optimizer and those it wraps have created so far."""
    held = [vars(m) for m in members(optimizer)]
    return [len(own.get("_variables", ())) + len(own.get("_weights", ())) for own in held]


def state(optimizer: Any) -> dict[str, Any]:
    """Returns every variable of a built optimizer under a unique name, in order of creation.

    Besides `optimizer.variables` these are what an optimizer holds without listing it: in
    tf_keras the learning rate and the loss scale, in both Kerases a running product of Nadam's.
    """
    is_keras3 = _keras.flavour(optimizer) == "keras"
    listed = optimizer.variables if is_keras3 else optimizer.variables()
    holders = [h for m in members(optimizer) for h in (m, getattr(m, "_loss_scale", None))]
    found = [*listed, *(v for h in holders for v in _held(h))]
    distinct = {id(v): v for v in found}.values()
    names = (str(getattr(v, "path", v.name)).partition(":")[0] for v in distinct)
    return {f"{i:05d}/{name}": v for i, (name, v) in enumerate(zip(names, distinct, strict=True))}


def learning_rate(optimizer: Any) -> float | None:
    """Returns the current learning rate; `None` where there is no single one."""
    try:
        rate = optimizer.learning_rate
    except AttributeError:  # Keras 3's MultiOptimizer
        return None
    return _number(rate(iterations(optimizer)) if callable(rate) else rate)


def is_scheduled(optimizer: Any) -> bool:
    """Tells whether the learning rate follows a schedule, so that no callback can set it."""
    return isinstance(optimizer.get_config().get("learning_rate"), dict)


def steps_done(optimizer: Any) -> int:
    """Returns how many updates an optimizer has made."""
    return _number(iterations(optimizer))


def iterations(optimizer: Any) -> Any:
    """Returns how many updates an optimizer has made, as a variable or a tensor."""
    return _counting(optimizer).iterations


def batches_per_step(optimizer: Any) -> int:
    """Returns over how many batches an optimizer gathers gradients for one update."""
    return getattr(_counting(optimizer), "gradient_accumulation_steps", None) or 1


def batches_done(optimizer: Any) -> int:
    """Returns how many batches an optimizer has taken, those since its last update included."""
    return _number(batch_counter(optimizer))


def batch_counter(optimizer: Any) -> Any:
    """Returns the variable in which an optimizer counts the batches it has taken."""
    counting = _counting(optimizer)
    # Keras 3 counts batches in `_iterations` and derives updates; tf_keras knows updates only.
    is_keras3 = _keras.flavour(counting) == "keras"
    return counting._iterations if is_keras3 else counting.iterations


def loss_scale(optimizer: Any) -> Any:
    """Returns by how much gradients are scaled as they enter; `None` without loss scaling.

    tf_keras has unscaled them by then, and only skips updates that are not finite.
    """
    if not hasattr(optimizer, "inner_optimizer"):
        return None
    return getattr(optimizer, "dynamic_scale", 1.0)


def _counting(optimizer: Any) -> Any:
    """Returns the optimizer that counts: under loss scaling the inner one.

    Up to Keras 3.8 at least, the outer one's own count stays at 0.
    """
    return getattr(optimizer, "inner_optimizer", optimizer)


def _listed_slots(optimizer: Any, variable: Any) -> Iterator[tuple[str, Any]]:
    """New-style optimizers keep lists in the order of the variables they were built for."""
    order = getattr(optimizer, "_trainable_variables_indices", None)  # Keras 3
    order = getattr(optimizer, "_index_dict", {}) if order is None else order  # tf_keras
    index = order.get(key(variable))
    if index is None:
        return
    for name, value in vars(optimizer).items():
        if isinstance(value, list) and len(value) == len(order) and name not in _NOT_SLOTS:
            yield name, value[index]


def _legacy_slots(optimizer: Any, variable: Any) -> Iterator[tuple[str, Any]]:
    if hasattr(optimizer, "inner_optimizer"):
        return  # loss scaling passes `get_slot` on to the optimizer inside, which has its turn
    for name in optimizer.get_slot_names():
        try:
            yield name, optimizer.get_slot(variable, name)
        except KeyError:  # not created for this variable
            continue


def _initial(optimizer: Any, slot: str) -> float:
    # Adagrad and Ftrl: dividing by an accumulator of 0 would make NaN.
    if not slot.endswith(("accumulator", "accumulators")):
        return 0.0
    value = getattr(optimizer, "initial_accumulator_value", None)
    return value if value is not None else getattr(optimizer, "_initial_accumulator_value", 0.0)


def _held(holder: Any) -> Iterator[Any]:
    """Yields the variables among an object's own attributes."""
    import tensorflow as tf  # here, so that the names of the zoo are checked without it

    own = getattr(holder, "__dict__", {})
    for value in [*own.values(), *own.get("_hyper", {}).values()]:
        is_keras3 = hasattr(value, "_value") and _keras.flavour_or_none(value) == "keras"
        if is_keras3 or isinstance(value, tf.Variable):
            yield value


def _number(value: Any) -> Any:
    if hasattr(value, "read_value") or hasattr(value, "_value"):
        return _keras.view(value).item()  # after every step: spares two thirds of the time
    return np.asarray(value).item()
