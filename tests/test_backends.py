"""Keras 3 on another backend than TensorFlow is answered at every door, in the same words.

The backend is settled when Keras is imported: a process of its own knocks at all doors. Where no
other backend is installed, Keras only says that it runs on one.
"""

from __future__ import annotations

import importlib.util

import pytest

DOORS = """
import os, sys, tempfile
backend = "{backend}"
os.environ["KERAS_BACKEND"] = "tensorflow" if backend == "pretended" else backend
import keras
import numpy as np
import tfticket as tt
from tfticket import rewinding, zoo
from tfticket.tickets import Ticket

keras.utils.set_random_seed(0)
layers = [keras.layers.Dense(4, "relu", name="hidden"), keras.layers.Dense(2, name="output")]
model = keras.Sequential([keras.Input((6,)), *layers])
model.compile("sgd", "mse")
if backend == "pretended":
    keras.backend.backend = lambda: backend
masks = tt.Masks({{"hidden/kernel": np.eye(6, 4) > 0, "output/kernel": np.eye(4, 2) > 0}})
arrays = {{path: mask.astype("float32") for path, mask in masks.items()}}
ticket = Ticket(masks, arrays)
x = np.ones((8, 6), "float32")
y = np.ones((8, 2), "float32")
linear = tt.schedules.Linear(0.5, end_step=4, frequency=1)
evidence = tt.Evidence({{}}, batch=(x, y), loss="mse", seed=0)
path = tempfile.mkdtemp() + "/model"

def met(callback):
    callback.set_model(model)
    callback.set_params({{"epochs": 1, "steps": 4}})
    callback.on_train_begin()

DOORS = {{
    "weights.read": lambda: tt.weights.read(model),
    "weights.read_all": lambda: tt.weights.read_all(model),
    "weights.write": lambda: tt.weights.write(model, arrays),
    "enforce": lambda: tt.enforce(model, masks),
    "find_ticket": lambda: list(tt.find_ticket(model, lambda *_: None, schedule=linear, rounds=1)),
    "train_ticket": lambda: tt.train_ticket(model, lambda *_: None, ticket),
    "prune": lambda: tt.prune(model, schedule=linear, score="magnitude", evidence=evidence),
    "Ticket.apply": lambda: ticket.apply(model),
    "Ticket.masks_for": lambda: ticket.masks_for(model),
    "rewinding.capture": lambda: rewinding.capture(model),
    "controls.make": lambda: tt.controls.make("reinitialize", ticket, model, seed=0),
    "collapse.compare": lambda: tt.collapse.compare(model, ["magnitude"]),
    "prune_low_magnitude": lambda: tt.prune_low_magnitude(model),
    "strip_pruning": lambda: tt.strip_pruning(model),
    "slimming.shrink": lambda: tt.slimming.shrink(model, masks),
    "slimming.channel_masks": lambda: tt.slimming.channel_masks(model, 0.5),
    "slimming.penalize_scales": lambda: tt.slimming.penalize_scales(model),
    "low_precision.compute_in": lambda: tt.low_precision.compute_in(model, "int8"),
    "reports.profile_model": lambda: tt.reports.profile_model(model),
    "supermasks.convert": lambda: tt.supermasks.convert(model, masker=tt.supermasks.EdgePopup(0.5)),
    "supermasks.to_plain": lambda: tt.supermasks.to_plain(model),
    "supermasks.layers.of": lambda: tt.supermasks.layers.of("keras"),
    "export.tflite": lambda: tt.export.tflite(model, path + ".tflite"),
    "export.savedmodel": lambda: tt.export.savedmodel(model, path),
    "export.keras_file": lambda: tt.export.keras_file(model, path + ".keras"),
    "export.advise": lambda: tt.export.advise(model),
    "export.quantize_aware": lambda: tt.export.quantize_aware(model, masks),
    "zoo": lambda: zoo.get_model("lenet_300_100").build(keras="keras", seed=0),
    **{{
        f"scores.{{name}}": lambda name=name: tt.scores.get(name)(model, evidence)
        for name in ("synflow", "snip", "grasp", "taylor")
    }},
    **{{
        name: lambda made=made: met(made())
        for name, made in {{
            "PruneOnSchedule": lambda: tt.callbacks.PruneOnSchedule(linear),
            "EnforceMasks": lambda: tt.callbacks.EnforceMasks(masks),
            "UpdatePruningStep": tt.callbacks.UpdatePruningStep,
            "RecordRewindPoint": lambda: tt.callbacks.RecordRewindPoint(0),
            "SupermaskLog": tt.callbacks.SupermaskLog,
        }}.items()
    }},
}}
wrong = {{}}
for name, knock in DOORS.items():
    try:
        knock()
        wrong[name] = "let in"
    except RuntimeError as error:
        if f"Received: backend={{backend!r}}. Set KERAS_BACKEND=tensorflow" not in str(error):
            wrong[name] = repr(error)[:300]
    except Exception as error:
        wrong[name] = f"{{type(error).__name__}}: {{error}}"[:300]
assert not wrong, "\\n" + "\\n".join(f"{{name}}: {{what}}" for name, what in wrong.items())

# The other Keras, which has no backends, goes on.
import tf_keras
legacy = tf_keras.Sequential([tf_keras.layers.Dense(2, input_shape=(6,), name="output")])
legacy.compile("sgd", "mse")
pruning = tt.callbacks.PruneOnSchedule(linear)
legacy.fit(x, y, batch_size=2, verbose=0, callbacks=[pruning])
assert pruning.masks.sparsity == 0.5
"""


@pytest.mark.parametrize("backend", ["pretended", "jax", "torch"])
def test_every_door_names_the_backend(backend, run_script, tmp_path):
    if backend != "pretended" and not importlib.util.find_spec(backend):
        pytest.skip(f"{backend} is not installed")
    script = tmp_path / "doors.py"
    script.write_text(DOORS.format(backend=backend), encoding="utf-8")
    run_script(script)
