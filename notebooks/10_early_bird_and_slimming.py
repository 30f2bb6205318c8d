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
# # Early birds and slimming: channels that are really gone
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/tfticket/tfticket/blob/main/notebooks/10_early_bird_and_slimming.ipynb)
#
# [Liu et al. 2017](https://arxiv.org/abs/1708.06519) put an L1 penalty on the scales of
# BatchNormalization, remove the channels of smallest scale after the training, and fine-tune.
# [You et al. 2020](https://arxiv.org/abs/1909.11957) find that which channels go is settled long
# before the training ends: an *early-bird ticket*. [Liu et al.
# 2019](https://arxiv.org/abs/1810.05270) ask whether the weights that are left are worth anything,
# or only the architecture: they train it from new random weights, for as many steps (Scratch-E) or
# for as many FLOPs (Scratch-B). Below all of it is done on one network, and its channels are taken
# out, not set to zero.
#
# As committed, a small VGG is trained on the embedded digits from one seed, 0, with no further
# replicates: that shows the mechanics and no accuracy worth quoting. `FULL_SIZE = True` has MNIST;
# figures over several replicates are in
# [`benchmarks/early_bird`](https://github.com/tfticket/tfticket/tree/main/benchmarks/early_bird)
# and [`benchmarks/structured`](https://github.com/tfticket/tfticket/tree/main/benchmarks/structured).
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

import tfticket as tt
from tfticket import slimming, zoo
from tfticket.graph import flops
from tfticket.reports.channels import plot_mask_distances, plot_scales
from tfticket.rewinding import capture, restore

