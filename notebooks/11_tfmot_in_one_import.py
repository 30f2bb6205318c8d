# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A tfmot script, with one import changed
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/tfticket/tfticket/blob/main/notebooks/11_tfmot_in_one_import.ipynb)
#
# The script below is what tfmot's own guide does: train, `prune_low_magnitude` with
# `PolynomialDecay`, `UpdatePruningStep`, `strip_pruning`. It is run three times as it stands: by
# tfmot on tf_keras, and by `from tfticket import tfmot_bridge as tfmot` on tf_keras and on Keras 3,
# which tfmot itself refuses. Then comes what there is besides: masks that hold when training goes
# on, other scores than magnitude, in tfmot's own wrapper too, and files that store no zeros and
# were run before they are handed over.
#
# As committed, it trains on the embedded digits from one seed, 0, with no further replicates: that
# shows the mechanics and no accuracy worth quoting. `FULL_SIZE = True` has MNIST. What tfmot's own
# tests and guides say of the changed import is in
# [`benchmarks/tfmot_tests`](https://github.com/tfticket/tfticket/tree/main/benchmarks/tfmot_tests).
#
# Tested with the versions of Colab (Python 3.13.0, TensorFlow 2.20.0, Keras 3.13.2, tf_keras
# 2.20.1, NumPy 2.1.3) and of Kaggle (Python 3.12.1, TensorFlow 2.19.0, Keras 3.13.2, tf_keras
# 2.19.0, NumPy 2.1.3):
# [`benchmarks/versions`](https://github.com/tfticket/tfticket/tree/main/benchmarks/versions).

# %%
# Where tfticket is missing, as in Colab and Kaggle, it is installed: from the wheel of a release,
# beside the notebook or in Kaggle's input, or from what `SOURCE` says, a path or an address.
EXTRAS, BESIDES = "data,export,plots", []
SOURCE = ""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

HOSTED = "google.colab" in sys.modules or "KAGGLE_KERNEL_RUN_TYPE" in os.environ
if importlib.util.find_spec("tfticket") is None:
    wheels = [*Path().glob("tfticket-*.whl"), *Path("/kaggle/input").rglob("tfticket-*.whl")]
    SOURCE = SOURCE or str(max(wheels, default=""))
    if not SOURCE:
        raise FileNotFoundError("Put tfticket-*.whl beside the notebook, or fill in `SOURCE`.")
    path = Path(SOURCE).resolve()
    wanted = f"{path}[{EXTRAS}]" if path.exists() else f"tfticket[{EXTRAS}] @ {SOURCE}"
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", wanted, *BESIDES], check=True)

# %%
import tempfile
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np

import tfticket as tt  # before tfmot and tf_keras: alone, tfmot would turn `tf.keras` into tf_keras
from tfticket import tfmot_bridge, zoo

# isort: split
import tensorflow_model_optimization
import tf_keras

FULL_SIZE = False
SEED, SPARSITY, BATCH_SIZE = 0, 0.9, 60
NUM_STEPS = 4_500 if FULL_SIZE else 105

name = "mnist" if FULL_SIZE else "digits"
data = zoo.load_data(name, seed=SEED, download=FULL_SIZE and HOSTED)
validation = data.validation.x, data.validation.y


def batches(epoch):
    start = epoch * NUM_STEPS
    return zoo.batches(
        data.train,
        batch_size=BATCH_SIZE,
        num_steps=start + NUM_STEPS,
        seed=SEED,
        start_step=start,
    )


# %% [markdown]
# ## The script
#
# What comes in as `tfmot` is the only difference between the first two runs; the third has Keras 3
# in place of tf_keras as well.


