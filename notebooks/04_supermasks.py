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
# # What is hidden in a randomly weighted network, in Keras
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/tfticket/tfticket/blob/main/notebooks/04_supermasks.ipynb)
#
# [Ramanujan et al. 2020](https://arxiv.org/abs/1911.13299) leave a network's weights as they were
# drawn and train a *score* for each of them; in every forward pass the weights with the largest
# scores take part, the others are 0. A well-known explanation of the paper does it in PyTorch, on
# MNIST, and reaches 98.28 %. Below is the same network as Keras layers: `fit`, any optimizer and
# any callback train the mask.
#
# As committed, it trains 300 steps on the embedded digits, enlarged to 28 × 28, from one seed: that
# shows the mechanics and no accuracy worth quoting. `FULL_SIZE = True` has MNIST and 20 epochs; its
# figures, over 3 replicates, are in
# [`benchmarks/edge_popup`](https://github.com/tfticket/tfticket/tree/main/benchmarks/edge_popup).
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
from tfticket import supermasks, zoo

FULL_SIZE = False
SEED, DENSITY, BATCH_SIZE = 0, 0.5, 64
NUM_STEPS = 18_760 if FULL_SIZE else 300


def enlarged(split):
    """Digits of 8 x 8 pixels as images of 28 x 28."""
    x = split.x.repeat(3, axis=1).repeat(3, axis=2)
    return np.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0))), split.y


if FULL_SIZE:
    data = zoo.load_data("mnist", seed=SEED, download=HOSTED)
    train, test = (data.train.x, data.train.y), (data.test.x, data.test.y)
else:
    data = zoo.load_data("digits", seed=SEED)
    train, test = enlarged(data.train), enlarged(data.test)
train[0].shape, test[0].shape

# %% [markdown]
# ## The network, and its supermask
#
# `convert` makes a supermask model of any Sequential or functional model: Dense and convolutional
# layers get scores, everything else is frozen. The explanation's weight decay is an L2 penalty of
# the scores.

# %%
dense = zoo.conv_1200k(seed=SEED)
supermask = supermasks.convert(
    dense,
    masker=supermasks.EdgePopup(DENSITY),
    initializer="kaiming_normal",
    scores_regularizer=keras.regularizers.L2(0.5 * 5e-4),
    seed=SEED,
)
print("trained:", [weight.path for weight in supermask.trainable_weights])

# %%
learning_rate = 0.01 if FULL_SIZE else 0.1
rate = keras.optimizers.schedules.CosineDecay(learning_rate, NUM_STEPS)
supermask.compile(
    keras.optimizers.SGD(rate, momentum=0.9),
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
before = {w.path: w.numpy() for w in supermask.weights if w.path.endswith("/kernel")}
stream = zoo.batches(zoo.Split(*train), batch_size=BATCH_SIZE, num_steps=NUM_STEPS, seed=SEED)
log = tt.callbacks.SupermaskLog()
history = supermask.fit(
    stream,
    epochs=5,
    steps_per_epoch=NUM_STEPS // 5,
    validation_data=test,
    callbacks=[log],
    shuffle=False,
    verbose=0,
).history

# %% [markdown]
# Not one weight has moved, exactly half of them take part, and fewer and fewer change sides:

# %%
after = {w.path: w.numpy() for w in supermask.weights if w.path.endswith("/kernel")}
assert all(np.array_equal(before[path], after[path]) for path in before)
print("density after each epoch:", log.density)
print("fraction of the mask that changed:", [round(change, 4) for change in log.mask_change])

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 2.8), layout="constrained")
epochs = np.arange(1, 6)
left.plot(epochs, history["accuracy"], "o-", label="training")
left.plot(epochs, history["val_accuracy"], "s-", label="test")
left.set(xlabel="epoch", ylabel="accuracy", xticks=epochs)
left.legend(frameon=False)
right.plot(epochs, log.mask_change, "o-")
right.set(xlabel="epoch", ylabel="mask that changed", xticks=epochs)
plt.show()

# %% [markdown]
# ## What it looks like
#
# Scores of kept and of masked weights, and the first layer's kernels under their mask.

# %%
layers = [layer for layer in supermask.layers if hasattr(layer, "scores")]
figure, axes = plt.subplots(1, 3, figsize=(11, 2.8), layout="constrained")
for axis, layer in zip(axes, layers[1:3], strict=False):
    scores, kept = layer.scores.numpy(), layer.current_mask() != 0
    edges = np.linspace(-np.abs(scores).max(), np.abs(scores).max(), 61)
    axis.hist([scores[kept], scores[~kept]], edges, stacked=True, label=["kept", "masked"])
    axis.set(title=f"{layer.name}: scores", yticks=[])
axes[0].legend()
kernels = np.array(layers[0].masked_kernel())[:, :, 0]
padded = np.pad(kernels, ((0, 1), (0, 1), (0, 0)), constant_values=np.nan)
tiles = padded.reshape(4, 4, 4, 8).transpose(2, 0, 3, 1).reshape(16, 32)
limit = np.nanmax(np.abs(tiles))
image = axes[2].imshow(tiles, cmap="RdBu", vmin=-limit, vmax=limit)
figure.colorbar(image, ax=axes[2], location="bottom", shrink=0.6)
axes[2].set(title="conv_1: masked kernels", xticks=[], yticks=[])
plt.show()

# %% [markdown]
# ## Out of the supermask: a plain model, a ticket, and a file of seeds
#
# The plain model is ordinary Keras with zeros in it and computes the same. The weights need not be
# stored at all: they can be drawn again from their seed, so a bit per weight is enough.

# %%
plain, ticket = supermasks.to_plain(supermask)
difference = np.abs(np.array(plain(test[0][:64])) - np.array(supermask(test[0][:64]))).max()
print("largest difference of the outputs:", difference)
print(ticket.masks)

# %%
seeds = supermasks.SeedTicket.of(supermask)
seeds.save("supermask.safetensors")
print(seeds)

rebuilt = zoo.conv_1200k(seed=SEED + 1)  # other weights, all of them replaced
supermasks.SeedTicket.load("supermask.safetensors").rebuild(rebuilt)
assert all(
    np.array_equal(one, other)
    for one, other in zip(rebuilt.get_weights(), plain.get_weights(), strict=True)
)
