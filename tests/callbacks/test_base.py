"""Both Kerases take our callbacks: they have every method that either would call."""

from __future__ import annotations

import numpy as np

from tfticket.callbacks import Callback, EnforceMasks, RecordRewindPoint


def test_a_callback_answers_everything_that_keras_calls(keras):
    asked = {n for n in dir(keras.callbacks.Callback) if n.startswith(("on_", "set_", "_impl"))}
    assert asked - set(dir(Callback)) == set()


def test_every_event_arrives(keras):
    class Recorder(Callback):
        def __init__(self):
            self.events = []

        def on_train_begin(self, logs=None):
            self.events.append("train begins")

        def on_epoch_begin(self, epoch, logs=None):
            self.events.append(f"epoch {epoch} begins of {self.params['epochs']}")

        def on_train_batch_end(self, batch, logs=None):
            self.events.append(f"batch {batch} of {self.params['steps']}, {'loss' in logs}")

        def on_epoch_end(self, epoch, logs=None):
            self.events.append(f"epoch ends, {sorted(logs)}")

        def on_train_end(self, logs=None):
            self.events.append(f"train ends, {self.model.name}")

    model = keras.Sequential([keras.layers.Input((1,)), keras.layers.Dense(1)], name="net")
    model.compile("sgd", "mse")
    recorder, data = Recorder(), (np.ones((2, 1)), np.ones((2, 1)))
    model.fit(*data, batch_size=1, validation_data=data, verbose=0, callbacks=[recorder])
    model.predict(data[0], verbose=0, callbacks=[recorder])
    assert recorder.events == [
        "train begins",
        "epoch 0 begins of 1",
        "batch 0 of 2, True",
        "batch 1 of 2, True",
        "epoch ends, ['loss', 'val_loss']",
        "train ends, net",
    ]


def test_only_callbacks_that_wait_for_batches_are_called_after_each():
    assert RecordRewindPoint()._implements_train_batch_hooks()
    assert not EnforceMasks(None)._implements_train_batch_hooks()
