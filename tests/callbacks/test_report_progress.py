from __future__ import annotations

import numpy as np
import pytest

from tfticket import _optimizers
from tfticket.callbacks.report_progress import ReportProgress, watched


def trained(keras, seconds, steps_per_execution=1, epochs=2):
    """What was told of a training of `epochs` times 6 steps."""
    found = []
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", steps_per_execution=steps_per_execution)
    x, y = np.ones((12, 3), "float32"), np.ones((12, 1), "float32")
    callback = ReportProgress(found.append, seconds=seconds)
    for _ in range(2):
        fitted = model.fit(
            x, y, batch_size=2, epochs=epochs, verbose=0, shuffle=False, callbacks=[callback]
        )
    return found, fitted.history["loss"]


@pytest.mark.parametrize("steps_per_execution", [1, 3])
def test_every_execution_is_told_with_its_true_step_and_loss(keras, steps_per_execution):
    found, losses = trained(keras, 0.0, steps_per_execution)
    assert [p.step for p in found] == [*range(steps_per_execution, 25, steps_per_execution)]
    assert {(p.start_step, p.end_step) for p in found} == {(0, 12), (12, 24)}
    assert found[-1].loss == pytest.approx(losses[-1])
    assert found[-1].fraction == 1.0


def test_in_between_nothing_is_asked_of_the_optimizer(keras, monkeypatch):
    asked = []
    true = _optimizers.steps_done
    monkeypatch.setattr(_optimizers, "steps_done", lambda o: asked.append(o) or true(o))
    found, _ = trained(keras, 1e6, epochs=5)
    assert found == []
    assert len(asked) == 2 * (1 + 5)  # once at the beginning, once before each epoch


def test_a_training_is_watched_only_if_somebody_is_told():
    def train(model, callbacks, until=None):
        return len(callbacks), until

    assert watched(train, None) is train
    assert watched(train, print)(None, [], until=3) == (1, 3)
