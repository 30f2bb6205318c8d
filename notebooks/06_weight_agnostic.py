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
# # Networks that work with any weight, in Keras
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/tfticket/tfticket/blob/main/notebooks/06_weight_agnostic.ipynb)
#
# [Gaier & Ha 2019](https://arxiv.org/abs/1906.04358) search the topology of a network and give all
# of its connections *one* weight. A topology is judged with six values of that weight, so that it
# must do well by what is connected to what. Nothing is trained.
#
# As committed, 150 generations of 96 networks are searched on the embedded digits, from one seed:
# that shows the mechanics and no accuracy worth quoting. `FULL_SIZE = True` has 2 048 generations
# of 192; its figures, of one search and no further replicates, are in
# [`benchmarks/weight_agnostic`](https://github.com/tfticket/tfticket/tree/main/benchmarks/weight_agnostic).
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

import tfticket as tt
from tfticket import zoo
from tfticket.weight_agnostic import (
    Champion,
    EvolutionSettings,
    Supervised,
    evolve,
    keras_model,
    reward_by_weight,
    ticket_of,
    tuned_weight,
    verdict_on,
)

FULL_SIZE = False
SEED = 0
data = zoo.load_data("digits", seed=SEED)
train, validation, test = data.train, data.validation, data.test

# %% [markdown]
# ## The search
#
# A population starts with few connections from pixels to outputs. In each generation every network
# is judged with the weights -2, -1, -0.5, 0.5, 1 and 2; those are ranked first that do better on
# average with fewer connections, and their children get a connection, a node or another
# activation more. The whole population is computed at once: what its members have in common is
# computed once.

# %%
settings = EvolutionSettings(
    generations=2048 if FULL_SIZE else 150,
    population_size=192 if FULL_SIZE else 96,
    tournament_size=16,
)
task = Supervised(train.x, train.y, validation.x, validation.y, num_outputs=10)
state = evolve(task, settings, seed=SEED)
champion = Champion.of(state.champion)
print(champion)

# %%
generations = np.arange(1, state.generation + 1)
plt.plot(generations, state.history[:, 0], label="best of a generation, mean over weights")
plt.plot(generations, state.history[:, 2], label="champion on validation")
plt.xlabel("generation")
plt.ylabel("log-likelihood")
plt.legend(frameon=False)
plt.show()

# %%
tt.reports.plot_network(champion)

# %% [markdown]
# ## One weight after the other
#
# The best weight is chosen on validation; the test examples are looked at once.

# %%
weight = tuned_weight(champion, validation.x, validation.y)
verdict = verdict_on(
    champion,
    test.x,
    test.y,
    reward="accuracy",
    shared_weights=np.array(settings.shared_weights),
    tuned=weight,
)
for name, accuracy in verdict.by_weight.items():
    print(f"{name:>5}: {accuracy:.3f}")
print(f"random weights {verdict.random:.3f} ± {verdict.random_deviation:.3f}")
print(f"{weight:.3f}, best on validation: {verdict.tuned:.3f}")
print(f"all six together: {verdict.ensemble:.3f}")

# %%
sweep = np.linspace(-3, 3, 61)
sweep = sweep[np.abs(sweep) > 1e-9]
plt.plot(sweep, reward_by_weight(champion, validation.x, validation.y, sweep))
plt.xlabel("shared weight")
plt.ylabel("validation accuracy")
plt.show()

# %% [markdown]
# ## As a Keras model and as a ticket
#
# The champion is a plain Keras model of Dense layers, most of whose weights are masked out. Its
# connections are a ticket like any other: what would other connections do, as many in each layer?
# And what becomes of it when each connection is trained by itself?

# %%
model = keras_model(champion, weight, keras=keras, input_shape=data.input_shape)
ticket = ticket_of(champion, model, weight)
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile("adam", loss, metrics=["accuracy"])


def accuracy(candidate):
    candidate.apply(model)
    return model.evaluate(test.x, test.y, verbose=0)[1]


other = tt.controls.make("shuffle_mask", ticket, model, seed=SEED)
print(f"found {accuracy(ticket):.3f}, other connections {accuracy(other):.3f}")

# %%
ticket.apply(model)
keras.utils.set_random_seed(SEED)
masks = tt.callbacks.EnforceMasks(ticket)
model.fit(train.x, train.y, epochs=20, verbose=0, callbacks=[masks])
trained = model.evaluate(test.x, test.y, verbose=0)[1]
print(f"with its connections trained {trained:.3f}")
