"""LeNet-300-100 whose learning rate rises linearly over the first tenth of 2 000 steps."""

from __future__ import annotations

from typing import Any

import keras

from tfticket import zoo

_RISING_STEPS = 200


class WarmUp(keras.optimizers.schedules.LearningRateSchedule):
    """Rises linearly from 0, and stays.

    Args:
        target: what it stays at.
    """

    def __init__(self, target: float):
        self.target = target

    def __call__(self, step: Any) -> Any:
        fraction = (keras.ops.cast(step, "float32") + 1.0) / _RISING_STEPS
        return self.target * keras.ops.minimum(fraction, 1.0)

    def get_config(self) -> dict[str, Any]:
        """Returns what it was made with."""
        return {"target": self.target}


def warm_08(seed: int) -> Any:
    """Up to 0.8."""
    return _compiled(0.8, seed)


def warm_04(seed: int) -> Any:
    """Up to 0.4."""
    return _compiled(0.4, seed)


def _compiled(target: float, seed: int) -> Any:
    model = zoo.get_model("lenet_300_100").compiled(seed=seed)
    model.compile(keras.optimizers.SGD(WarmUp(target)), model.loss, metrics=["accuracy"])
    return model
