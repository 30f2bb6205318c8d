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
# # Synaptic flow: which score empties a layer first, and why
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/tfticket/tfticket/blob/main/notebooks/09_synflow_and_layer_collapse.ipynb)
#
# [Tanaka et al. 2020](https://arxiv.org/abs/2006.05467): pruning before training breaks down when a
# layer loses all its weights while others have plenty, *layer collapse*; SynFlow, which looks at no
# data, has scores that are positive, conserved from layer to layer, and taken again every round.
# Below five scores are driven to collapse, and the paper's open questions are tried.
#
# As committed: a small VGG, the embedded digits, seed 0, no further replicates, no accuracy worth
# quoting. `FULL_SIZE = True` has MNIST; figures for VGG-16 are in
# [`benchmarks/layer_collapse`](https://github.com/tfticket/tfticket/tree/main/benchmarks/layer_collapse).
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
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

import tfticket as tt
from tfticket import zoo
from tfticket.reports.collapse import CollapseComparison, plot_collapse
from tfticket.rewinding import capture, restore
from tfticket.scores import Saliency, SynFlow

FULL_SIZE = False
SEED, BATCH_SIZE = 0, 60
NUM_STEPS, ROUNDS, PER_DECADE = (2_000, 100, 4) if FULL_SIZE else (60, 20, 2)

name = "mnist" if FULL_SIZE else "digits"
data = zoo.load_data(name, seed=SEED, download=FULL_SIZE and HOSTED)
entry = zoo.get_model("vgg_small")
model = entry.compiled(seed=SEED, input_shape=data.input_shape, num_classes=data.num_classes)
few = (data.train.x[:100], data.train.y[:100])
evidence = tt.Evidence({}, batch=few, loss=model.loss, seed=SEED)
for path, weight in tt.weights.read(model).items():
    print(f"{path:15}{weight.size:7,} weights {weight.shape}")

# %% [markdown]
# ## Where each score collapses
#
# The untrained network is pruned to one compression after another, all layers ranked together:
# SynFlow in many rounds, the others at once, as in their papers. A line is what a layer keeps.

# %%
SCORES = ("synflow", "snip", "grasp", "magnitude", "random")
ratios = tt.collapse.compressions(model, PER_DECADE)
curves = tt.collapse.compare(
    model,
    SCORES,
    rounds={"synflow": ROUNDS},
    compression_ratios=ratios,
    evidence=evidence,
    check_flow=True,
)
print(CollapseComparison("vgg_small", SEED, tuple(curves)))
plot_collapse(curves, f"vgg_small on {data.name}, untrained")

# %% [markdown]
# ## What is conserved
#
# Of a network of rectifiers, `(∂R/∂w)·w` summed over the weights into a unit is what is summed over
# the weights out of it, whatever R is; so it sums to the same over each layer. SynFlow's R makes
# every term positive, so that small layers have large scores. SNIP's absolute values conserve none.

# %%
weights = tt.weights.read(model)
now = tt.Evidence(weights, batch=few, loss=model.loss, seed=SEED)
measured = {
    "SynFlow": SynFlow(biases=False)(model, now),
    "(∂L/∂w)·w, signed": Saliency(signed=True)(model, now),
    "SNIP": tt.scores.Snip()(model, now),
    "magnitude": tt.scores.Magnitude()(model, now),
}
sizes = np.array([w.size for w in weights.values()])
paths = [path.removesuffix("/kernel") for path in weights]
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
for (label, scores), mark in zip(measured.items(), "o^sD", strict=True):
    totals = np.array([score.sum() for score in scores.values()])
    (line,) = left.plot(paths, totals / totals[0], marker=mark, label=label)
    print(f"{label:18} largest layer total / smallest {totals.max() / totals.min():.3f}")
    if "signed" not in label:
        means = totals / sizes
        right.loglog(1 / sizes, means / means[0], mark, color=line.get_color(), label=label)
