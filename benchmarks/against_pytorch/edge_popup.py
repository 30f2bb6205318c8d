"""Edge-popup's training step beside the same step in eager PyTorch: images per second.

The 1 199 648-weight network of edge-popup's MNIST example, half of the weights kept, batches of 64,
SGD with momentum and weight decay, one thread (`--threads 2` for two). PyTorch's sides are the
original's design, which sorts all scores in every step, the same with `kthvalue` in its place, and
the network without scores; ours are the supermask and the plain network, in each Keras. Each side
has a process of its own; they take turns. Agreement is that of one forward and backward pass on the
same numbers.

    pip install torch
    python benchmarks/against_pytorch/edge_popup.py

adds a run to `edge_popup.json` beside this file.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import warnings
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks` lies

import numpy as np
import workers

from benchmarks import records
from benchmarks.masked_step import pairs

HERE = Path(__file__).parent
BATCH, DENSITY = 64, 0.5
SIDES = (
    *("keras supermask", "keras plain", "tf_keras supermask", "tf_keras plain"),
    *("torch sort", "torch kthvalue", "torch plain"),
)


def examples(count: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.random((count, 28, 28, 1), dtype=np.float32), rng.integers(0, 10, count)


def keras_model(keras: str, kind: str):
    from tfticket import supermasks, zoo

    model = zoo.get_model("conv_1200k").build(keras=keras, seed=0)
    if kind == "plain":
        return model
    return supermasks.convert(model, masker=supermasks.EdgePopup(DENSITY))


def keras_work(keras: str, kind: str, steps: int):
    import tensorflow as tf

    from tfticket import _keras

    k = _keras.module(keras)
    model = keras_model(keras, kind)
    loss = k.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(k.optimizers.SGD(0.01, 0.9, weight_decay=5e-4), loss, jit_compile=False)
    data = tf.data.Dataset.from_tensor_slices(examples(BATCH * steps)).batch(BATCH).cache()
    return lambda: model.fit(data, verbose=0, shuffle=False)


def torch_layers(kind: str):
    """Convolution and dense layers over given kernels, their masks found as `kind` says."""
    import torch

    class Mask(torch.autograd.Function):
        @staticmethod
        def forward(ctx, scores):
            num_masked = scores.numel() - round(scores.numel() * DENSITY)
            if kind == "kthvalue":
                return (scores > torch.kthvalue(scores.flatten(), num_masked).values).float()
            mask = torch.ones_like(scores)
            mask.view(-1)[scores.flatten().sort().indices[:num_masked]] = 0
            return mask

        @staticmethod
        def backward(ctx, gradient):
            return gradient

    class Layer(torch.nn.Module):
        def __init__(self, kernel, scores):
            super().__init__()
            self.weight = torch.nn.Parameter(kernel, requires_grad=kind == "plain")
            self.scores = None if kind == "plain" else torch.nn.Parameter(scores)

        def masked(self):
            if self.scores is None:
                return self.weight
            return self.weight * Mask.apply(self.scores.abs())

        def forward(self, x):
            functional = torch.nn.functional
            operation = functional.conv2d if self.weight.ndim == 4 else functional.linear
            return operation(x, self.masked())

    return Layer


def torch_model(kind: str, dropout: bool = True):
    """The network with the kernels and scores of ours."""
    import torch
    from torch import nn

    from tfticket import _keras

    ours = keras_model("keras", "supermask")
    layer = torch_layers(kind)
    made = []
    for one in (layer_ for layer_ in ours.layers if hasattr(layer_, "scores")):
        pair = [_keras.to_numpy(one.kernel), _keras.to_numpy(one.scores)]
        if one.name == "dense_1":  # flattened by rows there, by channels here
            pair = [a.reshape(12, 12, 64, 128).transpose(2, 0, 1, 3).reshape(-1, 128) for a in pair]
        turned = [a.transpose(3, 2, 0, 1) if a.ndim == 4 else a.T for a in pair]
        made.append(layer(*(torch.tensor(np.ascontiguousarray(a)) for a in turned)))
    conv_1, conv_2, dense, output = made
    drop = [nn.Dropout2d(0.25), nn.Dropout(0.5)] if dropout else [nn.Identity()] * 2
    return nn.Sequential(
        *(conv_1, nn.ReLU(), conv_2, nn.MaxPool2d(2), drop[0], nn.Flatten()),
        *(dense, nn.ReLU(), drop[1], output),
    )


def torch_work(kind: str, steps: int):
    import torch

    model = torch_model(kind)
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(trained, 0.01, 0.9, weight_decay=5e-4)
    x, y = examples(BATCH * steps)
    x_, y_ = torch.tensor((x - 0.1307) / 0.3081).permute(0, 3, 1, 2).contiguous(), torch.tensor(y)

    def work():
        for start in range(0, BATCH * steps, BATCH):
            optimizer.zero_grad()
            logits = model(x_[start : start + BATCH])
            torch.nn.functional.cross_entropy(logits, y_[start : start + BATCH]).backward()
            optimizer.step()

    return work


def agreement() -> dict:
    """One pass without dropout over the same numbers: masks, loss, gradients of the scores."""
    import tensorflow as tf
    import torch

    from tfticket import _keras

    theirs = torch_model("sort", dropout=False)
    x, y = examples(BATCH)
    scaled = torch.tensor((x - 0.1307) / 0.3081).permute(0, 3, 1, 2).contiguous()
    loss = torch.nn.functional.cross_entropy(theirs(scaled), torch.tensor(y))
    loss.backward()
    found = {}
    for keras in ("keras", "tf_keras"):
        model = keras_model(keras, "supermask")
        own = [layer for layer in model.layers if hasattr(layer, "scores")]
        with tf.GradientTape() as tape:
            logits = model(x, training=False)
            value = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, logits))
        gradients = tape.gradient(value, [_keras.native(layer.scores) for layer in own])
        differing, largest = 0, 0.0
        for layer, gradient, other in zip(
            own, gradients, (m for m in theirs if hasattr(m, "scores")), strict=True
        ):
            mask, slope = (as_ours(layer.name, t) for t in (other.masked() != 0, other.scores.grad))
            differing += int((mask != (layer.current_mask() != 0)).sum())
            scale = np.abs(slope).max()
            largest = max(largest, float(np.abs(gradient.numpy() - slope).max() / scale))
        found[keras] = {
            "differing_mask_entries": differing,
            "loss_relative_difference": abs(float(value) - loss.item()) / loss.item(),
            "largest_gradient_difference_by_the_layers_largest": largest,
        }
    return found


def as_ours(name: str, tensor) -> np.ndarray:
    array = tensor.detach().numpy()
    if array.ndim == 4:
        return array.transpose(2, 3, 1, 0)
    if name == "dense_1":
        return array.T.reshape(64, 12, 12, 128).transpose(1, 2, 0, 3).reshape(-1, 128)
    return array.T


def speed(steps: int, turns: int, count: int) -> dict:
    sides = {s: workers.Worker(__file__, s, str(steps), str(count)) for s in SIDES}
    timings = {s: t[1:] for s, t in workers.in_turn(sides, turns).items()}
    kind = "cpu" if count == 1 else "wall"

    def ratio(first: str, second: str) -> dict[str, float]:
        return pairs.ratio(*([t[kind] for t in timings[side]] for side in (first, second)))

    images = {s: BATCH * steps / statistics.median(x["wall"] for x in timings[s]) for s in SIDES}
    return {
        "threads": count,
        "pairs": turns,
        "ratios_are_of": f"{kind} time, medians with 95 % intervals",
        "images_per_second": {s: round(n) for s, n in images.items()},
        **{
            keras: {
                "times_as_fast_as_torch_sort": ratio("torch sort", f"{keras} supermask"),
                "times_as_fast_as_torch_kthvalue": ratio("torch kthvalue", f"{keras} supermask"),
                "step_by_plain_step": ratio(f"{keras} supermask", f"{keras} plain"),
                "plain_step_times_as_fast_as_torch_sort": ratio("torch sort", f"{keras} plain"),
            }
            for keras in ("keras", "tf_keras")
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=6, help="of a turn")
    parser.add_argument("--turns", type=int, default=40)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--serve", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    if args.serve:
        (library, kind), steps, count = args.serve[0].split(), *map(int, args.serve[1:])
        workers.threads(count, torch=library == "torch")
        own = torch_work(kind, steps) if library == "torch" else keras_work(library, kind, steps)
        return workers.serve(own)
    path = HERE / "edge_popup.json"
    found = records.read(path) if path.exists() else {"agreement": agreement()}
    number = 1 + sum(key.startswith(f"{args.threads} threads") for key in found)
    found[f"{args.threads} threads, run {number}"] = speed(args.steps, args.turns, args.threads)
    records.write(path, found, seeds=[0], data=[], resumes=True)
    print(json.dumps(found, indent=2))
    return None


if __name__ == "__main__":
    main()
