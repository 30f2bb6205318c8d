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
# # Factorised layers: a kernel as the product of two thinner ones
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/tfticket/tfticket/blob/main/notebooks/07_factorised_layers.ipynb)
#
# A Dense kernel of 784 × 300 has 235 200 weights; as the product of 784 × 16 and 16 × 300 it has 17
# 344, and so many multiply-adds fewer. [Khodak et al. 2021](https://arxiv.org/abs/2105.01029) say
# how to start such factors (from the singular value decomposition of the whole kernel) and how to
# decay them (by the norm of their product). Below a network is factorised before training, and
# another after it.
#
# As committed, it trains on the embedded digits from one seed: that shows the mechanics and no
# accuracy worth quoting. `FULL_SIZE = True` has MNIST; figures over 3 replicates are in
# [`benchmarks/factorization`](https://github.com/tfticket/tfticket/tree/main/benchmarks/factorization).
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

from tfticket import factorization, recipes, zoo

FULL_SIZE = False
SEED, SHARE = 0, 0.25
NUM_STEPS = 2_000 if FULL_SIZE else 200

name = "mnist" if FULL_SIZE else "digits"
data = zoo.load_data(name, seed=SEED, download=FULL_SIZE and HOSTED)
shape = data.train.x.shape[1:]


def build(seed=SEED):
    model = zoo.lenet_300_100(seed=seed, input_shape=shape)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    return model


# %% [markdown]
# ## What is in a kernel
#
# The singular values of a kernel before and after training. A trained one has a few large ones:
# what is left of it at a rank says how well factors of that rank stand for it.

# %%
model = build()
before = np.linalg.svd(model.get_layer("dense_1").get_weights()[0], compute_uv=False)
stream = zoo.batches(data.train, batch_size=60, num_steps=NUM_STEPS, seed=SEED)
model.fit(stream, epochs=1, steps_per_epoch=NUM_STEPS, shuffle=False, verbose=0)
after = np.linalg.svd(model.get_layer("dense_1").get_weights()[0], compute_uv=False)
figure, axis = plt.subplots(figsize=(5, 2.6), layout="constrained")
axis.semilogy(before, label="as drawn")
axis.semilogy(after, label="trained")
axis.set(title="singular values of dense_1", xlabel="rank")
axis.legend()
plt.show()

# %% [markdown]
# ## Factors of a trained network
#
# A budget is of the whole network; every kernel then holds about the same energy. The output layer
# is left whole: with fewer ranks than classes it could not tell them apart.

# %%
made = factorization.factorize(model, parameters=SHARE, layers="^(?!output)")
print(made.report)
for one in (model, made.model):
    print(one.evaluate(data.test.x, data.test.y, verbose=0))

# %% [markdown]
# ## There and back
#
# `defactorize` multiplies the factors: a plain network again. `split` makes two plain layers of
# each factorised one, which any program loads and which costs as little.

# %%
plain, pairs = factorization.defactorize(made.model), factorization.split(made.model)
outputs = [np.array(one(data.test.x[:64])) for one in (made.model, plain, pairs)]
print("largest differences:", [float(np.abs(o - outputs[0]).max()) for o in outputs[1:]])
print("parameters:", [one.count_params() for one in (made.model, plain, pairs)])

# %% [markdown]
# ## Factors from the first step on
#
# The recipe trains the dense network, and beside it factors from the same start: spectral
# initialisation, and decay of the product in place of the factors'.

# %%
found = recipes.factorize(
    build,
    data,
    parameters=SHARE,
    layers="^(?!output)",
    num_steps=NUM_STEPS,
    seed=SEED,
    controls=(),
)
print(found)
