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
# # A first ticket: from a Keras model to a verified file
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/tfticket/tfticket/blob/main/notebooks/01_first_ticket.ipynb)
#
# A plain Keras model is trained, pruned and rewound round by round; what is found is compared with
# two controls, saved, loaded into another model, and exported as a TFLite file that is run before
# it is handed over.
#
# As committed, the notebook trains on 1 257 handwritten digits of 8 × 8 pixels for 300 steps per
# network: seconds on a laptop, and enough to see how the parts fit together, not to repeat a paper.
# `FULL_SIZE = True` trains on MNIST for 10 000 steps per network. Seeds: 0 for data and search; the
# comparison has 3 replicates with the seeds 0, 1 and 2.
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
import numpy as np
from IPython.display import Image

import tfticket as tt
from tfticket.reports import plots

FULL_SIZE = False
SEED, REPLICATES, SPARSITY = 0, 3, 0.9
NUM_STEPS, BATCH_SIZE, ROUNDS = (10_000, 60, 11) if FULL_SIZE else (300, 60, 3)

data = tt.zoo.load_data("mnist" if FULL_SIZE else "digits", seed=SEED, download=HOSTED)
print(data)


# %% [markdown]
# ## The model, and what may be pruned in it
#
# Any built Keras 3 or tf_keras model will do; this one has the hidden layers of LeNet-300-100.
# Weights go by their paths. Biases are not pruned unless asked for, and the reason is given.


# %%
def make_model(seed):
    keras.utils.set_random_seed(seed)
    layers = [
        keras.Input(data.input_shape),
        keras.layers.Flatten(),
        keras.layers.Dense(300, "relu", kernel_initializer="glorot_normal", name="hidden_1"),
        keras.layers.Dense(100, "relu", kernel_initializer="glorot_normal", name="hidden_2"),
        keras.layers.Dense(10, kernel_initializer="glorot_normal", name="output"),
    ]
    model = keras.Sequential(layers)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    adam = keras.optimizers.Adam(1.2e-3)
    model.compile(adam, loss, metrics=["accuracy"], steps_per_execution=50)
    return model


model = make_model(SEED)
print(tt.weights.prunable_weights(model))


# %% [markdown]
# ## Finding a ticket
#
# Training stays yours: a function that calls `fit` and passes the callbacks on. `find_ticket`
# trains, masks out the weights of least magnitude in each layer, puts the others back to their
# initial values (`Rewind(step=0)`), and trains again; each level is trained when the loop asks for
# it. What is looked at on the way is validation accuracy; the test examples are left alone.


# %%
def train(model, callbacks):
    start = int(model.optimizer.iterations)
    stream = tt.zoo.batches(
        data.train, batch_size=BATCH_SIZE, num_steps=NUM_STEPS, seed=SEED, start_step=start
    )
    model.fit(stream, shuffle=False, verbose=0, callbacks=callbacks)


def validate(model):
    return {"validation_accuracy": tt.zoo.evaluate(model, data.validation)["accuracy"]}


search = tt.find_ticket(
    model,
    train,
    schedule=tt.schedules.Exponential(SPARSITY, rounds=ROUNDS),
    score="magnitude",
    scope="layer",
    action=tt.actions.Rewind(step=0),
    evaluate=validate,
)
levels = []
for level in search:
    levels.append(level)
    accuracy = level.metrics["validation_accuracy"]
    print(f"level {level.round}  sparsity {level.sparsity:.4f}  validation accuracy {accuracy:.4f}")

# %%
# The last ticket, checked by hand: kept weights start where the dense network started, pruned
# weights start at 0, and after training they are still exactly 0.
ticket = levels[-1].ticket
initial, trained = levels[0].ticket.weights, levels[-1].trained.weights
for path, mask in ticket.masks.items():
    start = ticket.start_weights[path]
    assert np.array_equal(start[mask], initial[path][mask])
    assert not start[~mask].any() and not trained[path][~mask].any()
print(ticket)

# %% [markdown]
# ## Is it the ticket, or would any sparse network do?
#
# A recipe is a method of a paper as one call, with replicates and controls. The controls have
# exactly the ticket's number of weights in each layer: `reinitialize` has its masks over newly
# drawn weights, `random_sparse` random masks over newly drawn weights. Every network of the table
# was tested once, after its training; mean and standard deviation are over the replicates. The
# picture has a band of one standard deviation either way, itself a rough estimate from three.

# %%
found = tt.recipes.lottery_ticket(
    make_model,
    data,
    sparsity=SPARSITY,
    rounds=ROUNDS,
    num_steps=NUM_STEPS,
    batch_size=BATCH_SIZE,
    seed=SEED,
    replicates=REPLICATES,
    controls=("reinitialize", "random_sparse"),
)
print(found)

# %%
folder = Path(tempfile.mkdtemp())
figure = plots.plot_against_sparsity(found.outcome.results, title=data.name)
plots.save(figure, folder / "accuracy_vs_sparsity.png", dpi=90)
Image(folder / "accuracy_vs_sparsity.png")

# %% [markdown]
# ## Keeping it
#
# A ticket on disk is a JSON manifest and a safetensors file with one bit per mask entry; every byte
# is checked when it is read. `apply` writes its start into a model of the same architecture,
# whatever the weights there, and `EnforceMasks` keeps pruned weights out of the training.

# %%
ticket.save(folder / "ticket")
loaded = tt.Ticket.load(folder / "ticket")

fresh = make_model(seed=99)
masks = loaded.apply(fresh)
train(fresh, [tt.callbacks.EnforceMasks(masks)])
print("found: ", levels[-1].metrics["validation_accuracy"])
print("loaded:", validate(fresh)["validation_accuracy"])

# %% [markdown]
# ## A file for a device
#
# The model is plain Keras, so there is nothing to strip. The exporter encodes the zeros of each
# weight where that makes it smaller, runs the finished file in processes of its own, with and
# without the runtime's delegates, and compares it with Keras and with the dense file on inputs of
# ours. A file that differs is never handed over.

# %%
report = tt.export.tflite(fresh, folder / "ticket.tflite", inputs=data.validation.x)
print(report)
for check in report.verification:
    print(" ", check)

# %% [markdown]
# The experiment of the paper, on MNIST with 5 replicates and 15 rounds, and what came of it, is in
# [`benchmarks/lottery_ticket`](https://github.com/tfticket/tfticket/tree/main/benchmarks/lottery_ticket).
