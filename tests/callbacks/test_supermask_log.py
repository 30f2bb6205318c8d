"""SupermaskLog: density and mask change of each epoch, in logs and History."""

from __future__ import annotations

import numpy as np
import pytest

from tfticket.callbacks.base import Callback
from tfticket.callbacks.supermask_log import SupermaskLog
from tfticket.supermasks import EdgePopup, layers

X = np.ones((4, 2), np.float32)


class SetScores(Callback):
    """Writes other scores at the end of each epoch."""

    def __init__(self, scores):
        self.scores = scores

    def on_epoch_end(self, epoch, logs=None):
        self.model.layers[0].scores.assign(self.scores[epoch])


def test_density_and_change_are_those_of_the_masks(keras):
    layer = layers.of(keras).SupermaskDense(4, masker=EdgePopup(0.25))
    model = keras.Sequential([keras.layers.Input((2,)), layer])
    model.compile(keras.optimizers.SGD(0.0), "mse", run_eagerly=True)
    layer.scores.assign([[9, 8, 0, 0], [0, 0, 0, 0]])
    scores = [
        [[9, 8, 0, 0], [0, 0, 0, 0]],
        [[9, 0, 8, 0], [0, 0, 0, 0]],
        [[0, 0, 0, 0], [0, 0, 3, 3]],
    ]
    log = SupermaskLog()
    callbacks = [SetScores(np.array(scores, np.float32)), log]
    history = model.fit(X, np.ones((4, 4)), epochs=3, verbose=0, callbacks=callbacks).history
    assert history["density"] == [0.25, 0.25, 0.25]
    assert history["mask_change"] == [0.0, 0.25, 0.5]


def test_a_model_without_supermasks_is_refused(keras):
    model = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(4)])
    model.compile("sgd", "mse", run_eagerly=True)
    with pytest.raises(ValueError, match="must have supermask layers"):
        model.fit(X, np.ones((4, 4)), verbose=0, callbacks=[SupermaskLog()])
