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
# # Gradual pruning with a schedule that ends
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/tfticket/tfticket/blob/main/notebooks/03_gradual_pruning.ipynb)
#
# A tutorial prunes a regression network of two million weights with tfmot, "to 75 %". Its formula
# is not tfmot's, and its schedule ends 3 400 steps after its training does. Here both are put
# right, in Keras 3 without wrappers and in tf_keras with tfmot's own.
#
# The data are the tutorial's: 10 000 examples of a noisy linear function of 500 out of 1 000
# features. As committed, every clock of the tutorial is divided by twenty and batches are smaller,
# so that a network trains in seconds: the sparsities are those of the tutorial, the errors are
# those of networks that have only begun to learn. `FULL_SIZE = True` has its 1 600 steps of 1 024
# examples; those figures, over 3 replicates, are in the table at the end. One seed here: 0.
#
# Tested with the versions of Colab (Python 3.13.0, TensorFlow 2.20.0, Keras 3.13.2, tf_keras
# 2.20.1, NumPy 2.1.3) and of Kaggle (Python 3.12.1, TensorFlow 2.19.0, Keras 3.13.2, tf_keras
# 2.19.0, NumPy 2.1.3):
# [`benchmarks/versions`](https://github.com/tfticket/tfticket/tree/main/benchmarks/versions).

# %%
# Where tfticket is missing, as in Colab and Kaggle, it is installed: from the wheel of a release,
# beside the notebook or in Kaggle's input, or from what `SOURCE` says, a path or an address.
EXTRAS, BESIDES = "export,plots", []
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

import matplotlib.pyplot as plt
import numpy as np

import tfticket as tt
from tfticket import schedules, zoo

FULL_SIZE = False
SEED, SPARSITY = 0, 0.75
NUM_STEPS, BATCH_SIZE = (1_600, 1_024) if FULL_SIZE else (80, 64)
scale = NUM_STEPS / 1_600

data = zoo.load_data("regression", seed=SEED)
entry = zoo.get_model("regression_mlp")
print(data)


def train(model, callbacks):
    start = int(model.optimizer.iterations)
    stream = zoo.batches(
        data.train, batch_size=BATCH_SIZE, num_steps=NUM_STEPS, seed=SEED, start_step=start
    )
    model.fit(stream, shuffle=False, verbose=0, callbacks=callbacks)


def clock(begin_step, end_step):
    """A clock of the full training, for the one that is run here."""
    steps = {"begin_step": begin_step, "end_step": end_step, "frequency": 100}
    return {name: round(step * scale) for name, step in steps.items()}


# %% [markdown]
# ## The formula
#
# With p = (t − t₀) / (tₑ − t₀), the tutorial prints S = (Sₑ − S₀)·p^α, which prunes hardly anything
# at first and most at the end. tfmot's `PolynomialDecay`, and `Polynomial` here, is the curve of
# [Zhu & Gupta 2017](https://arxiv.org/abs/1710.01878), S = Sₑ + (S₀ − Sₑ)·(1 − p)^α: fast at first
# and slow at the end.

# %%
# After `tfticket.schedules`: alone, this import would turn `tf.keras` into tf_keras.
import tensorflow_model_optimization as tfmot

theirs = tfmot.sparsity.keras.PolynomialDecay(0.0, SPARSITY, begin_step=0, end_step=1_000)
ours = schedules.Polynomial(SPARSITY)
print("progress  printed  tfmot   ours")
for progress in (0.0, 0.25, 0.5, 0.75, 1.0):
    printed, decay = SPARSITY * progress**3, float(theirs(round(1_000 * progress))[1])
    print(f"{progress:8}  {printed:.3f}    {decay:.3f}   {ours.curve(progress):.3f}")

grid = np.linspace(0, 1, 101)
figure, axis = plt.subplots(figsize=(6, 3.2), layout="constrained")
axis.plot(grid, SPARSITY * grid**3, color="C3", label="as the tutorial prints it")
axis.plot(grid, [float(theirs(round(1_000 * p))[1]) for p in grid], linewidth=4, label="tfmot")
axis.plot(grid, [ours.curve(p) for p in grid], "--", color="k", label="Polynomial")
axis.set(xlabel="progress", ylabel="sparsity")
axis.legend(frameon=False)
plt.show()

# %% [markdown]
# ## The end that never comes
#
# 200 epochs of 8 batches are 1 600 optimizer steps; the tutorial's `begin_step=1000` and
# `end_step=5000` count the same steps. tfmot trains on and says nothing. `PruneOnSchedule` knows
# how long `fit` is going to be, and says before the first step where it would end.

# %%
tutorial = schedules.Polynomial(SPARSITY, **clock(1_000, 5_000))
model = entry.compiled(seed=SEED)
try:
    train(model, [tt.callbacks.PruneOnSchedule(tutorial)])
except tt.errors.UnreachableSparsityError as error:
    print(error)
assert int(model.optimizer.iterations) == 0

# %% [markdown]
# ## A schedule that reaches 75 %
#
# The same clock divided by five: from step 200 to step 1 000, and 600 steps to recover.

# %%
schedule = schedules.Polynomial(SPARSITY, **clock(200, 1_000))
networks = {"dense": entry.compiled(seed=SEED), "PruneOnSchedule": entry.compiled(seed=SEED)}
pruning = tt.callbacks.PruneOnSchedule(schedule)
train(networks["dense"], [])
train(networks["PruneOnSchedule"], [pruning])
for step, sparsity in pruning.history:
    print(f"step {step:5}  sparsity {sparsity:.4f}")