right.loglog(1 / sizes, sizes[0] / sizes, color="0.6", linewidth=1, label="in proportion")
left.set(title="total score of a layer, that of the first = 1", yscale="log")
left.tick_params(axis="x", rotation=45)
left.legend(frameon=False)
right.set(title="mean score of a layer", xlabel="1 / weights of the layer")
right.legend(frameon=False)
plt.show()

# %% [markdown]
# Unit by unit: what flows into each channel of `conv_5` and out of it, into `conv_6`. Below, the
# signed saliency summed over 3 × 3 pixels: columns on the left add up to rows on the right.

# %%
figure, axes = plt.subplots(2, 2, figsize=(9, 7.4), layout="constrained")
for axis, label in zip(axes[0], ("SynFlow", "(∂L/∂w)·w, signed"), strict=True):
    into = measured[label]["conv_5/kernel"].sum((0, 1, 2))
    out = measured[label]["conv_6/kernel"].sum((0, 1, 3))
    np.testing.assert_allclose(into, out, rtol=1e-3, atol=1e-4 * np.abs(out).max())
    axis.scatter(into, out, s=12)
    axis.axline((out[0], out[0]), slope=1, color="0.6", linewidth=1)
    axis.set(title=f"{label}: a dot is a channel", xlabel="into it", ylabel="out of it")
signed = measured["(∂L/∂w)·w, signed"]
for axis, layer in zip(axes[1], ("conv_5", "conv_6"), strict=True):
    table = signed[f"{layer}/kernel"].sum((0, 1))
    limit = np.abs(table).max()
    image = axis.imshow(table, cmap="RdBu", vmin=-limit, vmax=limit)
    axis.set(title=f"{layer}: (∂L/∂w)·w", xlabel="output channel", ylabel="input channel")
    figure.colorbar(image, ax=axis)
plt.show()

# %% [markdown]
# ## What is left after training, and the other way to fail
#
# The networks are trained after pruning, and their normalisation's statistics measured again. An
# open mark has an empty layer: it can only guess. A closed mark near it fails in another way.

# %%
initial = capture(model)
accuracies = {}
for ratio in (10, 10**1.5, 100):
    for score in SCORES:
        rounds = ROUNDS if score == "synflow" else 1
        ticket = tt.prune(
            model,
            score=score,
            scope="global",
            schedule=tt.schedules.Exponential(1 - 1 / ratio, rounds=rounds),
            evidence=evidence,
            on_collapse="ignore",
        )
        restore(model, initial)
        stream = zoo.batches(data.train, batch_size=BATCH_SIZE, num_steps=NUM_STEPS, seed=SEED)
        with tt.enforce(model, ticket.masks):
            model.fit(stream, shuffle=False, verbose=0)
        tt.slimming.reestimate_norms(model, list(stream.take(5)))
        accuracy = zoo.evaluate(model, data.validation)["accuracy"]
        collapsed = not all(ticket.masks.kept_per_path().values())
        accuracies.setdefault(score, []).append((ratio, accuracy, collapsed))
        restore(model, initial)

# %%
figure, axis = plt.subplots(figsize=(6, 3.6), layout="constrained")
for score, found in accuracies.items():
    (line,) = axis.semilogx([f[0] for f in found], [f[1] for f in found], label=score)
    for ratio, accuracy, collapsed in found:
        color = "white" if collapsed else line.get_color()
        axis.plot(ratio, accuracy, "o", color=line.get_color(), markerfacecolor=color)
axis.axhline(1 / data.num_classes, color="0.5", linestyle="--", linewidth=1, label="guessing")
axis.set(xlabel="compression ratio", ylabel="validation accuracy")
axis.set_ylim(0, 1)
figure.legend(frameon=False, loc="outside right upper")
plt.show()

# %% [markdown]
# ## The open questions
#
# A score needs a function R and nothing else. Each variant prunes on and on, in equal rounds; drawn
# is what is left of the layer that has least.
#
# - **Negative scores**: |S| of the loss, which is SNIP in rounds; S itself, largest kept; −S, which
#   keeps those whose absence would raise the loss most.
# - **Another R**: the sum of the outputs (SynFlow, if weights are absolute), one, their logarithms.
# - **Other inputs than ones**: the mean digit, and one pixel alone.
# - **Fewer rounds**: here, as in the paper, every compression is reached from the dense network.

