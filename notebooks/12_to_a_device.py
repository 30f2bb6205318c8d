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
# # From a Keras model to a device
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/tfticket/tfticket/blob/main/notebooks/12_to_a_device.ipynb)
#
# A trained network, a device with so much flash, and a point of accuracy that may be lost: which
# file? `tt.compress` takes channels and weights away, trains what is left for a little, writes
# files in several types of numbers, runs and measures each *as a file*, and bisects towards the
# budget.
#
# As committed it runs on the embedded digits with few trainings, from seed 0, so the figures decide
# nothing; for some to quote, set `FULL_SIZE = True`, which has MNIST, and run several replicates.
# Choices are made on validation data, test data are looked at once, for the chosen file.
#
# Tested with the versions of Colab (Python 3.13.0, TensorFlow 2.20.0, Keras 3.13.2, tf_keras
# 2.20.1, NumPy 2.1.3) and of Kaggle (Python 3.12.1, TensorFlow 2.19.0, Keras 3.13.2, tf_keras
# 2.19.0, NumPy 2.1.3):
# [`benchmarks/versions`](https://github.com/tfticket/tfticket/tree/main/benchmarks/versions).

# %%
# Where tfticket is missing, as in Colab and Kaggle, it is installed: from the wheel of a release,
# beside the notebook or in Kaggle's input, or from what `SOURCE` says, a path or an address.
EXTRAS, BESIDES = "data,plots,export", []
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
import tfticket as tt
from tfticket import zoo

FULL_SIZE = False
SEED, BATCH_SIZE = 0, 60
NUM_STEPS, FINE_TUNE_STEPS, NUM_TRAININGS = (2_000, 500, 12) if FULL_SIZE else (300, 100, 5)

source = {"name": "mnist", "download": HOSTED} if FULL_SIZE else {"name": "digits"}
data = zoo.load_data(**source, seed=SEED)
entry = zoo.get_model("vgg_small")
model = entry.compiled(seed=SEED, input_shape=data.input_shape, num_classes=data.num_classes)
stream = zoo.batches(data.train, batch_size=BATCH_SIZE, num_steps=NUM_STEPS, seed=SEED)
history = model.fit(stream, verbose=0, shuffle=False)

# %% [markdown]
# ## Where is there room?
#
# What the network loses as channels of one layer after the other are masked, without any training:
# a flat line is a layer with room.

# %%
validation = data.validation.x, data.validation.y
found = tt.sensitivity(model, validation, sparsities={"channels": (0.125, 0.25, 0.5, 0.75)})
found.plot("vgg_small, channels of one layer masked")

# %% [markdown]
# ## The search
#
# `train` is what the search calls for every network: a short training from where it is. Networks,
# files and measurements are kept in the folder, so that the cell may be stopped and run again, and
# another budget takes what is there.


# %%
def train(network):
    stream = zoo.batches(data.train, batch_size=BATCH_SIZE, num_steps=FINE_TUNE_STEPS, seed=1)
    network.fit(stream, verbose=0, shuffle=False)


result = tt.compress(
    model,
    train,
    validation=validation,
    test=(data.test.x, data.test.y),
    budget=tt.Budget(max_drop=0.01),
    out="to_a_device",
    weights=("float32", "int8"),
    max_trainings=NUM_TRAININGS,
)
print(result)

# %%
result.plot("vgg_small: every file, the front, and the most that may be lost")

# %% [markdown]
# The lines of the second table are a price list: the smallest file at each accuracy, and what a
# tenth more bytes would buy. Files with removed channels are smaller *and* faster, with any
# runtime; int8 brings a quarter of the bytes on top.
#
# ## A budget that cannot be met
#
# A limit below everything that was tried: the nearest file is named, and by how much it misses.

# %%
small = tt.Budget(max_drop=0.0, max_bytes=result.best.file_bytes // 4)
print(
    str(
        tt.compress(
            model,
            train,
            validation=validation,
            budget=small,
            out="to_a_device",
            weights=("float32", "int8"),
            max_trainings=0,
        )
    ).partition("\n\n")[0]
)

# %% [markdown]
# ## The file in use
#
# What a microcontroller needs for it, and a program that runs it:

# %%
print(tt.tflite.micro(result.best.path))

# %%
print(tt.export.snippet(result.best.path, "python"))