# %%
def noted(keras, history):
    """A callback that notes the fraction of zeros in the kernels, for either Keras."""

    class Noted(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            layers = [getattr(layer, "layer", layer) for layer in self.model.layers]
            kernels = [each.kernel.numpy() for each in layers if hasattr(each, "kernel")]
            count = sum(np.count_nonzero(kernel == 0) for kernel in kernels)
            history.append(count / sum(kernel.size for kernel in kernels))

    return Noted()


def script(tfmot, keras, history):
    keras.utils.set_random_seed(SEED)
    model = keras.Sequential(
        [
            keras.layers.Input(data.input_shape),
            keras.layers.Conv2D(32, 3, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dense(10),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    model.fit(batches(0), shuffle=False, verbose=0)

    pruned = tfmot.sparsity.keras.prune_low_magnitude(
        model,
        pruning_schedule=tfmot.sparsity.keras.PolynomialDecay(
            initial_sparsity=0.0,
            final_sparsity=SPARSITY,
            begin_step=0,
            end_step=NUM_STEPS * 2 // 3,
            frequency=NUM_STEPS // 15,
        ),
    )
    pruned.compile("adam", loss, metrics=["accuracy"])
    callbacks = [tfmot.sparsity.keras.UpdatePruningStep(), noted(keras, history)]
    pruned.fit(batches(1), shuffle=False, verbose=0, callbacks=callbacks)
    stripped = tfmot.sparsity.keras.strip_pruning(pruned)
    stripped.compile("adam", loss, metrics=["accuracy"])
    return model, pruned, stripped


runs = {
    "tfmot, tf_keras": (tensorflow_model_optimization, tf_keras),
    "tfticket, tf_keras": (tfmot_bridge, tf_keras),
    "tfticket, Keras 3": (tfmot_bridge, keras),
}
made, histories = {}, {}
for label, (tfmot, flavour) in runs.items():
    histories[label] = []
    made[label] = script(tfmot, flavour, histories[label])
try:
    script(tensorflow_model_optimization, keras, [])
except ValueError as error:
    print("tfmot, Keras 3: ", str(error)[:90], "…", sep="")

# %% [markdown]
# tfmot's wrappers double the parameters while the model trains, and mask in the forward pass: after
# each step the optimizer has moved most of the pruned weights, and they are set back when the next
# one begins; and the model that was given shares its layers, so it is pruned too. Without wrappers
# they are 0 after every step, in a copy.


# %%
def zeros(model):
    """The fraction of zeros in the kernels."""
    kernels = tt.weights.read(model).values()
    return sum(np.count_nonzero(w == 0) for w in kernels) / sum(w.size for w in kernels)


rows = []
for label, (given, pruned, stripped) in made.items():
    counts = [f"{model.count_params():,}" for model in (pruned, stripped)]
    found = zeros(stripped), zeros(given), stripped.evaluate(*validation, verbose=0)[1]
    rows.append([label, *counts, *(f"{value:.4f}" for value in found)])
header = ["run", "parameters", "stripped", "sparsity", "of what was given", "validation"]
print(tt.reports.aligned(header, rows))

figure, axis = plt.subplots(figsize=(6.4, 3), layout="constrained")
for (label, history), style in zip(histories.items(), ("-", "--", ":"), strict=True):
    axis.plot(range(1, len(history) + 1), history, style, linewidth=2, label=label)
axis.set(xlabel="step of the second training", ylabel="zeros after the step", ylim=(0, 1))
axis.legend(frameon=False)
plt.show()

# %% [markdown]
# ## Masks that hold
#
# The stripped model is fine-tuned for a little, with no callback at all. What tfmot has stripped is
# an ordinary network and becomes dense again; the masks of ours stay in force.

# %%
sparsities = {}
for label, (_, _, stripped) in made.items():
    stripped.fit(batches(2).take(20), shuffle=False, verbose=0)
    sparsities[label] = zeros(stripped)
figure, axis = plt.subplots(figsize=(6.4, 1.8), layout="constrained")
bars = axis.barh(list(sparsities), list(sparsities.values()), color=["C0", "C1", "C2"])
axis.bar_label(bars, [f"{value:.3f}" for value in sparsities.values()], padding=3)
axis.set(xlabel="sparsity after 20 more steps", xlim=(0, 1.1))
axis.invert_yaxis()
plt.show()

# %% [markdown]
# ## Other scores
#
# On Keras 3 or tf_keras: any score and any scope on the same schedule, as a callback. And in
# tfmot's wrapper: `prune_by_score`, which its own `UpdatePruningStep` and `strip_pruning` treat as
# they treat its own layers. Here to a sparsity where it matters.

# %%
HIGHER = 0.98
schedule = tt.schedules.Polynomial(
    HIGHER, begin_step=0, end_step=NUM_STEPS * 2 // 3, frequency=NUM_STEPS // 15
)
few = (data.train.x[:100], data.train.y[:100])
choices = {
    "magnitude, per layer": ("magnitude", "layer"),
    "magnitude, global": ("magnitude", "global"),
    "SNIP, global": ("snip", "global"),
    "random, per layer": ("random", "layer"),
}
trained = made["tfticket, Keras 3"][0]
accuracies = {"callback, Keras 3": {}, "tfmot's wrapper, tf_keras": {}}
for label, (score, scope) in choices.items():
    model = keras.models.clone_model(trained)
    model.set_weights(trained.get_weights())
    model.compile("adam", trained.loss, metrics=["accuracy"])
    evidence = tt.Evidence({}, batch=few, loss=model.loss, seed=SEED)
    pruning = tt.callbacks.PruneOnSchedule(schedule, score=score, scope=scope, evidence=evidence)
    model.fit(batches(1), shuffle=False, verbose=0, callbacks=[pruning])
    accuracies["callback, Keras 3"][label] = model.evaluate(*validation, verbose=0)[1]

    theirs = made["tfticket, tf_keras"][0]  # not tfmot's: it has pruned what it was given
    evidence = tt.Evidence({}, batch=few, loss=theirs.loss, seed=SEED)
    wrapped = tfmot_bridge.prune_by_score(
        theirs, schedule, score=score, scope=scope, evidence=evidence
    )
    wrapped.compile("adam", theirs.loss, metrics=["accuracy"])
    update = tensorflow_model_optimization.sparsity.keras.UpdatePruningStep()
    wrapped.fit(batches(1), shuffle=False, verbose=0, callbacks=[update])
    found = wrapped.evaluate(*validation, verbose=0)[1]
    accuracies["tfmot's wrapper, tf_keras"][label] = found

figure, axis = plt.subplots(figsize=(7, 3), layout="constrained")
position = np.arange(len(choices))
for number, (label, found) in enumerate(accuracies.items()):
    bars = axis.bar(position + 0.4 * number, list(found.values()), 0.38, label=label)
    axis.bar_label(bars, fmt="%.2f", fontsize=8)
axis.set_xticks(position + 0.2, list(choices))
axis.set(ylabel="validation accuracy", ylim=(0, 1.1), title=f"sparsity {HIGHER}")
figure.legend(frameon=False, loc="outside lower center", ncols=2)
plt.show()

# %% [markdown]
# ## Files
#
# What tfmot's guide ends with is a TFLite file of the stripped model, which stores the zeros, and
# gzip. Here zeros are stored as such where that is smaller, and the file was run and compared with
# Keras before it is handed over.

# %%
folder = Path(tempfile.mkdtemp())
sizes = {}
for label, model in {
    "dense": made["tfticket, Keras 3"][0],
    "pruned": made["tfticket, Keras 3"][2],
}.items():
    report = tt.export.tflite(model, folder / f"{label}.tflite", inputs=data.validation.x[:50])
    assert all(check.passed for check in report.verification)
    sizes[f"{label} ({report.layout})"] = report.file_bytes, report.gzip_bytes
print(report)
figure, axis = plt.subplots(figsize=(6.4, 2), layout="constrained")
position = np.arange(len(sizes))
for number, label in enumerate(("file", "after gzip -9")):
    values = [size[number] / 1000 for size in sizes.values()]
    bars = axis.barh(position + 0.4 * number, values, 0.38, label=label)
    axis.bar_label(bars, fmt="%.0f", padding=3)
axis.set_yticks(position + 0.2, list(sizes))
axis.set(xlabel="kB", xlim=(0, 1.15 * max(size[0] for size in sizes.values()) / 1000))
axis.invert_yaxis()
axis.legend(frameon=False)
plt.show()