# %%
positive = entry.compiled(seed=SEED, input_shape=data.input_shape, num_classes=data.num_classes)
tt.weights.write(positive, {p: np.abs(w) for p, w in tt.weights.read_all(positive).items()})
ones = np.ones((1, *data.input_shape), "float32")
mean_digit = data.train.x.mean(0, keepdims=True)
one_pixel = np.zeros_like(ones)
one_pixel[0, 4, 4] = 1


def negative_loss(targets, outputs):
    return -model.loss(targets, outputs)


negative = tt.Evidence({}, batch=few, loss=negative_loss, seed=SEED)


def pruned(network, score, evidence=evidence, ratio=ratios[-1]):
    """The masks after each round, down to a compression ratio; the maximal one by default."""
    after = []
    tt.prune(
        network,
        score=score,
        scope="global",
        schedule=tt.schedules.Exponential(1 - 1 / ratio, rounds=ROUNDS),
        evidence=evidence,
        on_collapse="ignore",
        on_round=lambda round_, masks: after.append(masks),
    )
    return after


def objective(x=ones, of=tf.reduce_sum):
    """R as something of the outputs, for these inputs."""
    return Saliency(lambda network, evidence: of(network(x, training=False)))


by_hand = pruned(positive, objective(), ratio=100)[-1]
synflow = pruned(model, SynFlow(), ratio=100)[-1]
difference = tt.masks.distance(by_hand, synflow)
print(f"SynFlow by hand differs on {difference:.2%} of the weights")
assert difference < 1e-3

# %%
questions = {
    "signs of the loss's saliency S": {
        "|S|": pruned(model, Saliency()),
        "S, largest kept": pruned(model, Saliency(signed=True)),
        "−S, largest kept": pruned(model, Saliency(signed=True), negative),
    },
    "objective R": {
        "Σ outputs, weights as they are": pruned(model, objective()),
        "Σ outputs, absolute weights": pruned(positive, objective()),
        "one output, absolute weights": pruned(positive, objective(of=lambda y: y[0, 0])),
        "Σ log outputs, absolute weights": pruned(
            positive, objective(of=lambda y: tf.reduce_sum(tf.math.log(y + 1e-30)))
        ),
    },
    "inputs, absolute weights": {
        "ones": pruned(positive, objective()),
        "the mean digit": pruned(positive, objective(mean_digit)),
        "one pixel": pruned(positive, objective(one_pixel)),
    },
}
lines = {
    question: {
        name: [(1 / masks.density, min(masks.kept_per_path().values())) for masks in after]
        for name, after in variants.items()
    }
    for question, variants in questions.items()
}
lines["SynFlow's rounds"] = {}
for rounds in (1, 3, ROUNDS):
    curve = tt.collapse.critical_compression(
        model, "synflow", rounds=rounds, compression_ratios=ratios
    )
    left = [min(kept.values()) for kept in curve.kept]
    lines["SynFlow's rounds"][str(rounds)] = list(zip(ratios, left, strict=True))

# %%
NOTHING = 0.5  # where 0 is drawn
figure, axes = plt.subplots(2, 2, figsize=(10, 7), sharex=True, sharey=True, layout="constrained")
for axis, (question, found) in zip(axes.flat, lines.items(), strict=True):
    for name, points in found.items():
        at, left = np.transpose(points)
        axis.loglog(at, np.maximum(left, NOTHING), marker=".", label=name)
    axis.axhline(NOTHING, color="0.5", linestyle="--", linewidth=1)
    axis.set_title(question)
    axis.legend(frameon=False, fontsize=9)
figure.supxlabel("compression ratio")
figure.supylabel("weights of the layer with fewest (dashed: none)")
plt.show()