FULL_SIZE = False
SEED, BATCH_SIZE, CHANNEL_SPARSITY, PENALTY = 0, 60, 0.5, 1e-3
NUM_STEPS, EVERY = (2_400, 60) if FULL_SIZE else (160, 8)
#: Steps at which a ticket is drawn.
DRAWN_AT = [NUM_STEPS * part // 20 for part in (1, 2, 5, 10, 20)]

name = "mnist" if FULL_SIZE else "digits"
data = zoo.load_data(name, seed=SEED, download=FULL_SIZE and HOSTED)
entry = zoo.get_model("vgg_small")


def build():
    shape = {"input_shape": data.input_shape, "num_classes": data.num_classes}
    return entry.compiled(seed=SEED, **shape)


def train(model, start, end, callbacks=()):
    stream = zoo.batches(
        data.train, batch_size=BATCH_SIZE, num_steps=end, seed=SEED, start_step=start
    )
    model.fit(stream, shuffle=False, verbose=0, callbacks=list(callbacks))


def accuracy(model, split=data.validation):
    """After the statistics of normalisation were measured again: few steps leave them behind."""
    stream = zoo.batches(data.train, batch_size=BATCH_SIZE, num_steps=5, seed=SEED)
    slimming.reestimate_norms(model, stream)
    return zoo.evaluate(model, split)["accuracy"]


# %% [markdown]
# ## Two trainings: without and with the penalty
#
# A callback draws the mask of the half of the channels with the largest scales every few steps,
# over all layers at once, and goes on looking: nothing is masked. The second network starts with
# all scales at 0.5, as published, and with `penalty · Σ|γ|` in its loss.

# %%
dense, sparse = build(), build()
looks = {
    label: tt.callbacks.StopAtEarlyBird(CHANNEL_SPARSITY, every=EVERY, stop=False)
    for label in ("no penalty", "penalty")
}
train(dense, 0, NUM_STEPS, [looks["no penalty"]])
states = {}
with slimming.penalize_scales(sparse, PENALTY, initial_scale=0.5) as penalised:
    for start, end in zip([0, *DRAWN_AT], DRAWN_AT, strict=False):
        train(sparse, start, end, [looks["penalty"]])
        states[end] = capture(sparse)
    scales = {"penalty": penalised.values()}
gammas = {p: w for p, w in tt.weights.read_all(dense).items() if p.endswith("gamma")}
for label, early in looks.items():
    print(f"{label:11} settled at step {early.found_at} of {NUM_STEPS}")
plot_scales({"no penalty": gammas, **scales}, "scales after the training")

# %% [markdown]
# ## When the mask settles
#
# The picture of the method: the distance of every two masks, the fraction of channels on which they
# differ. It has settled when the newest is nearer than ε = 0.1 to each of the four before it.

# %%
early = looks["penalty"]
steps = [look.step for look in early.early_bird.observations]
plot_mask_distances(early.early_bird.distance_matrix(), steps, early.found_at, "with the penalty")

# %%
plain = looks["no penalty"].early_bird
steps = [look.step for look in plain.observations]
found_at = looks["no penalty"].found_at
plot_mask_distances(plain.distance_matrix(), steps, found_at, "without the penalty")

# %% [markdown]
# ## Tickets drawn at several times, and what they are worth
#
# At each of the times the channels are taken out: `shrink` builds the smaller Keras model, takes
# the optimizer's state along, and it is trained to the same last step. The last of them is drawn
# when there is nothing left to train and fine-tuned for as many steps again: network slimming. At
# small size there are 180 validation examples, so that one of them is 0.0056 of the accuracy.


# %%
def without_channels(state):
    """The smaller network out of the one that was searched, as it was at a step."""
    restore(sparse, state)
    masks = slimming.channel_masks(sparse, CHANNEL_SPARSITY, score="scale")
    return slimming.shrink(sparse, masks, carry_optimizer=True)


found, shrunk = {}, {}
for step, state in states.items():
    shrunk[step] = without_channels(state)
    end = NUM_STEPS if step < NUM_STEPS else 2 * NUM_STEPS
    train(shrunk[step].model, step, end)
    found[step] = accuracy(shrunk[step].model)
    print(f"drawn at step {step:4}, trained to {end}: validation accuracy {found[step]:.4f}")

# %% [markdown]
# The same architecture as the last ticket's, from new random weights: Scratch-E trains it for as
# many steps as the dense network, Scratch-B for as many FLOPs, at most twice as many steps.

# %%
slim = shrunk[NUM_STEPS].model
ratio = flops(dense).total / flops(slim).total
scratch = {}
for label, end in {"Scratch-E": NUM_STEPS, "Scratch-B": round(NUM_STEPS * min(2, ratio))}.items():
    keras.utils.set_random_seed(SEED)
    fresh = keras.models.clone_model(slim)
    fresh.compile(entry.optimizer.build("keras"), dense.loss, metrics=["accuracy"])
    train(fresh, 0, end)
    scratch[f"{label}, {end} steps"] = accuracy(fresh)

figure, axis = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
axis.plot([str(step) for step in found], list(found.values()), "o-", label="tickets")
lines = {"dense": accuracy(dense), **scratch}
for (label, value), style in zip(lines.items(), ("-", "--", ":"), strict=True):
    axis.axhline(value, color="0.4", linestyle=style, linewidth=1.2, label=f"{label}: {value:.3f}")
axis.set(xlabel="step at which the ticket was drawn", ylabel="validation accuracy")
figure.legend(frameon=False, loc="outside right upper")
plt.show()

# %% [markdown]
# ## Really smaller
#
# Which layers lost their channels, and what is left of parameters, FLOPs and the verified TFLite
# file. The masked network and the smaller one compute the same.

# %%
groups = [group.name for group in shrunk[NUM_STEPS].report.groups]
figure, axis = plt.subplots(figsize=(6.4, 3.2), layout="constrained")
position, width = np.arange(len(groups)), 0.8 / (len(shrunk) + 1)
before = [group.before for group in shrunk[NUM_STEPS].report.groups]
axis.bar(position, before, width, color="0.8", label="dense")
for number, (step, small) in enumerate(shrunk.items(), 1):
    left = [group.after for group in small.report.groups]
    color = plt.cm.viridis(number / 6)
    axis.bar(position + number * width, left, width, color=color, label=str(step))
axis.set_xticks(position + 0.4 - width / 2, groups, rotation=30, ha="right")
axis.set_ylabel("channels")
axis.legend(frameon=False, title="drawn at step", fontsize=8)
plt.show()

# %%
folder = Path(tempfile.mkdtemp())
early_step = min(found, key=lambda step: abs(step - (early.found_at or NUM_STEPS)))
models = {"dense": dense, f"drawn at {early_step}": shrunk[early_step].model, "slimming": slim}
table = []
for label, model in models.items():
    file = tt.export.tflite(model, folder / f"{label}.tflite", inputs=data.validation.x[:50])
    assert all(check.passed for check in file.verification)
    sizes = model.count_params(), flops(model).total, file.file_bytes
    tested = zoo.evaluate(model, data.test)["accuracy"]
    table.append([label, *(f"{size:,}" for size in sizes), f"{tested:.4f}"])
header = ["network", "parameters", "FLOPs", "bytes of the file", "test accuracy"]
print(tt.reports.aligned(header, table))
