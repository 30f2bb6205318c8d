"""A step inside a level beside a step of a bare TensorFlow loop, in blocks taken in turn.

All train LeNet-300-100 with Adam on the same batches of MNIST. The bare loop is a `tf.function` of
one step, called batch by batch: without masks, and with gradients and weights multiplied by them
at every step; or of all steps, which leaves no Python between them. A level's training is the
search's own, `fit` with masks in force at 80 % kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.masked_step import pairs

__all__ = ["BATCH", "measured", "per_step"]

BATCH = 128
_KEPT = 0.8
_LARGEST = 50


def measured(num_steps: int, blocks: int, keras: str = "keras") -> dict[str, Any]:
    """Times blocks of each arm in turn.

    Args:
        num_steps: in a block.
        blocks: of each arm.
        keras: which Keras builds the network.

    Returns:
        Ratios of the level's step to both bare ones with their intervals, and milliseconds.
    """
    times = pairs.interleaved(_arms(num_steps, keras), blocks)
    level = times.pop("level")
    ratios = {f"level / {name}": pairs.ratio(level, own) for name, own in times.items()}
    return {
        "steps in a block": num_steps,
        "blocks": blocks,
        "CPU milliseconds per step": per_step({"level": level, **times}, num_steps),
        **ratios,
    }


def per_step(times: dict[str, list[float]], num_steps: int) -> dict[str, float]:
    """Returns the median milliseconds of a step, by arm."""
    return {n: round(1e3 * float(np.median(own)) / num_steps, 3) for n, own in times.items()}


def _arms(num_steps: int, keras: str) -> dict[str, Callable[[], None]]:
    from tfticket import zoo
    from tfticket.zoo import Training

    data = zoo.load_data("mnist")
    training = Training(num_steps, BATCH)
    return {
        "level": _level(data, training, keras),
        "bare loop": _bare(data, training, keras),
        "bare loop with masks": _bare(data, training, keras, masked=True),
        "bare loop in one call": _bare(data, training, keras, in_one=True),
        "bare loop with masks in one call": _bare(data, training, keras, masked=True, in_one=True),
    }


def _model(keras: str, num_steps: int) -> Any:
    from tfticket import zoo

    several = max(d for d in range(1, _LARGEST + 1) if num_steps % d == 0)  # as the search does
    entry = zoo.get_model("lenet_300_100")
    return entry.compiled(keras=keras, seed=0, input_shape=(28, 28, 1), steps_per_execution=several)


def _masks(model: Any) -> Any:
    from tfticket import masks, selection, weights

    read = weights.read(model)
    scores = {path: np.abs(array) for path, array in read.items()}
    return selection.select(scores, masks.ones_like(read), 1 - _KEPT, scope="layer")


def _level(data: Any, training: Any, keras: str) -> Callable[[], None]:
    """The training of a level, from the initialisation on, as a search has it done."""
    from tfticket.callbacks import EnforceMasks
    from tfticket.rewinding import capture, restore
    from tfticket.zoo import train_on

    model = _model(keras, training.num_steps)
    start, train = capture(model), train_on(data, training)
    enforced = EnforceMasks(_masks(model))

    def work() -> None:
        restore(model, start)
        train(model, [enforced])

    return work


def _bare(
    data: Any, training: Any, keras: str, *, masked: bool = False, in_one: bool = False
) -> Callable[[], None]:
    import tensorflow as tf

    from tfticket import zoo
    from tfticket.rewinding import capture, restore

    model = _model(keras, training.num_steps)
    step = _step(model, _masks(model) if masked else None)

    def loop(batches: Any) -> None:
        for x, y in batches:
            step(x, y)

    called, start = tf.function(loop) if in_one else loop, capture(model)
    options = {"batch_size": BATCH, "num_steps": training.num_steps, "seed": 0}

    def work() -> None:
        restore(model, start)
        called(zoo.batches(data.train, **options))

    return work


def _step(model: Any, masks: Any) -> Callable[..., Any]:
    import tensorflow as tf

    from tfticket import weights

    named = {id(v): path for path, v in weights.variables(model).items()}
    trained = model.trainable_variables
    own = [None if masks is None else masks.get(named.get(id(v))) for v in trained]
    own = [None if mask is None else tf.constant(mask, tf.float32) for mask in own]
    optimizer, loss = model.optimizer, model.loss

    @tf.function
    def step(x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            value = loss(y, model(x, training=True))
        found = tape.gradient(value, trained)
        found = [g if m is None else g * m for g, m in zip(found, own, strict=True)]
        optimizer.apply_gradients(zip(found, trained, strict=True))
        for variable, mask in zip(trained, own, strict=True):
            if mask is not None:
                variable.assign(variable * mask)
        return value

    return step