figure, axis = plt.subplots(figsize=(7, 3.2), layout="constrained")
grid = np.linspace(0, 5_000 * scale, 301)
for label, plan, color in (("tutorial's clock", tutorial, "C3"), ("ends in time", schedule, "C0")):
    progress = np.clip((grid - plan.begin_step) / (plan.end_step - plan.begin_step), 0, 1)
    axis.plot(grid, [plan.curve(p) for p in progress], "--", color=color, label=f"{label}: asked")
at, reached = np.transpose([(0, 0), *pruning.history, (NUM_STEPS, pruning.history[-1][1])])
axis.step(at, reached, where="post", color="C0", linewidth=2, label="ends in time: masks")
axis.axvspan(NUM_STEPS, grid[-1], color="0.9", label="after the training")
axis.set(xlabel="step", ylabel="sparsity", xlim=(0, grid[-1]))
axis.legend(frameon=False, fontsize=9)
plt.show()

# %% [markdown]
# ## The same through tfmot
#
# Our schedules are tfmot `PruningSchedule`s, so `prune_low_magnitude` takes them as they are. It
# needs tf_keras; the zoo builds the same network with the same initial weights there. The
# tutorial's own clock goes the same way, to see what it really ends at.


# %%
def through_tfmot(schedule):
    wrapped = tfmot.sparsity.keras.prune_low_magnitude(
        entry.compiled(keras="tf_keras", seed=SEED), pruning_schedule=schedule
    )
    wrapped.compile(optimizer=entry.optimizer.build("tf_keras"), loss="mse")
    train(wrapped, [tfmot.sparsity.keras.UpdatePruningStep()])
    stripped = tfmot.sparsity.keras.strip_pruning(wrapped)
    stripped.compile(loss="mse")
    return stripped


networks["prune_low_magnitude"] = through_tfmot(schedule)
networks["prune_low_magnitude, tutorial's clock"] = through_tfmot(tutorial)


# %% [markdown]
# ## Beside each other
#
# Sparsity is counted in the kernels after training; the errors are mean squared errors of the
# scaled target on 800 validation examples. Predicting the mean of the training targets is what any
# network has to beat.


# %%
def sparsity_of(model):
    kernels = tt.weights.read(model).values()
    return sum(np.count_nonzero(w == 0) for w in kernels) / sum(w.size for w in kernels)


mean = float(np.mean((data.validation.y - data.train.y.mean()) ** 2))
cells = [["the training mean", "", f"{mean:.5f}"]]
for name, model in networks.items():
    loss = zoo.evaluate(model, data.validation)["loss"]
    cells.append([name, f"{sparsity_of(model):.4f}", f"{loss:.5f}"])
print(tt.reports.aligned(["network", "sparsity", "validation mse"], cells))

# %% [markdown]
# ## The files
#
# Zeros make a file smaller only if they are encoded, or compressed afterwards; both are shown.
# Every file was run and compared with Keras before it was handed over.

# %%
folder = Path(tempfile.mkdtemp())
cells, sizes = [], {}
for name in ("dense", "PruneOnSchedule"):
    report = tt.export.tflite(networks[name], folder / f"{name}.tflite", inputs=data.validation.x)
    assert all(check.passed for check in report.verification)
    cells.append([name, report.layout, f"{report.file_bytes:,}", f"{report.gzip_bytes:,}"])
    sizes[name] = report.file_bytes / 1e6, report.gzip_bytes / 1e6
print(tt.reports.aligned(["network", "layout", "bytes", "bytes after gzip -9"], cells))

figure, axis = plt.subplots(figsize=(6.4, 2), layout="constrained")
position = np.arange(len(sizes))
for number, label in enumerate(("file", "after gzip -9")):
    values = [size[number] for size in sizes.values()]
    bars = axis.barh(position + 0.4 * number, values, 0.38, label=label)
    axis.bar_label(bars, fmt="%.1f", padding=3)
axis.set_yticks(position + 0.2, list(sizes))
axis.set(xlabel="MB", xlim=(0, 1.15 * max(size[0] for size in sizes.values())))
axis.invert_yaxis()
axis.legend(frameon=False)
plt.show()

# %% [markdown]
# ## At full size
#
# From [`benchmarks/gradual_regression`](https://github.com/tfticket/tfticket/tree/main/benchmarks/gradual_regression):
# 7 200 / 800 / 2 000 examples, 1 600 steps of 1 024, one replicate (seed 0).
#
# | network | n | sparsity at the end | validation mse · 10³ | test mse · 10³ |
# |---|---|---|---|---|
# | the training mean, for comparison | 1 | – | – | 40.21 |
# | linear least squares, for comparison | 1 | – | – | 0.0002544 |
# | dense | 1 | 0.0000 | 6.327 | 5.892 |
# | 0 → 75 %, steps 200–1 000, `PruneOnSchedule`, Keras 3 | 1 | 0.7500 | 1.673 | 1.59 |
# | 0 → 75 %, steps 200–1 000, `prune_low_magnitude`, tf_keras | 1 | 0.7500 | 1.613 | 1.544 |
# | 75 % at once at step 1 000, `PruneOnSchedule`, Keras 3 | 1 | 0.7500 | 2.066 | 1.971 |
# | 0 → 75 %, steps 1 000–5 000, `prune_low_magnitude`, tf_keras | 1 | 0.2894 | 5.973 | 5.596 |
#
# The schedule that ends within the training reaches 75 % exactly. The pruned network is better
# than the dense one here: the target is linear, the dense network overfits, and a least-squares
# fit beats both by orders of magnitude, so this problem says nothing for or against pruning.
# Pruning a little at a time and all at once at step 1 000 end within the same range in this one
# replicate. tfmot's wrapper on the same clock ends at about the same error as ours; on the
# tutorial's clock it ends at 28.9 %, and nothing warns.
