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
# # How sparse can it be? A search over sparsity
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/tfticket/tfticket/blob/main/notebooks/05_search_over_sparsity.ipynb)
#
# How many weights a network can lose is a question for a search: here
# [Optuna](https://optuna.org) asks for a sparsity and where weights are ranked, the network is
# pruned from one trained state, fine-tuned and measured on *validation* examples. What comes out is
# a front: the accuracy to be had for every number of weights. The test examples are looked at once,
# for the network that was chosen.
#
# KerasTuner asks in the same way: `hp.Float("sparsity", 0.5, 0.99)` inside its `build` function,
# and `tt.callbacks.EnforceMasks(ticket)` among the callbacks.
#
# As committed it makes 8 trials of 60 steps on the embedded digits, from seed 0; for a figure to
# quote, set `FULL_SIZE = True`, which has MNIST and 40 trials, and run several replicates.
#
# Tested with the versions of Colab (Python 3.13.0, TensorFlow 2.20.0, Keras 3.13.2, tf_keras
# 2.20.1, NumPy 2.1.3) and of Kaggle (Python 3.12.1, TensorFlow 2.19.0, Keras 3.13.2, tf_keras
# 2.19.0, NumPy 2.1.3):
# [`benchmarks/versions`](https://github.com/tfticket/tfticket/tree/main/benchmarks/versions).

# %%
# Where tfticket is missing, as in Colab and Kaggle, it is installed: from the wheel of a release,
# beside the notebook or in Kaggle's input, or from what `SOURCE` says, a path or an address.
EXTRAS, BESIDES = "data,plots", ["optuna"]
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
import matplotlib.pyplot as plt
import optuna

import tfticket as tt
from tfticket import zoo
from tfticket.rewinding import capture, restore

FULL_SIZE = False
SEED, BATCH_SIZE = 0, 60
NUM_STEPS, FINE_TUNE_STEPS, NUM_TRIALS = (5_000, 1_000, 40) if FULL_SIZE else (200, 60, 8)

source = {"name": "mnist", "download": HOSTED} if FULL_SIZE else {"name": "digits"}
data = zoo.load_data(**source, seed=SEED)
entry = zoo.get_model("lenet_300_100")
model = entry.compiled(seed=SEED, input_shape=data.input_shape, num_classes=data.num_classes)

# %% [markdown]
# The network is trained once. `capture` keeps everything that training goes on from, the
# optimizer's state with it, so that every trial starts from exactly there.

# %%


def fit(start, end, callbacks=()):
    stream = zoo.batches(
        data.train, batch_size=BATCH_SIZE, num_steps=end, seed=SEED, start_step=start
    )
    model.fit(stream, shuffle=False, verbose=0, callbacks=list(callbacks))


fit(0, NUM_STEPS)
trained = capture(model)
dense = zoo.evaluate(model, data.validation)["accuracy"]
print(f"dense: validation accuracy {dense:.4f}")

# %% [markdown]
# A trial prunes, fine-tunes with the masks in force, and reports two numbers that pull in opposite
# directions.

# %%
tickets = {}


def objective(trial):
    restore(model, trained)
    ticket = tt.prune(
        model,
        score="magnitude",
        scope=trial.suggest_categorical("scope", ["layer", "global"]),
        schedule=tt.schedules.OneShot(trial.suggest_float("sparsity", 0.5, 0.99)),
    )
    ticket.apply(model)
    enforced = tt.callbacks.EnforceMasks(ticket)
    fit(NUM_STEPS, NUM_STEPS + FINE_TUNE_STEPS, [enforced])
    enforced.release()
    tickets[trial.number] = ticket.masks, capture(model)
    return zoo.evaluate(model, data.validation)["accuracy"], ticket.masks.num_kept


optuna.logging.set_verbosity(optuna.logging.WARNING)
study = optuna.create_study(
    directions=["maximize", "minimize"], sampler=optuna.samplers.TPESampler(seed=SEED)
)
study.optimize(objective, n_trials=NUM_TRIALS)

# %%
figure, axes = plt.subplots(figsize=(6, 3.5), layout="constrained")
for scope in ("layer", "global"):
    values = [t.values for t in study.trials if t.params["scope"] == scope]
    axes.scatter([v[1] for v in values], [v[0] for v in values], label=f"scope: {scope}")
front = sorted((t.values[1], t.values[0]) for t in study.best_trials)
axes.step(*zip(*front, strict=True), where="post", color="0.5", linewidth=1, label="front")
axes.axhline(dense, color="0.5", linestyle="--", linewidth=1, label="dense")
axes.set_xscale("log")
axes.set_xlabel("weights kept")
axes.set_ylabel("validation accuracy")
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# The smallest network on the front that gives up at most one percent of validation accuracy, or the
# best one if none is that good; now, and only now, its accuracy on the test examples.

# %%
good = [t for t in study.best_trials if t.values[0] >= dense - 0.01]
chosen = min(good, key=lambda t: t.values[1]) if good else study.best_trials[0]
masks, state = tickets[chosen.number]
restore(model, state)
test = zoo.evaluate(model, data.test)["accuracy"]
print(f"{chosen.params}: {masks.num_kept} of {masks.num_weights} weights, test {test:.4f}")
assert all((state.weights[path][~mask] == 0).all() for path, mask in masks.items())
