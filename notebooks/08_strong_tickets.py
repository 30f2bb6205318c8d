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
# # A trained network inside a random one
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/tfticket/tfticket/blob/main/notebooks/08_strong_tickets.ipynb)
#
# A random network that is large enough contains any other, up to an error of ε: pruning finds it,
# and no weight is trained. [Malach et al. 2020](https://arxiv.org/abs/2002.00585) proved it, and
# [Pensia et al. 2020](https://arxiv.org/abs/2006.07990) that each weight needs about log(1/ε)
# random candidates, by subset sums. Below it is done.
#
# As committed, the network to be found is trained on the embedded digits, from one seed: that shows
# the mechanics and no accuracy worth quoting. `FULL_SIZE = True` has MNIST; figures over 3
# replicates are in
# [`benchmarks/strong_tickets`](https://github.com/tfticket/tfticket/tree/main/benchmarks/strong_tickets).
#
# Tested with the versions of Colab (Python 3.13.0, TensorFlow 2.20.0, Keras 3.13.2, tf_keras
# 2.20.1, NumPy 2.1.3) and of Kaggle (Python 3.12.1, TensorFlow 2.19.0, Keras 3.13.2, tf_keras
# 2.19.0, NumPy 2.1.3):
# [`benchmarks/versions`](https://github.com/tfticket/tfticket/tree/main/benchmarks/versions).

# %%
# Where tfticket is missing, as in Colab and Kaggle, it is installed: from the wheel of a release,
# beside the notebook or in Kaggle's input, or from what `SOURCE` says, a path or an address.
EXTRAS, BESIDES = "data,plots", []
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
import keras
import matplotlib.pyplot as plt
import numpy as np

from tfticket import controls, strong_tickets, zoo

FULL_SIZE = False
SEED, CANDIDATES = 0, 12
NUM_STEPS = 2_000 if FULL_SIZE else 200

name = "mnist" if FULL_SIZE else "digits"
data = zoo.load_data(name, seed=SEED, download=FULL_SIZE and HOSTED)

# %% [markdown]
# ## One weight
#
# Of `n` random numbers there are 2ⁿ subset sums, and the closest to a weight is found by meeting in
# the middle. Each further candidate halves the error.

# %%
generator = np.random.default_rng(SEED)
counts = range(2, 17, 2)
errors = []
for count in counts:
    products = generator.uniform(-2, 2, (2_000, count)) * generator.random((2_000, count))
    weights = generator.uniform(-1, 1, 2_000)
    kept = strong_tickets.closest_subsets(products, weights)
    errors.append(np.median(np.abs((products * kept).sum(1) - weights)))
figure, axis = plt.subplots(figsize=(4, 2.6), layout="constrained")
axis.semilogy(counts, errors, "o-")
axis.set(xlabel="candidates", ylabel="median error")
plt.show()

# %% [markdown]
# ## A network
#
# The target is trained as ever. For each of its layers the random network has two: candidates,
# which the outputs share, and sums.

# %%
target = zoo.lenet_300_100(seed=SEED, input_shape=data.train.x.shape[1:])
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
target.compile("adam", loss, metrics=["accuracy"])
stream = zoo.batches(data.train, batch_size=60, num_steps=NUM_STEPS, seed=SEED)
_ = target.fit(stream, epochs=1, steps_per_epoch=NUM_STEPS, shuffle=False, verbose=0)


def accuracy(model):
    return f"test accuracy {model.evaluate(data.test.x, data.test.y, verbose=0)[1]:.4f}"


# %%
found = strong_tickets.approximate(target, CANDIDATES, seed=SEED, nonnegative_inputs=True)
print(found.report)
print("target:", accuracy(target))
print("pruned random network:", accuracy(found.model))

# %% [markdown]
# It is a ticket like any other: masks over weights, here random ones. With the mask's entries in
# other places, nothing is left of it.

# %%
print(found.ticket)
controls.make("shuffle_mask", found.ticket, found.model, seed=SEED).apply(found.model)
print("mask shuffled:", accuracy(found.model))
